"""Experiments with directed networks: settings, training, resuming, the command."""

import json

import pytest
import torch

from cep_core.data.mnist import Dataset
from cep_core.estimators import RelaxedAdjoint, cosines
from cep_core.learning import one_hot
from cep_core.runs.epochs import DivergedError
from cep_core.runs.row import SpecError
from reproduce.command_line import main
from reproduce.homeostasis import command as homeostasis_command
from reproduce.homeostasis.settings import (
    EXPERIMENTS,
    Experiment,
    Settings,
    experiment_named,
    experiment_names,
    read_experiment,
)
from reproduce.homeostasis.train import Job, train

SMALL = {"hidden": (8, 6), "free_steps": 30, "nudged_steps": 12, "epochs": 2, "batch": 20}


@pytest.fixture(scope="module")
def digits():
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (120, 784), generator=generator, dtype=torch.uint8)
    labels = torch.arange(120, dtype=torch.uint8) % 10
    return Dataset(
        "drawn", "drawn here", images[:80], labels[:80], images[80:], labels[80:], {"all": "0" * 64}
    )


def job(seed=0, **changes):
    settings = Settings(**SMALL | changes)
    return Job(Experiment("own", "own", (0,), {"one": settings}, {"one": "one"}), "one", seed)


def test_the_experiments_are_those_of_the_paper():
    assert experiment_names() == ["fig-3", "fig-4a-d", "fig-4e-h", "quick", "table-1"]
    table = experiment_named("table-1")
    assert len(table.runs) == 10
    assert table.seeds == (0, 1, 2, 3, 4)
    assert {(s.beta, s.points) for n, s in table.runs.items() if n.startswith("N4")} == {
        (0.05, 4), (0.5, 4),
    }  # fmt: skip
    for name in ("fig-3", "fig-4a-d", "fig-4e-h", "table-1"):
        for settings in experiment_named(name).runs.values():
            assert (settings.hidden, settings.epochs, settings.batch) == ((256, 256), 50, 50)
            assert settings.free_steps == 150
    assert len(experiment_named("fig-3").runs) == 14
    one = experiment_named("fig-4a-d").runs["homeostasis"]
    assert (one.angle, one.optimiser, one.rate, one.coefficient) == (90, "AdamW", 1e-4, 1.0)
    assert (one.penalty, one.draws, one.jacobian) == ("draws", 5, "published")
    loops = experiment_named("fig-4e-h").runs
    assert [s.coefficient for s in loops.values()] == [0.0, 0.1, 0.1]
    assert {s.network for s in loops.values()} == {"loop"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("angle = 90", "angle = 91", "settings.angle: expected a number from 0 to 90, or null, f"),
        ('penalty = "draws"', 'penalty = "drawn"', "runs.homeostasis.penalty: expected one of no"),
        ("coefficient = 1.0", "", "runs.homeostasis: coefficient: expected 0 without a penalty, "),
        ("corrected = true", 'corrected = true\nestimator = "BPTT"', "corrected: expected false "),
        ("batch = 50", "batches = 50", "settings.batches: expected one of the fields activation,"),
        ("seeds = [0, 1, 2, 3, 4]", "seeds = []", "seeds: expected a list of 1 or more values"),
    ],
)
def test_a_wrong_experiment_is_named(tmp_path, old, new, message):
    written = (EXPERIMENTS / "fig-4a-d.toml").read_text(encoding="utf-8")
    assert old in written
    path = tmp_path / "own.toml"
    path.write_text(written.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SpecError, match=r"own\.toml") as caught:
        read_experiment(path)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"penalty": "draws", "coefficient": 1.0},
        {"optimiser": "AdamW", "rate": 1e-3, "damping": 0.2, "corrected": True},
    ],
)
def test_a_run_resumes_bit_for_bit(tmp_path, digits, changes):
    whole = train(job(**changes), digits, tmp_path / "whole", show="warnings")
    train(job(**changes), digits, tmp_path / "parts", epochs=1, show="warnings")
    parts = train(job(**changes), digits, tmp_path / "parts", show="warnings")
    for name in ("test_error", "train_error", "cosines", "asymmetry", "residual", "hash"):
        assert whole[name] == parts[name], name
    assert len(whole["test_error"]) == 2
    assert len(whole["cosines"]) == 3  # before training and after every epoch
    again = train(job(**changes), digits, tmp_path / "whole", epochs=1, show="warnings")
    assert again == whole


def test_a_run_that_diverges_keeps_its_epochs_and_says_so(tmp_path, digits):
    changes = {"rate": 1e30, "momentum": 0.0, "weight_decay": 1e30}
    with pytest.raises(DivergedError, match=r"seed 3 diverged in epoch 1: .* rate or coefficient"):
        train(job(seed=3, **changes), digits, tmp_path, show="warnings")
    (results,) = (json.loads(p.read_text()) for p in tmp_path.rglob("results.json"))
    assert (results["diverged"]["epoch"], results["epochs"]) == (1, 0)
    assert len(results["residual"]) == 1  # before training


def test_the_first_step_of_an_optimiser_is_that_of_one_without_memory(digits):
    """What is remembered before the first mini-batch stands for nothing."""
    x, labels = digits.train_images[:20].double() / 255, digits.train_labels[:20]
    for changes in ({"momentum": 0.9}, {"optimiser": "AdamW", "weight_decay": 1e-4}):
        settings = Settings(**SMALL | changes)
        learner = settings.make_learner(settings.initial(0, torch.float64))
        fresh = settings.make_learner(settings.initial(0, torch.float64))
        fresh._optimiser.state.clear()
        for one in (learner, fresh):
            one.learn(x, one_hot(labels, 10, torch.float64))
            one.learn(x, one_hot(labels, 10, torch.float64))
        for name, value in learner.parameters().items():
            assert torch.equal(value, fresh.parameters()[name]), name


@pytest.mark.parametrize(
    "changes",
    [
        {"estimator": "adjoint"},
        {"estimator": "BPTT"},
        {"estimator": "points", "beta": 0.1, "corrected": True},
        {"estimator": "one-sided", "beta": 0.01, "corrected": True},
        {"corrected": True, "damping": 0.3, "nudged_steps": 60, "free_steps": 60},
        {"read_out": False, "network": "loop", "corrected": True},
    ],
)
def test_a_learner_steps_down_the_gradient(digits, changes):
    settings = Settings(**SMALL | {"nudged_steps": 40, "rate": 0.1, "momentum": 0.0} | changes)
    first = settings.initial(0, torch.float64)
    learner = settings.make_learner(first)
    x, labels = digits.train_images[:20].double() / 255, digits.train_labels[:20]
    y = one_hot(labels, 10, torch.float64)
    exact = learner.estimate(x, y, RelaxedAdjoint())
    ours = learner.estimate(x, y, learner.estimator)
    assert min(cosines(ours.signal, exact.signal)) > 0.999

    def cost():
        return float(learner.loss.value(learner.settle(x)[0].state[0], y)) / 20

    before = cost()
    learner.learn(x, y)
    squares = sum(
        float((first[name] - value).square().sum()) for name, value in learner.parameters().items()
    )
    fallen = before - cost()
    assert 0.3 < fallen / (squares / 0.1) < 1.1  # to first order 1: eta |gradient|^2


def test_penalties_reach_the_weights_between_neurons_alone(digits):
    x, y = (
        digits.train_images[:20].double() / 255,
        one_hot(digits.train_labels[:20], 10, torch.float64),
    )
    learned = {}
    for kind in ("none", "closed form", "weight decay"):
        settings = Settings(
            **SMALL, network="loop", momentum=0.0, penalty=kind,
            coefficient=0.0 if kind == "none" else 3.0,
        )  # fmt: skip
        learner = settings.make_learner(settings.initial(0, torch.float64))
        learner.learn(x, y)
        learned[kind] = learner.parameters()
    recurrent = {"W_1_2", "W_0_1", "W_2_0"}
    for name, plain in learned["none"].items():
        same = torch.equal(plain, learned["closed form"][name])
        assert same == (name not in recurrent), name
        assert (
            float((learned["closed form"][name] - learned["weight decay"][name]).abs().max())
            < 1e-15
        )


def test_the_command_trains_collects_and_refuses(tmp_path, digits, monkeypatch, capsys):
    monkeypatch.setattr(homeostasis_command, "load", lambda _: digits)
    path = tmp_path / "own.toml"
    path.write_text(
        'title = "own"\nseeds = [0, 1]\n[settings]\nhidden = [5, 4]\nfree_steps = 12\n'
        "nudged_steps = 5\nepochs = 1\n[runs.plain]\n[runs.far]\nangle = 90\n",
        encoding="utf-8",
    )
    arguments = ["homeostasis", str(path), "--runs", str(tmp_path / "runs")]
    assert main([*arguments, "--only", "far", "--collect", str(tmp_path / "kept")]) == 0
    kept = sorted(p.relative_to(tmp_path / "kept").as_posix() for p in tmp_path.rglob("kept/*/*"))
    assert kept == ["own/far-seed0.json", "own/far-seed1.json"]
    results = json.loads((tmp_path / "kept" / kept[0]).read_text(encoding="utf-8"))
    assert results["row"] == "own/far"
    assert results["provenance"][0]["code"]
    assert len(results["unsettled"]) == 2
    assert main([*arguments, "--only", "near"]) == 2
    assert "--only: expected some of plain, far, found near" in capsys.readouterr().err
    assert main([*arguments, "--epochs", "0"]) == 2
    assert main(["homeostasis", "fig-5", "--runs", str(tmp_path / "runs")]) == 2
