"""Holding the definition against numbers that another implementation produced."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from cep_core.check.bptt import nabla
from cep_core.check.delta import delta
from cep_core.conformance.files import ConformanceError, ConformanceFile
from cep_core.learning import Procedure, one_hot
from cep_core.phases import free_phase, kappa_of
from cep_core.problem import Problem
from cep_core.rules import C_VF, learning_rates
from cep_core.training.choose import make_engine
from cep_core.training.engine import EngineName

TOLERANCES = {"training": 1e-10, "curves": 1e-8}
"""Largest absolute difference that passes, by kind of file, unless another is asked for."""


@dataclass(frozen=True)
class Comparison:
    """One array of a file held against ours.

    Attributes:
        array: the array's name in the file, e.g. ``final/W_0_1``.
        difference: largest absolute difference over the entries that are to be compared; infinite
            where either side is not a number.
        count: how many entries were compared.

    """

    array: str
    difference: float
    count: int


def compare(file: ConformanceFile, engine: EngineName = "reference") -> list[Comparison]:
    """Compute what the file describes and compare every array that it holds.

    Args:
        file: the checked file.
        engine: what trains a ``training`` file; the definition unless given.

    Raises:
        ConformanceError: no entry of the file is one that can be compared.

    """
    ours = _train(file, engine) if file.kind == "training" else _curves(file)
    found = [
        _compared(name, ours[name], theirs) for name, theirs in file.arrays.items() if name in ours
    ]
    if not sum(comparison.count for comparison in found):
        raise ConformanceError(
            f"{file.path}: arrays: expected entries to compare, found only such as nobody computes"
        )
    return found


def mini_batches(file: ConformanceFile) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Inputs in [0, 1] and one-hot targets of every mini-batch of a ``training`` file, float64."""
    classes = file.meta["sizes"][-1]
    return [
        (pixels.double() / 255, one_hot(labels, classes, torch.float64))
        for pixels, labels in zip(file.arrays["x"], file.arrays["y"], strict=True)
    ]


def _train(file: ConformanceFile, name: EngineName) -> dict[str, torch.Tensor]:
    meta, first = file.meta, file.initial
    rates = learning_rates(
        file.network, first, meta["learning_rates"], train_input_bias=meta["trains_input_bias"]
    )
    procedure = Procedure(file.rule, meta["beta"], meta["T"], meta["K"])
    engine = make_engine(name, file.network, procedure, first, rates).engine
    ours: dict[str, torch.Tensor] = {}
    for (x, y), sign in zip(mini_batches(file), meta["beta_signs"], strict=True):
        engine.learn(x, y, sign)
        if not ours:
            ours = {f"free/s_{n}": s.clone() for n, s in enumerate(engine.steady_state)}
    return ours | {f"final/{name}": value for name, value in engine.parameters().items()}


def _curves(file: ConformanceFile) -> dict[str, torch.Tensor]:
    meta, parameters = file.meta, file.initial
    x, y, steps = file.arrays["x"], file.arrays["y"], meta["K"]
    network = file.network
    earlier = free_phase(network, x, parameters, steps=meta["T"] - steps)
    steady = free_phase(network, x, parameters, steps=steps, start=earlier.state)
    rates = learning_rates(
        network,
        parameters,
        meta["eta"] or [0.0] * (len(meta["sizes"]) - 1),
        train_input_bias=not (meta["setting"] == "prototypical" and file.rule is C_VF),
    )
    kappa = kappa_of(network, rates, meta["beta"])
    problem = Problem(network, x, y, parameters, steady=steady.state)
    sides = {
        "delta": delta(problem, file.rule, beta=meta["beta"], kappa=kappa, steps=steps),
        "nabla": nabla(problem, steps=steps, start=earlier.state),
    }
    ours = {f"steady/s_{n}": s for n, s in enumerate(steady.state)}
    for side, processes in sides.items():
        for n, process in enumerate(processes.state):
            ours[f"{side}/s_{n}"] = process[:, 0]
        for name, process in processes.parameters.items():
            ours[f"{side}/{name}"] = process
    return ours


def _first_compared(name: str) -> int:
    """First time at which a process is compared: earlier entries are zeros that nobody computed."""
    side, _, rest = name.partition("/")
    if side not in {"delta", "nabla"}:
        return 0
    return int(rest.removeprefix("s_")) if rest.startswith("s_") else 1


def _compared(name: str, ours: torch.Tensor, theirs: torch.Tensor) -> Comparison:
    start = _first_compared(name)
    gap = (ours[start:] - theirs[start:]).abs()
    largest = float(gap.max()) if gap.numel() else 0.0
    return Comparison(name, largest if math.isfinite(largest) else math.inf, gap.numel())
