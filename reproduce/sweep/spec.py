"""What a sweep trains, read from TOML: rows by seeds by every combination of what is varied."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from cep_core.data.mnist import Dataset
from cep_core.documents import read_toml
from cep_core.fields import Fields, choice, sequence, shown, text, whole
from cep_core.runs.row import Row, SpecError, kinds, row_named
from cep_core.runs.train import DTYPES, Request
from cep_core.training.engine import EngineName
from reproduce.runs.jobs import Job, job

MOST_RUNS = 100_000
FIXED = frozenset({"name", "title", "epochs"})
"""Fields of a row that are not varied: they make no other run."""


@dataclass(frozen=True)
class Block:
    """A part of a sweep: every seed with every row with every combination.

    Attributes:
        rows: what is trained, with every combination of what is varied.
        seeds: of each.
        epochs: of each; None for the row's own number.
        options: the other fields of :class:`cep_core.runs.train.Request`.

    """

    rows: tuple[Row, ...]
    seeds: tuple[int, ...]
    epochs: int | None
    options: dict[str, Any]


def read_sweep(path: Path) -> list[Block]:
    """Read a sweep: a list ``runs`` of tables with ``rows``, ``seeds`` and what else there is.

    A table may have ``epochs``, ``engine``, ``dtype`` and a table ``vary`` that gives fields of the
    rows lists of values. Rows are names or ``.toml`` files, relative to the sweep's own folder.

    Raises:
        SpecError: the file is missing or not TOML, or a field is unknown, missing, of the wrong
            type or out of range, or a combination contradicts itself.

    """
    fields = read_toml(path, SpecError)
    blocks = [_block(path, table) for table in fields.tables("runs")]
    fields.done()
    count = sum(len(block.rows) * len(block.seeds) for block in blocks)
    if count > MOST_RUNS:
        raise SpecError(f"{path}: runs: expected at most {MOST_RUNS} runs in all, found {count}")
    return blocks


def jobs_of(blocks: list[Block], data: Dataset, runs: Path, epochs: int | None = None) -> list[Job]:
    """Return every run of a sweep once, block by block, all rows of one seed before the next seed.

    Args:
        blocks: as :func:`read_sweep` returns them.
        data: what is trained on.
        runs: folder of the run directories.
        epochs: of every run, whatever the sweep says.

    """
    found: dict[Path, Job] = {}
    for block in blocks:
        for seed, row in itertools.product(block.seeds, block.rows):
            wanted = epochs or block.epochs
            new = job(Request(row, seed, **block.options), data, runs, wanted)
            known = found.get(new.folder)
            if known is None or known.epochs < new.epochs:
                found[new.folder] = new
    return list(found.values())


def _block(path: Path, table: Fields) -> Block:
    names = table.get("rows", sequence(text()))
    seeds = table.get("seeds", sequence(whole(0, 2**63 - 1)))
    epochs = whole(1).convert(table.get("epochs", whole(1))) if "epochs" in table.values else None
    options = {
        "engine": table.get("engine", choice(*get_args(EngineName)), "fast"),
        "dtype": table.get("dtype", choice(*DTYPES), "float32"),
    }
    vary = table.table("vary", {})
    known = {name: kind for name, kind in kinds().items() if name not in FIXED}
    for name in vary.values:
        if name in known:
            vary.get(name, sequence(known[name]))
    vary.done(known)
    table.done()
    rows = tuple(row for name in names for row in _varied(path, table, name, vary.read))
    return Block(rows, seeds, epochs, options)


def _varied(path: Path, table: Fields, name: str, vary: dict[str, Any]) -> Iterator[Row]:
    near = path.parent / name
    try:
        row = row_named(str(near) if name.endswith(".toml") and near.exists() else name)
    except SpecError as error:
        raise SpecError(f"{path}: {table.place}.rows: {error}") from None
    for values in itertools.product(*vary.values()):
        changes = dict(zip(vary, values, strict=True))
        try:
            yield row.changed(**changes)
        except SpecError as error:
            told = ", ".join(f"{field} {shown(value)}" for field, value in changes.items())
            raise SpecError(f"{path}: {table.place}.vary: {name} with {told}: {error}") from None
