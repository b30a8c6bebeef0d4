"""How the cost grows: batch size, width, depth, processes, steps of the theorem's curves."""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import asdict
from multiprocessing.synchronize import Barrier
from typing import Any

import torch

from benchmarks.clock import Spread, Work, interleaved
from benchmarks.operations import largest_product, per_mini_batch, product
from benchmarks.rows import engine_work, product_work
from cep_core.check.bptt import nabla
from cep_core.check.delta import delta
from cep_core.data.mnist import Dataset, embedded
from cep_core.fast import batched_engine
from cep_core.learning import one_hot
from cep_core.phases import free_phase
from cep_core.problem import Problem
from cep_core.runs.row import Row, row_named
from cep_core.training.epochs import as_input


def variants(*, quick: bool) -> list[tuple[str, int, Row]]:
    """What is varied, its value, and the row: EP-2h and C-EP-2h with one setting changed."""
    sizes = (10, 20, 50) if quick else (5, 10, 20, 50, 100, 200)
    widths = (256, 512) if quick else (128, 256, 512, 1024)
    depths = (1, 2, 3) if quick else (1, 2, 3, 4)
    found = []
    for name in ("EP-2h", "C-EP-2h"):
        row = row_named(name)
        inputs, width, *_, outputs = row.sizes
        rate = row.learning_rates[0]
        found += [("batch size", b, row.changed(batch=b)) for b in sizes]
        found += [("width", w, row.changed(sizes=(inputs, w, w, outputs))) for w in widths]
        found += [
            (
                "hidden layers",
                d,
                row.changed(
                    sizes=(inputs, *[width] * d, outputs), learning_rates=(rate,) * (d + 1)
                ),
            )
            for d in depths
        ]
    return found


def measure_variant(
    data: Dataset, varied: str, value: int, row: Row, *, turns: int
) -> dict[str, Any]:
    """Milliseconds of one mini-batch, and its floor."""
    works = {
        "engine": Work(engine_work(data, row), 1),
        "product": Work(product_work(row), 50),
    }
    seconds = interleaved(works, turns)
    floor = per_mini_batch(row) / product(*largest_product(row))
    return {
        "rule": row.rule,
        "varied": varied,
        "value": value,
        "layers": row.layers,
        "batch": row.batch,
        "engine_ms": asdict(Spread.of([1e3 * s for s in seconds["engine"]])),
        "floor_ms": asdict(Spread.of([1e3 * floor * s for s in seconds["product"]])),
    }


def curves(data: Dataset, *, quick: bool, turns: int) -> list[dict[str, Any]]:
    """Milliseconds of both sides of the theorem for one sample, against T and K, in float64."""
    row = row_named("C-EP-1h")
    network = row.network
    parameters = row.initial(0, torch.float64)
    x = as_input(data.train_images[:1], torch.float64)
    y = one_hot(data.train_labels[:1], row.sizes[-1], torch.float64)
    results = []
    for free_steps, steps in [(150, k) for k in ((5, 10, 20) if quick else (5, 10, 20, 40, 80))] + [
        (t, 10) for t in ((50, 300) if quick else (50, 300, 600, 1200))
    ]:
        before = free_phase(network, x, parameters, steps=free_steps - steps).state
        steady = free_phase(network, x, parameters, steps=steps, start=before).state
        problem = Problem(network, x, y, parameters, steady=steady)
        works = {
            "free phase": Work(lambda t=free_steps: free_phase(network, x, parameters, steps=t), 1),
            "delta": Work(
                lambda p=problem, k=steps: delta(
                    p, row.procedure.rule, beta=0.01, kappa=0, steps=k
                ),
                1,
            ),
            "nabla": Work(lambda p=problem, s=before, k=steps: nabla(p, steps=k, start=s), 1),
        }
        seconds = interleaved(works, turns)
        milliseconds = {n: 1e3 * Spread.of(s).median for n, s in seconds.items()}
        results.append({"T": free_steps, "K": steps, "milliseconds": milliseconds})
    return results


def _worker(barrier: Barrier, count: int, results: Any) -> None:
    torch.set_num_threads(1)
    learn = engine_work(embedded(), row_named("EP-2h"))
    learn()
    barrier.wait()
    started = time.monotonic()
    for _ in range(count):
        learn()
    results.put(count / (time.monotonic() - started))


def side_by_side(processes: int, count: int) -> float:
    """Mini-batches of EP-2h per second of the wall, together, of several processes."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(processes), context.Queue()
    workers = [
        context.Process(target=_worker, args=(barrier, count, results)) for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    total = sum(results.get(timeout=600) for _ in workers)
    for worker in workers:
        worker.join()
    return total


def on_gpu(data: Dataset, *, seeds: int, count: int) -> dict[str, Any]:
    """EP-2h and C-EP-2h, several seeds at once on a GPU, or why that was not measured."""
    if not torch.cuda.is_available():
        return {"measured": False, "reason": "PyTorch finds no GPU on this machine"}
    measured = []
    for name in ("EP-2h", "C-EP-2h"):
        row = row_named(name)
        several = [
            {k: v.cuda() for k, v in row.initial(seed, torch.float32).items()}
            for seed in range(seeds)
        ]
        engine = batched_engine(row.network, row.procedure, several, row.rates(several[0]))
        x = as_input(data.train_images[: row.batch * seeds], torch.float32)
        y = one_hot(data.train_labels[: row.batch * seeds], row.sizes[-1], torch.float32)
        x, y = (v.reshape(seeds, row.batch, -1).cuda() for v in (x, y))
        engine.learn(x, y)
        torch.cuda.synchronize()
        started = time.monotonic()
        for _ in range(count):
            engine.learn(x, y)
        torch.cuda.synchronize()
        seconds = (time.monotonic() - started) / count
        measured.append({"row": name, "seeds": seeds, "ms_per_mini_batch": 1e3 * seconds})
    return {"measured": True, "device": torch.cuda.get_device_name(), "rows": measured}
