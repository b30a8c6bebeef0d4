"""The regression stage: what it compares, what it answers, what it never does by itself."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from cep_core.check.verdicts import Check, Verdict
from reproduce.baselines import table_difference, table_frame
from reproduce.figures.kinds import read_figures
from reproduce.figures.orders import logarithms
from reproduce.figures.processes import PROCESS_TOLERANCE, normalised_processes
from reproduce.regress import BASELINES, StageOutputs, command, plotted_files, regress
from reproduce.stages import begin, write_stage

NAME = "error-kappa"


def verify_stage(folder, **changed):
    baseline = yaml.safe_load((BASELINES / "verdicts-verify.yml").read_text(encoding="utf-8"))
    checks = [Check(name, name, Verdict(v)) for name, v in (baseline | changed).items()]
    write_stage(folder / "verify", stage="verify", checks=checks, begun=begin(Path(__file__)))


def small_figure(monkeypatch, tmp_path, change=lambda frame: frame, *, left=True):
    """One figure on a small network as the only baseline, and a stage that left it, changed."""
    baselines = tmp_path / "stage_outputs"
    baselines.mkdir()
    shutil.copy(BASELINES / "error-kappa.csv", baselines)
    monkeypatch.setattr("reproduce.regress.begin", lambda *_: begin(Path(__file__)))
    monkeypatch.setattr("reproduce.regress.COMPARED", ("figures",))
    monkeypatch.setattr("reproduce.regress.plotted_files", lambda _: {NAME: NAME})
    stored = pd.read_csv(BASELINES / "error-kappa.csv", index_col=0)
    scales = pd.Index(read_figures()[NAME].scales, name="kappa")
    folder = tmp_path / "stages" / "figures"
    (folder / NAME).mkdir(parents=True)
    change((10.0**stored).set_index(scales)).to_csv(folder / NAME / f"{NAME}.csv")
    check = Check(f"figures/{NAME}", "orders", Verdict.PASS)
    files = [f"{NAME}/{NAME}.csv"] if left else []
    write_stage(folder, stage="figures", checks=[check], begun=begin(Path(__file__)), files=files)
    return tmp_path / "stages"


def compared(stages, tmp_path, **options):
    baselines = tmp_path / "stage_outputs"
    regress(stages, tmp_path / "out", baselines=baselines, **options)
    return answers(tmp_path / "out")[f"regression/{NAME}"]


def test_the_numbers_of_the_baseline_pass(monkeypatch, tmp_path):
    check = compared(small_figure(monkeypatch, tmp_path), tmp_path)
    assert check["verdict"] == "pass", check["reason"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.iloc[:, :1], "columns: expected 'energy-based | C-EP, as published' among"),
        (lambda f: f.assign(more=1.0), "columns: expected those of the baseline, found 'more'"),
        (lambda f: f.iloc[:4], "rows: expected 9, from 0.1 to 1e-07, found 4"),
        (lambda f: f.iloc[::-1], "rows: expected 9, from 0.1 to 1e-07, found 9"),
        (lambda f: f.iloc[:0], "rows: expected 9"),
        (lambda f: f * 2, "largest difference 0.3 of 0.02 at energy-based | C-EP"),
        (lambda f: f * np.nan, "largest difference inf of 0.02 at energy-based | C-EP"),
    ],
)
def test_curves_that_vanish_or_change_fail(monkeypatch, tmp_path, change, message):
    check = compared(small_figure(monkeypatch, tmp_path, change), tmp_path)
    assert check["verdict"] == "fail"
    assert message in check["reason"]
    assert check["reason"].endswith(f"python -m reproduce regress --update {NAME}")


def test_a_file_that_is_absent_or_not_the_stages_fails(monkeypatch, tmp_path):
    stages = small_figure(monkeypatch, tmp_path)
    path = stages / "figures" / NAME / f"{NAME}.csv"
    path.write_text(path.read_text() + "\n")
    check = compared(stages, tmp_path)
    assert (check["verdict"], "found another" in check["reason"]) == ("fail", True)
    path.unlink()
    check = compared(stages, tmp_path)
    assert (check["verdict"], "found none" in check["reason"]) == ("fail", True)


def test_a_missing_baseline_is_not_written_in_passing(monkeypatch, tmp_path):
    stages = small_figure(monkeypatch, tmp_path)
    (tmp_path / "stage_outputs" / f"{NAME}.csv").unlink()
    check = compared(stages, tmp_path)
    assert check["verdict"] == "not run"
    assert not list((tmp_path / "stage_outputs").iterdir())


def test_the_record_says_which_results_were_compared(tmp_path):
    verify_stage(tmp_path / "stages")
    regress(tmp_path / "stages", tmp_path / "out")
    record = json.loads((tmp_path / "out" / "stage.json").read_text(encoding="utf-8"))
    stage = (tmp_path / "stages" / "verify" / "stage.json").read_bytes()
    assert record["inputs"] == {"verify/stage.json": hashlib.sha256(stage).hexdigest()}


def answers(out):
    stage = json.loads((out / "stage.json").read_text(encoding="utf-8"))
    return {check["name"]: check for check in stage["checks"]}


def test_same_verdicts_pass_and_what_is_absent_was_not_run(tmp_path):
    verify_stage(tmp_path / "stages")
    verdict = regress(tmp_path / "stages", tmp_path / "out")
    found = answers(tmp_path / "out")
    assert verdict is Verdict.NOT_RUN
    assert found["regression/verify"]["verdict"] == "pass"
    assert found["regression/fig-10"]["verdict"] == "not run"


def test_a_changed_verdict_fails_and_no_baseline_is_touched(tmp_path):
    before = {path: path.read_bytes() for path in BASELINES.iterdir()}
    verify_stage(tmp_path / "stages", **{"centred/energy-based": "fail"})
    assert regress(tmp_path / "stages", tmp_path / "out") is Verdict.FAIL
    check = answers(tmp_path / "out")["regression/verify"]
    assert check["verdict"] == "fail"
    assert "centred/energy-based" in check["reason"]
    assert {path: path.read_bytes() for path in BASELINES.iterdir()} == before


def test_every_figure_has_a_committed_baseline():
    names = plotted_files(read_figures())
    assert {path.stem for path in BASELINES.glob("*.csv")} == {*names, "table"}


def test_sign_of_a_tiny_number_shows_after_normalisation():
    tiny = pd.DataFrame({"p | Δ": [3e-9, 1e-9], "p | −∇": [3e-9, 1e-9]})
    flipped = tiny.assign(**{"p | Δ": -tiny["p | Δ"]})
    gap = normalised_processes(tiny)["p | Δ"] - normalised_processes(flipped)["p | Δ"]
    assert np.abs(gap).max() == pytest.approx(2)
    assert np.abs(gap).min() > 1e5 * PROCESS_TOLERANCE["atol"]


def test_an_element_without_gradient_is_compared_as_it_is():
    silent = pd.DataFrame({"p | Δ": [0.0, 1e-3], "p | −∇": [0.0, 0.0]})
    assert list(normalised_processes(silent)["p | Δ"]) == [0.0, 1e-3]


def test_round_off_does_not_enter_the_comparison_of_errors():
    noisy = [pd.DataFrame({"EP": [1e-1, 1e-3, noise]}) for noise in (3e-9, 7e-8)]
    first, second = (logarithms(frame)["EP"] for frame in noisy)
    assert list(first) == list(second) == pytest.approx([-1, -3, -4])


def test_a_stage_that_is_not_json_is_named(tmp_path):
    (tmp_path / "verify").mkdir()
    (tmp_path / "verify" / "stage.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="expected JSON, found"):
        StageOutputs(tmp_path)


def test_command_answers_one_when_something_differs(tmp_path):
    verify_stage(tmp_path / "stages", **{"asymmetry/Ψ = 45°": "inconclusive"})

    class Arguments:
        stages, out, update = tmp_path / "stages", tmp_path / "out", None

    assert command(Arguments()) == 1


def test_a_difference_says_how_large_where_and_what_is_allowed(monkeypatch, tmp_path):
    nudged = small_figure(monkeypatch, tmp_path, lambda f: f * 1.001)
    check = compared(nudged, tmp_path)
    assert check["verdict"] == "pass"
    assert check["reason"].startswith("largest difference 0.00043 of 0.02 at energy-based | C-EP, ")
    assert check["numbers"]["tolerance"] == 0.02
    assert check["numbers"]["largest difference"] == pytest.approx(np.log10(1.001))


def test_the_command_that_a_failure_names_accepts_it(monkeypatch, tmp_path, capsys):
    stages = small_figure(monkeypatch, tmp_path, lambda f: f * 2)
    words = compared(stages, tmp_path)["reason"].split("python -m reproduce regress ")[1].split()
    assert words == ["--update", NAME]
    assert compared(stages, tmp_path, update=words[1:])["verdict"] == "pass"
    assert compared(stages, tmp_path)["numbers"]["largest difference"] < 1e-9
    assert f"written: {tmp_path / 'stage_outputs' / NAME}.csv" in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"--update: expected some of .*, found 'none'"):
        compared(stages, tmp_path, update=["none"])


def runs(*errors, seed=0):
    return [
        {
            "seed": seed + i,
            "hash": f"{i:064d}",
            "test_error": [9.0, 5.0, e],
            "train_error": [8.0, e],
        }
        for i, e in enumerate(errors)
    ]


def table(*errors, **options):
    return table_frame(
        {"rows": [{"row": "EP-1h", "nudge": "outside", "runs": runs(*errors, **options)}]}
    )


def test_a_table_is_its_runs_and_what_is_said_of_them():
    frame = table(2.0, 3.0)
    assert list(frame.index) == [
        "EP-1h, nudge outside, seed 0",
        "EP-1h, nudge outside, seed 1",
        "EP-1h, nudge outside, mean over seeds",
        "EP-1h, nudge outside, spread over seeds",
    ]
    expected = [2.0, 3.0, 2.5, pytest.approx(0.5**0.5)]
    assert list(frame["test error, last epoch"]) == expected
    assert list(frame["test error, mean of the last five"])[:2] == [16 / 3, 17 / 3]


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (table(2.0, 3.0), "no difference"),
        (table(2.0, 2.9), "largest difference 0.1 of 1 at training error, last epoch, row EP-1h"),
        (table(2.0, 3.0, 4.0), "rows: expected 4, found 5 with EP-1h, nudge outside, seed 2"),
        (table(2.0), "rows: expected 4, found 3 without EP-1h, nudge outside, seed 1"),
        (table(2.0, 3.0, seed=1), "rows: expected 4, found 4 without EP-1h, nudge outside, seed 0"),
        (table(2.0, 3.0).replace("0" * 12, "f" * 12), "seed 0: expected the run 000000000000, fo"),
    ],
)
def test_a_table_is_compared_run_by_run(found, message):
    assert message in table_difference(found, table(2.0, 3.0)).told()


def test_a_table_without_runs_is_no_baseline(tmp_path):
    check = Check("table/quick/EP-1h/outside", "s", Verdict.PASS)
    write_stage(tmp_path / "table", stage="table", checks=[check], begun=begin(Path(__file__)))
    assert StageOutputs(tmp_path).compare("table").verdict is Verdict.FAIL
