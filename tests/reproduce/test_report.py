"""The report: complete, self-contained, honest about what has not run, never overwritten."""

import json
import os
import re
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from cep_core import provenance as code
from cep_core.check.record import Begun
from cep_core.check.verdicts import Check, Verdict
from cep_core.runs.provenance import provenance_of_code
from reproduce import regress
from reproduce.report import standing
from reproduce.report.assemble import gather, write_report
from reproduce.report.provenance import provenance
from reproduce.report.sections import sections
from reproduce.report.standing import EXPECTED, OPTIONAL, REQUIRED
from reproduce.stages import begin, read_stage, write_stage

DETAILS = {
    "theory": {"rows": [], "titles": {}},
    "figures": {"notebooks": []},
    "table": {
        "label": "quick",
        "judged": "all",
        "rows": [],
        "tier": "quick",
        "data": {"provenance": "digits", "train": 1, "test": 1},
    },
    "trainings": {
        "margin": 0.28,
        "last": 5,
        "published_source": "p",
        "rows": [],
        "claims": [],
        "findings": [],
        "others": [],
        "figures": [],
    },
    "homeostasis": {"reduced": [], "training": [], "figures": []},
    "benchmarks": {"processor": "p", "clock": "c", "quick": True, "rows": [], "plots": []},
}


@pytest.fixture(autouse=True)
def few_parts(monkeypatch):
    """Every stage has one expected part."""
    names = (*REQUIRED, *OPTIONAL)
    one = {name: lambda name=name: [f"{name}/check"] for name in names}
    monkeypatch.setattr(standing, "EXPECTED", one)


def leave(stages, name, *, verdict=Verdict.PASS, details=None, begun=None, **record):
    check = Check(f"{name}/check", "Δ follows −∇ <b>", verdict, {"order": 0.99}, "by order")
    details = DETAILS.get(name, {}) | (details or {})
    begun = begun or begin(Path(__file__))
    write_stage(stages / name, stage=name, checks=[check], begun=begun, details=details, **record)


def change(stages, name, **fields):
    path = stages / name / "stage.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


@pytest.fixture
def stages(tmp_path):
    folder = tmp_path / "stages"
    leave(folder, "verify", details={"seed": 3})
    return folder


@pytest.fixture
def whole(tmp_path):
    """Every required stage, all of it, of this code."""
    for name in REQUIRED:
        leave(tmp_path / "whole", name)
    return tmp_path / "whole"


def test_a_report_is_a_page_two_json_files_and_a_verdict(stages, tmp_path):
    folder, word, _ = write_report(stages, tmp_path / "reports", "1.2.3")
    assert folder == tmp_path / "reports" / "1.2.3"
    assert word == "not run"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["seeds"] == [3]
    assert set(manifest["wall_seconds"]) == {"verify"}
    assert manifest["packages"]["torch"]
    assert manifest["stages"]["verify"]["ran"]
    verdicts = json.loads((folder / "verdicts.json").read_text())
    assert verdicts["stages"]["verify"] == "pass"
    assert verdicts["stages"]["theory"] == "not run"
    assert verdicts["checks"]["verify"][0]["numbers"] == {"order": 0.99}
    page = (folder / "report.html").read_text()
    assert page.count("This stage has not run") == sum(
        section.stage not in {"", "verify"} for section in sections().values()
    )
    assert "derivation" in verdicts["stages"]
    assert "Δ follows −∇ &lt;b&gt;" in page


def test_the_page_needs_no_other_file_and_no_network(stages, tmp_path):
    folder = write_report(stages, tmp_path / "reports", "1").folder
    page = (folder / "report.html").read_text()
    sources = re.findall(r'(?:src|href)="([^"#]+)"', page)
    loaded = re.findall(r'src="([^"]+)"', page)
    assert all(source.startswith("data:") for source in loaded)
    assert not [s for s in sources if s.startswith(("http", "//", "file"))]
    assert "<script" not in page
    assert "@import" not in page


def test_no_report_is_ever_overwritten(stages, tmp_path):
    reports = tmp_path / "reports"
    first = write_report(stages, reports).folder
    before = (first / "manifest.json").read_bytes()
    second = write_report(stages, reports).folder
    assert second.name == first.name + ".2"
    assert (first / "manifest.json").read_bytes() == before
    write_report(stages, reports, "mine")
    with pytest.raises(ValueError, match=r"mine: expected no such report yet; choose another"):
        write_report(stages, reports, "mine")


def test_reports_written_at_once_take_a_number_each(stages, tmp_path):
    found = []
    barrier = threading.Barrier(4)

    def write():
        barrier.wait()
        found.append(write_report(stages, tmp_path / "reports").folder.name)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 4
    assert {path.name for path in (tmp_path / "reports").iterdir()} == set(found)
    for path in (tmp_path / "reports").iterdir():
        assert json.loads((path / "manifest.json").read_text())["label"] == path.name


@pytest.mark.parametrize("label", ["../x", "/tmp/x", "", ".", "..", ".hidden", "a/b", "a\nb"])
def test_a_label_is_a_plain_name(stages, tmp_path, label):
    with pytest.raises(ValueError, match="--label: expected a name of letters, digits"):
        write_report(stages, tmp_path / "reports", label)
    assert not list((tmp_path / "reports").iterdir())


def test_nothing_is_written_through_a_symbolic_link(stages, tmp_path):
    reports, outside = tmp_path / "reports", tmp_path / "outside"
    reports.mkdir()
    (reports / "mine").symlink_to(outside)
    with pytest.raises(ValueError, match="mine: expected no such report yet"):
        write_report(stages, reports, "mine")
    assert not outside.exists()
    (tmp_path / "dangling").symlink_to(outside)
    with pytest.raises(ValueError, match=r"dangling: expected .* a symbolic link that leads nowh"):
        write_report(stages, tmp_path / "dangling", "mine")


def test_a_failed_report_leaves_nothing_behind(stages, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "reproduce.report.assemble.page", lambda *_: (_ for _ in ()).throw(RuntimeError("broken"))
    )
    with pytest.raises(RuntimeError, match="broken"):
        write_report(stages, tmp_path / "reports", "1")
    assert not list((tmp_path / "reports").iterdir())


def test_the_modes_of_a_report_are_those_that_the_user_asks_for(whole, tmp_path):
    before = os.umask(0o027)
    try:
        folder = write_report(whole, tmp_path / "reports").folder
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()}
    assert modes == {0o640}
    assert folder.stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize(
    ("stage", "verdict", "expected"),
    [
        ("verify", Verdict.FAIL, "fail"),
        ("theory", Verdict.INCONCLUSIVE, "inconclusive"),
        ("benchmarks", Verdict.FAIL, "fail"),
        (None, None, "pass"),
    ],
)
def test_the_verdict_is_the_worst_of_what_ran(whole, stage, verdict, expected):
    if stage:
        leave(whole, stage, verdict=verdict)
    assert gather(whole).word == expected


@pytest.mark.parametrize("name", REQUIRED)
def test_a_required_stage_that_has_not_run_is_not_a_pass(whole, name):
    (whole / name / "stage.json").unlink()
    assert gather(whole).word == "not run"


@pytest.mark.parametrize("name", REQUIRED)
def test_a_part_that_is_missing_is_listed_as_not_run(whole, tmp_path, name):
    change(whole, name, checks=[])
    folder, word, _ = write_report(whole, tmp_path / "reports")
    assert word == "not run"
    (check,) = json.loads((folder / "verdicts.json").read_text())["checks"][name]
    assert (check["name"], check["verdict"]) == (f"{name}/check", "not run")


def test_a_summary_is_not_believed_over_its_checks(whole):
    leave(whole, "verify", verdict=Verdict.FAIL)
    change(whole, "verify", verdict="pass")
    assert gather(whole).word == "fail"


def test_a_folder_holds_the_stage_that_it_is_called(whole):
    (whole / "verify" / "stage.json").write_bytes((whole / "theory" / "stage.json").read_bytes())
    with pytest.raises(ValueError, match=r"verify.stage.json: stage: expected 'verify', as its fo"):
        gather(whole)


def test_a_stage_whose_sources_changed_is_stale_by_name(whole, tmp_path, monkeypatch):
    begun = begin(Path(__file__))
    name = next(iter(begun.code["sources"]))
    sources = begun.code["sources"] | {name: "0" * 64}
    leave(whole, "theory", begun=replace(begun, code=begun.code | {"sources": sources}))
    folder, word, notes = write_report(whole, tmp_path / "reports")
    assert word == "stale"
    assert notes == [f"theory is stale: changed since it ran: {name}"]
    assert json.loads((folder / "verdicts.json").read_text())["stages"]["theory"] == "stale"
    assert f"Changed since it ran: {name}" in (folder / "report.html").read_text()


def test_code_that_changes_after_a_stage_makes_it_stale(tmp_path, monkeypatch):
    """The attack: stages computed, sources changed and committed, a report of the new commit."""
    monkeypatch.setattr(code, "ROOT", tmp_path)
    source = tmp_path / "theory" / "rule.py"
    source.parent.mkdir()
    source.write_text("sign = 1\n")
    for name in REQUIRED:
        leave(tmp_path / "stages", name, begun=begin(source))
    assert gather(tmp_path / "stages").word == "pass"
    source.write_text("sign = -1\n")
    assert gather(tmp_path / "stages").word == "stale"
    source.unlink()
    assert gather(tmp_path / "stages").word == "stale"


def test_a_record_that_does_not_name_its_code_is_stale(whole):
    leave(whole, "figures", begun=Begun({}))
    assert gather(whole).notes() == ["figures is stale: its record does not say which code it ran"]


def test_a_comparison_with_other_results_is_stale(whole):
    digest = regress.sha256(whole / "figures" / "stage.json")
    leave(whole, "regression", inputs={"figures/stage.json": digest})
    assert gather(whole).word == "pass"
    leave(whole, "figures", details={"again": True})
    assert gather(whole).notes() == [
        "regression is stale: it compared others than there are now: figures/stage.json"
    ]


@pytest.mark.parametrize(
    ("codes", "stale"),
    [
        ([provenance_of_code()], False),
        ([provenance_of_code() | {"commit": "earlier, same sources"}], False),
        ([provenance_of_code(), {"commit": "abcdefgh", "sources_sha256": "0"}], True),
        ([None], True),
        ([], True),
    ],
)
def test_a_run_of_other_code_makes_the_table_stale_by_name(whole, codes, stale):
    run = {"seed": 4, "code": codes}
    leave(whole, "table", details={"rows": [{"row": "EP-1h", "nudge": "outside", "runs": [run]}]})
    found = gather(whole)
    assert found.word == ("stale" if stale else "pass")
    assert all(
        "table is stale: trained by other code: EP-1h, nudge outside, seed 4 (commit" in note
        for note in found.notes()
    )


def test_a_selection_is_partial_by_name(whole):
    leave(whole, "figures", selection={"only": ["fig-08-09"]})
    found = gather(whole)
    assert found.word == "partial"
    assert found.notes() == ["figures is partial: only: fig-08-09"]


def test_a_quick_table_is_no_full_one(whole):
    leave(whole, "table")
    (whole / "table-full").mkdir()
    full = (whole / "table" / "stage.json").read_text().replace("table/check", "table-full/check")
    (whole / "table-full" / "stage.json").write_text(full)
    assert gather(whole).notes() == ["table-full is partial: tier: quick"]


def test_files_that_a_stage_left_are_copied_and_no_others(whole, tmp_path):
    folder = whole / "figures"
    (folder / ".fig-08-killed").mkdir()
    (folder / ".fig-08-killed" / "fig.csv").write_bytes(b"half")
    (folder / "old.csv").write_bytes(b"old")
    (folder / "fig.csv").write_bytes(b"drawn")
    leave(whole, "figures", files=["fig.csv"])
    report = write_report(whole, tmp_path / "reports").folder
    assert [path.name for path in (report / "figures").rglob("*")] == ["fig.csv"]
    (folder / "fig.csv").write_bytes(b"another")
    report, word, notes = write_report(whole, tmp_path / "reports")
    assert word == "stale"
    assert notes == ["figures is stale: not, or no longer, what it left: fig.csv"]
    assert not (report / "figures").exists()


@pytest.mark.parametrize("name", ["../../secret.csv", "link.csv"])
def test_nothing_outside_a_stage_is_read(whole, tmp_path, name):
    secret = tmp_path / "secret.csv"
    secret.write_bytes(b"secret")
    (whole / "figures" / "link.csv").symlink_to(secret)
    change(whole, "figures", files={name: regress.sha256(secret)})
    report, word, _ = write_report(whole, tmp_path / "reports")
    assert word == "stale"
    assert not [p for p in report.rglob("*") if p.is_file() and p.read_bytes() == b"secret"]
    assert not (report.parent / "secret.csv").exists()


def test_a_name_from_a_record_is_never_imported(whole, tmp_path):
    module = tmp_path / "planted.py"
    module.write_text("raise SystemExit('imported')")
    row = {"statement": "../planted", "verdict": "pass"}
    change(whole, "theory", details={"rows": [row], "titles": {}})
    with pytest.raises(ValueError, match=r"theory: details: expected what this version writes"):
        write_report(whole, tmp_path / "reports")


def test_details_of_another_version_are_a_notice_where_the_stage_is_stale(whole, tmp_path):
    change(whole, "theory", details={"rows": [{}]}, code={})
    report, word, _ = write_report(whole, tmp_path / "reports")
    assert word == "stale"
    assert "What this stage left cannot be shown" in (report / "report.html").read_text()


def test_without_any_stage_there_is_no_report(tmp_path):
    with pytest.raises(ValueError, match="expected the folders of the main job's stages, found no"):
        write_report(tmp_path / "nothing", tmp_path / "reports")


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ('{"stage": ', r"expected JSON, found: Expecting value"),
        ("[]", "contents: expected a table, found"),
        ("[" * 99_999, "found: tables nested too deeply"),
        ("[" * 200 + "]" * 200, "found: tables nested too deeply"),
        ('{"stage": "table", "checks": []}', "seconds: expected a number from 0 .*, found none"),
        ('{"stage": "table", "seconds": NaN, "checks": []}', "found: NaN, which is not JSON"),
        ('{"stage": "table", "seconds": 1e999, "checks": []}', "found: 1e999, which is not JSON"),
        ('{"stage": "table", "seconds": 1, "checks": [3]}', "checks: expected a list .* a table"),
        ('{"stage": "table", "seconds": 1, "checks": [{}]}', r"checks\[0\].name: expected a text"),
        ('{"stage": "' + "9" * 5000 + '"', "expected JSON, found"),
    ],
)
def test_a_broken_stage_is_named(stages, tmp_path, contents, message):
    (stages / "table").mkdir()
    (stages / "table" / "stage.json").write_text(contents)
    with pytest.raises(ValueError, match=rf"table.stage\.json: .*{message}"):
        write_report(stages, tmp_path / "reports")
    assert not (tmp_path / "reports").exists()


def test_a_broken_record_of_the_proof_is_named(stages, tmp_path):
    (stages / "proof").mkdir()
    (stages / "proof" / "proof.json").write_text('{"verdict": "fine", "theorems": []}')
    with pytest.raises(ValueError, match=r"proof\.json: verdict: expected one of .*'fine'"):
        write_report(stages, tmp_path / "reports")


def test_a_fifo_or_a_dangling_link_in_place_of_a_record_is_refused(stages):
    (stages / "table").mkdir()
    os.mkfifo(stages / "table" / "stage.json")
    with pytest.raises(ValueError, match="expected a JSON file, found a FIFO"):
        read_stage(stages / "table")
    (stages / "theory").mkdir()
    (stages / "theory" / "stage.json").symlink_to("nowhere")
    with pytest.raises(ValueError, match="found a symbolic link that leads nowhere"):
        read_stage(stages / "theory")


def test_provenance_says_what_ran_where():
    found = provenance()
    assert found["processor"]
    assert found["cores"] >= 1
    assert found["python"].count(".") == 2
    assert found["tree_is_clean"] in {True, False, None}
    assert {"numpy", "torch"} <= found["packages"].keys()


def test_no_part_with_a_baseline_is_dispensable():
    for name in ("theory", "verify"):
        baseline = yaml.safe_load((regress.BASELINES / f"verdicts-{name}.yml").read_text("utf-8"))
        assert set(EXPECTED[name]()) >= set(baseline)


def test_every_stage_expects_parts_by_the_names_of_checks():
    for name in ("derivation", "figures", "table", "table-full", "regression", "proof"):
        parts = EXPECTED[name]()
        assert parts
        assert all(part.startswith(f"{name.removesuffix('-full')}/") for part in parts)
