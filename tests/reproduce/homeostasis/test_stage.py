"""The stage on directed networks: what it measures, judges and draws."""

import json

import pytest

from cep_core.check.verdicts import Verdict
from reproduce.command_line import main
from reproduce.figures.notebooks import FORMATS
from reproduce.homeostasis import drawn, stage
from reproduce.homeostasis.settings import CHECKS, Settings
from reproduce.stages import read_stage


def run(name, **changes):
    shown = {
        "run": name, "title": name, "seed": 0, "epochs": 2, "angle": 90.0, "neurons": 138,
        "test_error": [40.0, 30.0], "train_error": [50.0, 35.0], "symmetric": [0.5, 0.5, 0.5],
        "cosines": [[0.9, 0.2, 0.1]] * 3, "asymmetry": [1.5, 1.4, 1.4], "residual": [0.0] * 3,
        "unsettled": [0.3, 0.0, None], "cycling": [0.0] * 3,
    }  # fmt: skip
    return shown | changes


def reduced(**changes):
    runs = {
        "plain-90": {}, "asymep-90": {"cosines": [[1.0] * 3] * 3},
        "homeostasis-90": {"asymmetry": [1.5, 0.1, 0.01]}, "loop-plain": {},
        "loop-homeostasis": {"asymmetry": [1.0, 0.5, 0.202]},
        "loop-weight-decay": {"asymmetry": [1.0, 0.5, 0.2]},
    }  # fmt: skip
    return [run(name, **values, **changes.get(name, {})) for name, values in runs.items()]


@pytest.fixture(scope="module")
def measured():
    return stage.estimators()


def test_estimators_have_their_order_and_the_plain_ones_stay_off(measured):
    check = stage._orders(measured)
    assert check.verdict is Verdict.PASS, check.reason
    assert min(measured["errors"]["plain"]["6"]) > 0.5
    assert measured["errors"]["corrected"]["6"][-1] < 1e-7


def test_every_check_can_fail(measured):
    details = {"estimators": measured, "reduced": reduced()}
    found = stage.checks(details)
    assert [check.name for check in found] == [f"homeostasis/{name}" for name in CHECKS]
    assert {check.verdict for check in found} == {Verdict.PASS}
    wrong = {
        "alignment": reduced(),
        "decay": [r | ({"asymmetry": [1.5, 1.4]} if r["run"] == "homeostasis-90" else {})
                  for r in reduced()],
        "control": [r | ({"asymmetry": [1.0, 0.5]} if r["run"] == "loop-homeostasis" else {})
                    for r in reduced()],
    }  # fmt: skip
    wrong["alignment"] = [
        r | ({"cosines": [[1.0, 0.99, 1.0]]} if r["run"] == "asymep-90" else {})
        for r in wrong["alignment"]
    ]
    for name, runs in wrong.items():
        verdicts = {c.name: c.verdict for c in stage.checks({**details, "reduced": runs})}
        assert verdicts[f"homeostasis/{name}"] is Verdict.FAIL
    orders = json.loads(json.dumps(measured))
    orders["orders"]["corrected"]["4"] = 1.0
    assert stage._orders(orders).verdict is Verdict.FAIL


def test_figures_are_drawn_in_every_format(tmp_path, measured):
    long = run("plain", experiment="fig-4a-d", epochs_of_paper=50, data="drawn here")
    found = {"estimators": measured, "reduced": reduced(), "training": [long]}
    for name in stage.FIGURES:
        told = drawn.write(name, found, tmp_path)
        assert told["caption"]
        assert told["alternative"].startswith(told["title"])
        assert told["alternative"] != told["caption"]
        for kind in FORMATS:
            assert (tmp_path / f"{name}.{kind}").stat().st_size > 0
    with pytest.raises(ValueError, match="figure 'other' is not known; expected one of: estim"):
        drawn.write("other", found, tmp_path)


def test_the_command_leaves_a_stage(tmp_path, monkeypatch, measured):
    monkeypatch.setattr(stage, "estimators", lambda: measured)
    monkeypatch.setattr(stage, "FIGURES", ())
    tiny = Settings(hidden=(6, 5), angle=90.0, free_steps=10, nudged_steps=5, epochs=1, batch=500)
    experiment = stage.experiment_named("quick")
    changed = type(experiment)(
        experiment.name, experiment.title, (0,), dict.fromkeys(experiment.runs, tiny),
        experiment.titles,
    )  # fmt: skip
    real = stage.experiment_named
    monkeypatch.setattr(stage, "experiment_named", lambda n: changed if n == "quick" else real(n))
    main(["homeostasis", "--out", str(tmp_path / "homeostasis")])
    left = read_stage(tmp_path / "homeostasis")
    assert [c.name for c in left.checks] == [f"homeostasis/{name}" for name in CHECKS]
    assert len(left.details["reduced"]) == len(experiment.runs)
    assert left.files.keys() == {"homeostasis.json"}
    for shown in left.details["training"]:
        assert len(shown["test_error"]) == shown["epochs"] <= shown["epochs_of_paper"]
    assert main(["homeostasis", "quick", "--out", str(tmp_path / "x")]) == 2
    assert main(["homeostasis", "quick"]) == 2


def test_captions_say_what_the_run_found(tmp_path, measured):
    worse = json.loads(json.dumps(measured))
    for errors in worse["errors"]["corrected"].values():
        errors[-1] = 0.9
    assert "to 9.0e-01 of the gradient's signal." in drawn._estimators(worse)[2]
    runs = [r | {"cosines": [[1.0, -0.5, 0.25]]} for r in reduced()]
    assert "cosines of the hidden layers -0.50, 0.25 after training" in drawn._reduced(runs)[3]
