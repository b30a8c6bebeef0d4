"""The stage of the main job: estimators against beta and N, the reduced tier, the long runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from cep_core.check.verdicts import Check, Verdict
from cep_core.data.mnist import CLASSES, load
from cep_core.estimators import DerivativeAtZero, OneSided, PointsOnCircle, RelaxedAdjoint
from cep_core.files import write_json
from cep_core.homeostasis import neurons_of
from cep_core.learning import one_hot
from cep_core.problem import Problem
from cep_core.read_out import SoftmaxReadOut
from cep_core.runs.files import read_results
from cep_core.terminal import say
from reproduce.figures.notebooks import draw_each
from reproduce.homeostasis.settings import EXPERIMENTS, Settings, experiment_named
from reproduce.homeostasis.train import Job, train
from reproduce.stages import begin, write_stage

NUMBERS = "homeostasis.json"
"""What the figures are drawn from."""

NOTEBOOK = "homeostasis.ipynb"
FIGURES = ("estimators", "reduced", "training")

BETAS = (0.4, 0.2, 0.1, 0.05, 0.025)
FITTED = (0.05, 0.025)
POINTS = (1, 2, 3, 4, 6)
SMALL = Settings(hidden=(24, 16), angle=90.0, free_steps=300, nudged_steps=200)
SLACK = 0.15
"""How far a measured order may lie from N."""

QUICK = "quick"


def make_stage(out: Path, results: Path) -> Verdict:
    """Measure, train the reduced tier, gather the long runs, draw; write the stage's record.

    Args:
        out: the stage's folder; the reduced tier's runs are kept in it and found again.
        results: folder of the committed results of long runs.

    """
    begun = begin(Path(__file__).parent, EXPERIMENTS)
    torch.set_num_threads(1)
    details: dict[str, Any] = {"estimators": estimators()}
    say("homeostasis: estimators measured")
    details["reduced"] = reduced(out / "runs")
    details["training"] = long_runs(results)
    write_json(out / NUMBERS, details)
    figures, faults = draw_each("homeostasis", NOTEBOOK, FIGURES, out)
    verdict = write_stage(
        out,
        stage="homeostasis",
        checks=[*checks(details), *faults],
        begun=begun,
        details=details | {"figures": figures},
        files=[NUMBERS, *(path for figure in figures for path in figure["files"].values())],
    )
    say(f"homeostasis: {verdict} ({begun.seconds:.0f} s, {out})")
    return verdict


def estimators() -> dict[str, Any]:
    """Relative errors against ``beta`` for every N, of the network as it is and corrected."""
    problem = settled(SMALL)
    exact = RelaxedAdjoint()(problem).signal
    response = DerivativeAtZero(SMALL.nudged_steps)(problem).signal
    size = _distance(exact, tuple(s * 0 for s in exact))
    errors: dict[str, dict[str, list[float]]] = {"plain": {}, "corrected": {}, "to its limit": {}}
    for points in POINTS:
        for corrected in (False, True):
            found = [
                (
                    OneSided(beta, SMALL.nudged_steps, corrected)
                    if points == 1
                    else PointsOnCircle(beta, points, SMALL.nudged_steps, corrected)
                )(problem).signal
                for beta in BETAS
            ]
            name = "corrected" if corrected else "plain"
            errors[name][str(points)] = [_distance(q, exact) / size for q in found]
            if not corrected:
                errors["to its limit"][str(points)] = [_distance(q, response) / size for q in found]
    orders = {
        name: {n: _order(of[n]) for n in of} for name, of in errors.items() if name != "plain"
    }
    return {"betas": list(BETAS), "errors": errors, "orders": orders, "sizes": list(SMALL.sizes)}


def settled(settings: Settings) -> Problem:
    """A network of these settings on the first embedded test digits, settled in float64."""
    data = load()
    parameters = settings.initial(0, torch.float64)
    network = settings.make_network()
    x = data.test_images[:4].double() / 255
    y = one_hot(data.test_labels[:4], CLASSES, torch.float64)
    problem = Problem(network, x, y, parameters, SoftmaxReadOut(parameters))
    return problem.settled(start=network.zero_state(x, parameters))


def _distance(one: Any, other: Any) -> float:
    return math.sqrt(sum(float((a - b).square().sum()) for a, b in zip(one, other, strict=True)))


def _order(errors: list[float]) -> float:
    near, nearer = (errors[BETAS.index(beta)] for beta in FITTED)
    return math.log(near / nearer) / math.log(FITTED[0] / FITTED[1])


def reduced(runs: Path) -> list[dict[str, Any]]:
    """Train the reduced tier, or find it trained; what is shown of every run."""
    experiment, data = experiment_named(QUICK), load()
    found = []
    for name in experiment.runs:
        results = train(Job(experiment, name, experiment.seeds[0]), data, runs, show="warnings")
        say(f"homeostasis: {name}: test error {results['test_error'][-1]:.1f} %")
        found.append(_shown(results, name, experiment.runs[name]))
    return found


def _shown(results: Mapping[str, Any], name: str, settings: Settings) -> dict[str, Any]:
    fields = (
        "title", "seed", "epochs", "test_error", "train_error", "cosines", "asymmetry",
        "symmetric", "residual", "unsettled", "cycling",
    )  # fmt: skip
    neurons = neurons_of(settings.make_network(), settings.initial(0, torch.float32))
    told = {field: results[field] for field in fields}
    return told | {"run": name, "angle": settings.angle, "neurons": neurons}


def long_runs(folder: Path) -> list[dict[str, Any]]:
    """What is committed of runs at full settings, whole or begun."""
    found = []
    for path in sorted(folder.glob("*/*.json")):
        results = read_results(path)
        experiment, _, name = results["row"].partition("/")
        settings = experiment_named(experiment).runs[name]
        shown = _shown(results, name, settings)
        found.append(
            shown
            | {
                "experiment": experiment,
                "epochs_of_paper": results["epochs_of_paper"],
                "data": results["data"]["provenance"],
            }
        )
    return found


def _of(listed: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(run for run in listed if run["run"] == name)


def checks(details: Mapping[str, Any]) -> list[Check]:
    """What the stage is judged by."""
    return [
        _orders(details["estimators"]),
        _alignment(details["reduced"]),
        _symmetry(details["reduced"]),
        _control(details["reduced"]),
    ]


def _judged(name: str, statement: str, numbers: dict[str, Any], *, holds: bool) -> Check:
    told = ", ".join(f"{key} {value:.3g}" for key, value in numbers.items())
    verdict = Verdict.PASS if holds else Verdict.FAIL
    return Check(f"homeostasis/{name}", statement, verdict, numbers, told)


def _orders(found: Mapping[str, Any]) -> Check:
    gaps = {
        f"{name}, N = {n}": order
        for name, orders in found["orders"].items()
        for n, order in orders.items()
    }
    holds = all(abs(order - int(key.rpartition(" ")[2])) < SLACK for key, order in gaps.items())
    statement = (
        "N points on a circle err with order N in beta: to the response of the network as it is, "
        "and to the gradient with the asymmetry taken out"
    )
    return _judged("orders", statement, gaps, holds=holds)


def _alignment(runs: list[dict[str, Any]]) -> Check:
    plain, corrected = (_of(runs, name)["cosines"][0] for name in ("plain-90", "asymep-90"))
    numbers = {"plain, worst layer": min(plain), "AsymEP, worst layer": min(corrected)}
    holds = min(plain) < 0.9 and min(corrected) > 0.999  # noqa: PLR2004 - a wide margin
    statement = (
        "Independent weights both ways: the nudged response is not aligned with the gradient in "
        "every layer, the corrected one is"
    )
    return _judged("alignment", statement, numbers, holds=holds)


def _symmetry(runs: list[dict[str, Any]]) -> Check:
    ratios = {}
    for name in ("plain-90", "homeostasis-90"):
        asymmetry = _of(runs, name)["asymmetry"]
        ratios[f"{name}, after over before"] = asymmetry[-1] / asymmetry[0]
    plain, kept = ratios.values()
    return _judged(
        "decay",
        "Homeostasis makes the antisymmetric part of the weights decay",
        ratios,
        holds=kept < plain / 10,
    )


def _control(runs: list[dict[str, Any]]) -> Check:
    final = {name: _of(runs, f"loop-{name}") for name in ("plain", "homeostasis", "weight-decay")}
    numbers = {name: run["asymmetry"][-1] for name, run in final.items()}
    apart = abs(numbers["homeostasis"] - numbers["weight-decay"])
    statement = (
        "In a loop in one direction the homeostatic penalty is weight decay: both end with the "
        "same squares of the weights between neurons"
    )
    holds = apart < abs(numbers["plain"] - numbers["weight-decay"]) / 20
    return _judged("control", statement, numbers, holds=holds)
