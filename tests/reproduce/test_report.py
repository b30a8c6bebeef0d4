"""The report: complete, self-contained, honest about what has not run, never overwritten."""

import json
import re
import time

import pytest

from cep_core.check.verdicts import Check, Verdict
from reproduce.report.assemble import REQUIRED, gather, write_report
from reproduce.report.provenance import provenance
from reproduce.stages import write_stage

CHECK = Check("a/check", "Δ follows −∇", Verdict.PASS, {"order": 1.0, "files": ["x"]}, "by order")


def leave(stages, name, *, verdict=Verdict.PASS, details=None):
    check = Check(f"{name}/check", "Δ follows −∇ <b>", verdict, {"order": 0.99}, "by order")
    write_stage(
        stages / name, stage=name, checks=[check], started=time.monotonic(), details=details
    )


@pytest.fixture
def stages(tmp_path):
    folder = tmp_path / "stages"
    leave(folder, "verify", details={"seed": 3})
    return folder


def test_a_report_is_a_page_two_json_files_and_a_verdict(stages, tmp_path):
    folder, verdict = write_report(stages, tmp_path / "reports", "1.2.3")
    assert folder == tmp_path / "reports" / "1.2.3"
    assert verdict is Verdict.NOT_RUN
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["seeds"] == [3]
    assert set(manifest["wall_seconds"]) == {"verify"}
    assert manifest["packages"]["torch"]
    verdicts = json.loads((folder / "verdicts.json").read_text())
    assert verdicts["stages"]["verify"] == "pass"
    assert verdicts["stages"]["theory"] == "not run"
    assert verdicts["checks"]["verify"][0]["numbers"] == {"order": 0.99}
    page = (folder / "report.html").read_text()
    assert page.count("This stage has not run") == 6
    assert "derivation" in verdicts["stages"]
    assert "Δ follows −∇ &lt;b&gt;" in page


def test_the_page_needs_no_other_file_and_no_network(stages, tmp_path):
    folder, _ = write_report(stages, tmp_path / "reports", "1")
    page = (folder / "report.html").read_text()
    sources = re.findall(r'(?:src|href)="([^"#]+)"', page)
    loaded = re.findall(r'src="([^"]+)"', page)
    assert all(source.startswith("data:") for source in loaded)
    assert not [s for s in sources if s.startswith(("http", "//", "file"))]
    assert "<script" not in page
    assert "@import" not in page


def test_no_report_is_ever_overwritten(stages, tmp_path):
    reports = tmp_path / "reports"
    first, _ = write_report(stages, reports)
    before = (first / "manifest.json").read_bytes()
    second, _ = write_report(stages, reports)
    assert second.name == first.name + ".2"
    assert (first / "manifest.json").read_bytes() == before
    write_report(stages, reports, "mine")
    with pytest.raises(ValueError, match=r"mine: expected no such report yet; choose another"):
        write_report(stages, reports, "mine")


def test_a_failed_report_leaves_nothing_behind(stages, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "reproduce.report.assemble._page", lambda *_: (_ for _ in ()).throw(RuntimeError("broken"))
    )
    with pytest.raises(RuntimeError, match="broken"):
        write_report(stages, tmp_path / "reports", "1")
    assert not list((tmp_path / "reports").iterdir())


@pytest.mark.parametrize(
    ("stage", "verdict", "expected"),
    [
        ("verify", Verdict.FAIL, Verdict.FAIL),
        ("theory", Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE),
        ("benchmarks", Verdict.FAIL, Verdict.FAIL),
        (None, None, Verdict.PASS),
    ],
)
def test_the_verdict_is_the_worst_of_what_ran(tmp_path, stage, verdict, expected):
    for name in REQUIRED:
        leave(tmp_path, name)
    if stage:
        leave(tmp_path, stage, verdict=verdict)
    assert gather(tmp_path).verdict is expected


def test_a_required_stage_that_has_not_run_is_not_a_pass(tmp_path):
    for name in REQUIRED[1:]:
        leave(tmp_path, name)
    assert gather(tmp_path).verdict is Verdict.NOT_RUN


def test_without_any_stage_there_is_no_report(tmp_path):
    with pytest.raises(ValueError, match="expected the folders of the main job's stages, found no"):
        write_report(tmp_path / "nothing", tmp_path / "reports")


def test_a_broken_stage_is_named(stages, tmp_path):
    (stages / "table").mkdir()
    (stages / "table" / "stage.json").write_text('{"stage": ')
    with pytest.raises(ValueError, match=r"table.stage\.json: expected the JSON of a stage"):
        write_report(stages, tmp_path / "reports")
    (stages / "table" / "stage.json").write_text("[]")
    with pytest.raises(ValueError, match="expected fields stage, verdict and checks"):
        write_report(stages, tmp_path / "reports")


def test_a_broken_record_of_the_proof_is_named(stages, tmp_path):
    (stages / "proof").mkdir()
    (stages / "proof" / "proof.json").write_text('{"verdict": "fine", "theorems": []}')
    with pytest.raises(ValueError, match=r"proof\.json: expected what the check of the proof"):
        write_report(stages, tmp_path / "reports")


def test_provenance_says_what_ran_where():
    found = provenance()
    assert found["processor"]
    assert found["cores"] >= 1
    assert found["python"].count(".") == 2
    assert found["tree_is_clean"] in {True, False, None}
    assert {"numpy", "torch"} <= found["packages"].keys()
