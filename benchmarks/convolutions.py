"""Convolutional rows: the engine against the floor, its convolutions as PyTorch runs them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch
from torch.nn import functional

from benchmarks.clock import Spread, Work, interleaved, ratios
from benchmarks.rows import TRAINING_SET, batches
from cep_core.check.verdicts import Check, Verdict
from cep_core.data.mnist import Dataset
from cep_core.fast import ConvolutionalEngine
from cep_core.learning import learn_batch
from cep_core.networks import Convolution
from cep_core.runs.row import Row, row_named

NAMES = ("P-conv", "P-conv-small")
TOLERANCE = 1e-12
LAYOUTS = {"channels first": torch.contiguous_format, "channels last": torch.channels_last}


def engine_work(data: Dataset, row: Row) -> Callable[[], object]:
    """Learn one more mini-batch by the engine in float32."""
    parameters = row.initial(0, torch.float32)
    engine = ConvolutionalEngine(row.network, row.procedure, parameters, row.rates(parameters))
    stream = batches(data, row, torch.float32)
    return lambda: engine.learn(*next(stream))


def convolution_works(
    edge: Convolution, batch: int, layout: torch.memory_format
) -> dict[str, Work]:
    """What a kernel costs one way and back, and in an update, with its tensors laid out."""

    def maps(*shape: int) -> torch.Tensor:
        return torch.rand(batch, *shape).contiguous(memory_format=layout)

    source, signal = maps(*edge.maps), maps(*edge.convolved)
    kernel = torch.rand(edge.channels, edge.maps[0], *edge.kernel).contiguous(memory_format=layout)
    forth = {"stride": edge.stride, "padding": edge.padding}

    def update() -> object:
        return torch.ops.aten.convolution_backward(
            signal, source, kernel, None, list(edge.stride), list(edge.padding),
            [1, 1], False, [0, 0], 1, [False, True, False],
        )  # fmt: skip

    return {
        "forth": Work(lambda: functional.conv2d(source, kernel, **forth), 4),
        "back": Work(lambda: functional.conv_transpose2d(signal, kernel, **forth), 4),
        "update": Work(update, 4),
    }


@torch.inference_mode()
def measure(data: Dataset, name: str, *, turns: int) -> dict[str, Any]:
    """Time one row beside its convolutions in either layout, interleaved.

    The floor of a layout is the kernels between neurons, forth and back in every transition, the
    image's once, and two correlations per kernel for the update (one for the image's, whose input
    stays); of the layouts, the cheaper one in total is the floor.
    """
    row = row_named(name)
    edges = [e for e in row.network.edges if isinstance(e, Convolution)]  # type: ignore[attr-defined]
    works = {"engine": Work(engine_work(data, row), 1)}
    for layout, memory in LAYOUTS.items():
        for edge in edges:
            found = convolution_works(edge, row.batch, memory)
            works |= {f"{layout} {edge.name} {what}": work for what, work in found.items()}
    seconds = interleaved(works, turns)
    transitions = row.free_steps + row.nudged_steps

    def floor_of(layout: str) -> list[float]:
        totals = [0.0] * turns
        for edge in edges:
            image = edge.source == "x"
            counts = {"forth": 1, "update": 1} if image else {
                "forth": transitions, "back": transitions, "update": 2,
            }  # fmt: skip
            for what, count in counts.items():
                for turn, s in enumerate(seconds[f"{layout} {edge.name} {what}"]):
                    totals[turn] += count * s
        return totals

    floors = {layout: floor_of(layout) for layout in LAYOUTS}
    cheaper = min(floors, key=lambda layout: Spread.of(floors[layout]).median)
    engine = Spread.of(seconds["engine"])
    mini_batches = -(-(row.samples or TRAINING_SET) // row.batch) * row.epochs
    return {
        "row": name,
        "layers": row.layers,
        "engine_ms": asdict(Spread.of([1e3 * s for s in seconds["engine"]])),
        "floors_ms": {
            layout: asdict(Spread.of([1e3 * s for s in found])) for layout, found in floors.items()
        },
        "layout": cheaper,
        "times_floor": asdict(ratios(seconds["engine"], floors[cheaper])),
        "extrapolated_hours": engine.median * mini_batches / 3600,
    }


def same_result(data: Dataset, name: str) -> Check:
    """Hold the engine against the definition in float64, over few transitions of the full size."""
    started = time.monotonic()
    row = row_named(name).changed(free_steps=8, nudged_steps=3, batch=4)
    parameters = row.initial(0, torch.float64)
    rates = row.rates(parameters)
    engine = ConvolutionalEngine(row.network, row.procedure, parameters, rates)
    x, y = next(batches(data, row, torch.float64))
    engine.learn(x, y)
    learned = learn_batch(row.network, row.procedure, x, y, parameters, rates).parameters
    ours = engine.parameters()
    difference = max(float((ours[k] - v).abs().max()) for k, v in learned.items())
    held = difference < TOLERANCE
    return Check(
        name=f"benchmarks/{name}/same-result",
        statement="The engine gives the definition's weights after a mini-batch (float64)",
        verdict=Verdict.PASS if held else Verdict.FAIL,
        numbers={"largest difference": difference, "tolerance": TOLERANCE},
        seconds=round(time.monotonic() - started, 3),
    )
