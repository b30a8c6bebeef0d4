"""Training several seeds of a row at once, as one batched run, each into a directory of its own.

Batched products round otherwise than single ones, so that which seeds run together is part of what
each of their directories is. Order of the samples and initial parameters are those of each seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import torch

from cep_core.data.mnist import Dataset
from cep_core.fast import BatchedEngine, batched_engine, out_of_reach
from cep_core.networks import Prototypical
from cep_core.runs.directory import claimed, results_in
from cep_core.runs.epochs import AtOnce, Show, train_epochs
from cep_core.runs.files import RunError
from cep_core.runs.record import Recorder
from cep_core.runs.row import Row
from cep_core.runs.subject import of_row
from cep_core.runs.train import DTYPES, Request, check_fit, identity_of


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
        options: the other fields of :class:`cep_core.runs.train.Request`.

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
    found = [results_in(folder, identity, wanted) for folder, identity in places]
    if None not in found:
        return [results for results in found if results is not None]
    dtype = DTYPES[requests[0].dtype]
    with ExitStack() as held:
        claims = {
            folder: held.enter_context(claimed(folder, identity))
            # what is there is checked before anything is made
            for folder, identity in sorted(places, key=lambda place: not place[0].exists())
        }
        subject = of_row(row)
        runs = [
            Recorder(claims[folder], subject, data, seed=request.seed)
            for folder, request in zip(folders, requests, strict=True)
        ]
        learners = AtOnce(_engine(requests))
        return train_epochs(learners, runs, subject, data, dtype, wanted, show=show)


def _engine(requests: Sequence[Request]) -> BatchedEngine:
    first = requests[0]
    network = cast("Prototypical", first.row.network)  # several() has asked whether it is
    parameters = [
        {
            name: value.to(first.device)
            for name, value in request.row.initial(request.seed, DTYPES[request.dtype]).items()
        }
        for request in requests
    ]
    return batched_engine(network, first.row.procedure, parameters, first.row.rates(parameters[0]))
