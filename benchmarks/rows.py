"""The six rows of the table: the engine, the straightforward implementation and the floor."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import torch

from benchmarks.clock import Spread, Work, interleaved, ratios
from benchmarks.operations import largest_product, per_mini_batch, product
from benchmarks.straightforward import Digits, Straightforward, shuffled
from cep_core.check.verdicts import Check, Verdict
from cep_core.data.mnist import Dataset
from cep_core.fast import FastEngine
from cep_core.learning import learn_batch
from cep_core.runs.row import Row, row_named
from cep_core.training.epochs import Samples, mini_batches

NAMES = ("EP-1h", "C-EP-1h", "C-VF-1h", "EP-2h", "C-EP-2h", "C-VF-2h")
TRAINING_SET = 60_000
"""Images of full MNIST, to which the time of a whole row is extrapolated."""

CORRECTED = {f"corrected-C-VF-{depth}": f"C-VF-{depth}" for depth in ("1h", "2h")}
"""Rows of the corrected rule, and the plain one beside which each is measured."""


def batches(data: Dataset, row: Row, dtype: torch.dtype) -> Iterator[tuple[torch.Tensor, ...]]:
    """Mini-batches for ever, drawn and scaled as in training."""
    samples = Samples(data.train_images, data.train_labels)
    generator = torch.Generator().manual_seed(0)
    while True:
        order = torch.randperm(len(samples), generator=generator)
        yield from mini_batches(samples, order, batch=row.batch, classes=row.sizes[-1], dtype=dtype)


def engine_work(data: Dataset, row: Row) -> Callable[[], object]:
    """Learn one more mini-batch by the engine in float32, preparing its images included."""
    parameters = row.initial(0, torch.float32)
    engine = FastEngine(row.network, row.procedure, parameters, row.rates(parameters))
    stream = batches(data, row, torch.float32)
    return lambda: engine.learn(*next(stream))


def straightforward_work(data: Dataset, row: Row) -> Callable[[], object]:
    """Learn one more mini-batch the straightforward way, its DataLoader included."""
    learner = Straightforward(
        row.rule,
        row.initial(0, torch.float32),
        row.learning_rates,
        free_steps=row.free_steps,
        nudged_steps=row.nudged_steps,
    )
    digits = Digits(data.train_images, data.train_labels.long(), row.sizes[-1])
    stream = shuffled(digits, row.batch)

    def learn() -> None:
        x, y = next(stream)
        learner.learn(x, y, row.beta)

    return learn


def product_work(row: Row) -> Callable[[], object]:
    """One product of the shape on which the row spends most operations."""
    rows, inner, columns = largest_product(row)
    left, right = torch.rand(rows, inner), torch.rand(inner, columns)
    out = torch.empty(rows, columns)
    return lambda: torch.mm(left, right, out=out)


def measure(data: Dataset, name: str, *, turns: int, scale: int) -> dict[str, Any]:
    """Time one row: milliseconds per mini-batch, ratio to the straightforward way, floor."""
    row = row_named(name)
    deep = len(row.sizes) > 3  # noqa: PLR2004 - more than one hidden layer
    works = {
        "engine": Work(engine_work(data, row), scale * (3 if deep else 30)),
        "straightforward": Work(straightforward_work(data, row), scale * (1 if deep else 3)),
        "product": Work(product_work(row), 200),
    }
    seconds = interleaved(works, turns)
    shape = largest_product(row)
    operations = per_mini_batch(row)
    floors = [operations / product(*shape) * s for s in seconds["product"]]
    engine = Spread.of(seconds["engine"])
    mini_batches_of_row = -(-TRAINING_SET // row.batch) * row.epochs
    return {
        "row": name,
        "layers": row.layers,
        "engine_ms": _milliseconds(seconds["engine"]),
        "straightforward_ms": _milliseconds(seconds["straightforward"]),
        "floor_ms": _milliseconds(floors),
        "times_faster": asdict(ratios(seconds["straightforward"], seconds["engine"])),
        "times_floor": asdict(ratios(seconds["engine"], floors)),
        "operations": operations,
        "product_shape": list(shape),
        "product_gflops": product(*shape) / Spread.of(seconds["product"]).median / 1e9,
        "extrapolated_hours": engine.median * mini_batches_of_row / 3600,
        "extrapolated_from": f"{TRAINING_SET} images, {row.epochs} epochs, evaluation not counted",
    }


def measure_beside(
    data: Dataset, name: str, plain: str, *, turns: int, scale: int
) -> dict[str, Any]:
    """Time a row by the engine beside the row that it corrects, interleaved."""
    row = row_named(name)
    count = scale * (3 if len(row.sizes) > 3 else 30)  # noqa: PLR2004 - as in measure
    works = {n: Work(engine_work(data, row_named(n)), count) for n in (name, plain)}
    seconds = interleaved(works, turns)
    operations = {n: per_mini_batch(row_named(n)) for n in works}
    return {
        "row": name,
        "beside": plain,
        "layers": row.layers,
        "engine_ms": _milliseconds(seconds[name]),
        "plain_ms": _milliseconds(seconds[plain]),
        "times_plain": asdict(ratios(seconds[name], seconds[plain])),
        "times_operations": operations[name] / operations[plain],
    }


def _milliseconds(seconds: list[float]) -> dict[str, float]:
    return asdict(Spread.of([1e3 * s for s in seconds]))


def same_result(data: Dataset, name: str, *, count: int) -> Check:
    """Hold the engine against the definition, in float64 at full size."""
    started = time.monotonic()
    row = row_named(name)
    parameters = row.initial(0, torch.float64)
    rates = row.rates(parameters)
    engine = FastEngine(row.network, row.procedure, parameters, rates)
    stream = batches(data, row, torch.float64)
    for i in range(count):
        x, y = next(stream)
        sign = -1 if i % 2 and row.procedure.rule.vector_field else 1
        engine.learn(x, y, sign)
        parameters = learn_batch(
            row.network, row.procedure, x, y, parameters, rates, sign=sign
        ).parameters
    ours = engine.parameters()
    difference = max(float((ours[k] - v).abs().max()) for k, v in parameters.items())
    tolerance = 1e-10 if row.procedure.rule.vector_field else 1e-12
    held = difference < tolerance
    return Check(
        name=f"benchmarks/{name}/same-result",
        statement=f"The engine gives the definition's weights after {count} mini-batches (float64)",
        verdict=Verdict.PASS if held else Verdict.FAIL,
        numbers={"largest difference": difference, "tolerance": tolerance, "mini-batches": count},
        reason="" if held else "the engine's algebra no longer matches the definition",
        seconds=round(time.monotonic() - started, 3),
    )
