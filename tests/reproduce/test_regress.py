"""The regression stage: what it compares, what it answers, what it never does by itself."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml

from cep_core.check.verdicts import Verdict
from reproduce.figures.kinds import read_figures
from reproduce.figures.orders import logarithms
from reproduce.figures.processes import PROCESS_TOLERANCE, normalised_processes
from reproduce.regress import BASELINES, StageOutputs, command, plotted_files, regress


def verify_stage(folder, **changed):
    baseline = yaml.safe_load((BASELINES / "verdicts-verify.yml").read_text(encoding="utf-8"))
    checks = [{"name": name, "verdict": v} for name, v in (baseline | changed).items()]
    stage = {"stage": "verify", "verdict": "pass", "checks": checks}
    (folder / "verify").mkdir(parents=True)
    (folder / "verify" / "stage.json").write_text(json.dumps(stage), encoding="utf-8")


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
    assert {path.stem for path in BASELINES.glob("*.csv")} == set(names)


def test_sign_of_a_tiny_number_shows_after_normalisation():
    tiny = pd.DataFrame({"p | Δ": [3e-9, 1e-9], "p | −∇": [3e-9, 1e-9]})
    flipped = tiny.assign(**{"p | Δ": -tiny["p | Δ"]})
    gap = normalised_processes(tiny)["p | Δ"] - normalised_processes(flipped)["p | Δ"]
    assert np.abs(gap).max() == pytest.approx(2)
    assert np.abs(gap).min() > 1e5 * PROCESS_TOLERANCE["atol"]


def test_round_off_does_not_enter_the_comparison_of_errors():
    noisy = [pd.DataFrame({"EP": [1e-1, 1e-3, noise]}) for noise in (3e-9, 7e-8)]
    first, second = (logarithms(frame)["EP"] for frame in noisy)
    assert list(first) == list(second) == pytest.approx([-1, -3, -4])


def test_a_stage_that_is_not_json_is_named(tmp_path):
    (tmp_path / "verify").mkdir()
    (tmp_path / "verify" / "stage.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="expected the JSON of a stage"):
        StageOutputs(tmp_path, update=False)


def test_command_answers_one_when_something_differs(tmp_path):
    verify_stage(tmp_path / "stages", **{"asymmetry/Ψ = 45°": "inconclusive"})

    class Arguments:
        stages, out, update = tmp_path / "stages", tmp_path / "out", False

    assert command(Arguments()) == 1
