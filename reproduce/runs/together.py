"""Training several seeds of a row at once, as one batched run, each into a directory of its own.

Batched products round otherwise than single ones, so that which seeds run together is part of what
each of their directories is. Order of the samples and initial parameters are those of each seed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from cep_core.training.checkpoints import Checkpoint, CheckpointError, latest, path_of, read, save
from cep_core.data.mnist import Dataset
from cep_core.fast import BatchedEngine, batched_engine, out_of_reach
from cep_core.training.together import error_rates, train_epoch_together
from cep_core.networks import Prototypical
from cep_core.training.epochs import Samples, epoch_plan, first_not_finite
from reproduce.terminal import progress
from reproduce.runs.directory import RunError, claim, finished, hash_of
from reproduce.runs.train import DTYPES, DivergedError, Request, Show, check_fit, identity_of, write_results
from reproduce.runs.row import Row
from reproduce.terminal import say


def why_not_batched(row: Row) -> str | None:
    """Say why the seeds of a row cannot be trained as one batched run, or return None."""
    if row.positive_probability not in {0, 1}:
        return (
            "positive_probability: expected 0 or 1, as the seeds of a batched run share the sign "
            f"of beta, found {row.positive_probability}"
        )
    return out_of_reach(row.network, row.procedure, row.initial(0, torch.float32))


def several(row: Row, seeds: Sequence[int], **options: Any) -> list[Request]:
    """Return the requests of one batched run, ordered by seed.

    Args:
        row: the specification.
        seeds: two or more different ones.
        options: the other fields of :class:`reproduce.runs.train.Request`.

    Raises:
        RunError: the seeds repeat, or the row cannot be trained in this way; the text says why.

    """
    if len(seeds) == 1 or len(set(seeds)) < len(seeds):
        found = ", ".join(map(str, seeds))
        raise RunError(f"seed: expected different ones in a batched run, found {found}")
    reason = why_not_batched(row)
    if reason is not None:
        raise RunError(f"{row.name}: {reason}; train its seeds one after another")
    ordered = tuple(sorted(seeds))
    requests = [Request(row, seed, together=ordered, **options) for seed in ordered]
    if requests[0].engine != "fast":
        raise RunError(f"engine: expected fast in a batched run, found {requests[0].engine}")
    return requests


def train_together(
    requests: Sequence[Request],
    data: Dataset,
    folders: Sequence[Path],
    *,
    epochs: int | None = None,
    show: Show = "all",
) -> list[dict[str, Any]]:
    """Train all seeds until ``epochs`` epochs are done, from wherever their directories stand.

    Args:
        requests: as :func:`several` makes them.
        data: what to train on.
        folders: one directory per request; made if there is none.
        epochs: how many in all; the row's own number unless given.
        show: what is said meanwhile.

    Returns:
        The contents of every ``results.json``; from disk, at once, if all are already that long.
        Their seconds are each seed's share of the batched run's.

    Raises:
        RunError: a directory belongs to something else, or data and row do not fit.
        DivergedError: a parameter is not finite; the last sound epoch of every seed stays.

    """
    row = requests[0].row
    wanted = row.epochs if epochs is None else epochs
    check_fit(row, data, wanted)
    identities = [identity_of(request, "fast", data) for request in requests]
    places = list(zip(folders, identities, strict=True))
    for folder, identity in sorted(places, key=lambda place: not place[0].exists()):
        claim(folder, identity)  # what is there is checked before anything is made
    done = [finished(folder, hash_of(identity)) for folder, identity in places]
    found = [results for results in done if results is not None and results["epochs"] >= wanted]
    if len(found) == len(requests):
        return found
    histories = _train(requests, data, places, wanted, show)
    return [
        results
        if results is not None and results["epochs"] > len(history["test_error"])
        else write_results(request, data, folder, identity, history)
        for request, (folder, identity), history, results in zip(
            requests, places, histories, done, strict=True
        )
    ]


def _train(
    requests: Sequence[Request],
    data: Dataset,
    places: Sequence[tuple[Path, dict[str, Any]]],
    wanted: int,
    show: Show,
) -> list[dict[str, list[float]]]:
    first, row, engine = requests[0], requests[0].row, _engine(requests)
    dtype, device = DTYPES[first.dtype], torch.device(first.device)
    name = f"{row.name} seeds {', '.join(str(request.seed) for request in requests)}"
    runs = [(folder, hash_of(identity)) for folder, identity in places]
    histories: list[dict[str, list[float]]] = [
        {"test_error": [], "train_error": [], "seconds": []} for _ in requests
    ]
    begun, checkpoints = 0, _common(runs)
    if checkpoints:
        begun = checkpoints[0].epoch
        histories = [checkpoint.record["history"] for checkpoint in checkpoints]
        engine.load([checkpoint.parameters for checkpoint in checkpoints])
        if show != "warnings":
            say(f"{name}: resumed after epoch {begun}")
    train_samples = Samples(data.train_images, data.train_labels).to(device)
    test_samples = Samples(data.test_images, data.test_labels).to(device)
    for epoch in range(begun + 1, wanted + 1):
        started = time.monotonic()
        plans = [
            epoch_plan(
                seed=request.seed,
                epoch=epoch,
                samples=len(train_samples),
                batch=row.batch,
                positive_probability=row.positive_probability,
            )
            for request in requests
        ]
        what = f"{name}: epoch {epoch}/{wanted}"
        with progress(what, len(train_samples), "image", quiet=show != "all") as advance:
            train_errors = train_epoch_together(
                engine,
                train_samples,
                plans,
                batch=row.batch,
                classes=row.sizes[-1],
                dtype=dtype,
                progress=advance,
            )
        learned = [{n: v.cpu() for n, v in theta.items()} for theta in engine.parameters()]
        for request, parameters in zip(requests, learned, strict=True):
            lost = first_not_finite(parameters)
            if lost is not None:
                raise DivergedError(
                    f"{row.name} seed {request.seed} diverged in epoch {epoch}: {lost} is not "
                    f"finite; the epochs before are kept. Likely causes: learning rates or beta "
                    "too large"
                )
        test_errors = error_rates(engine, test_samples, dtype=dtype)
        seconds = round((time.monotonic() - started) / len(requests), 3)
        for history, test, trained in zip(histories, test_errors, train_errors, strict=True):
            history["test_error"].append(test)
            history["train_error"].append(trained)
            history["seconds"].append(seconds)
        for (folder, run), parameters, history in zip(runs, learned, histories, strict=True):
            save(folder, Checkpoint(epoch, parameters, {"history": history}), run=run)
        if show != "warnings":
            errors = ", ".join(f"{error:.2f}" for error in test_errors)
            say(f"{what}: test errors {errors} % ({seconds * len(requests):.1f} s)")
    return histories


def _engine(requests: Sequence[Request]) -> BatchedEngine:
    first, network = requests[0], requests[0].row.network
    assert isinstance(network, Prototypical)
    parameters = [
        {
            name: value.to(first.device)
            for name, value in request.row.initial(request.seed, DTYPES[request.dtype]).items()
        }
        for request in requests
    ]
    return batched_engine(network, first.row.procedure, parameters, first.row.rates(parameters[0]))


def _common(runs: Sequence[tuple[Path, str]]) -> list[Checkpoint]:
    """Checkpoints of the newest epoch that every seed has; they were saved one after another."""
    newest = [latest(folder, run=run, warn=say) for folder, run in runs]
    for epoch in range(min(0 if found is None else found.epoch for found in newest), 0, -1):
        try:
            return [read(path_of(folder, epoch), run=run) for folder, run in runs]
        except CheckpointError:  # named by latest, or removed as too old
            continue
    return []
