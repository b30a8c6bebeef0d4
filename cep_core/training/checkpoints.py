"""Checkpoints: parameters and a JSON record in one safetensors file, verified when read.

A checkpoint says which run and which epoch it belongs to and carries a digest of its contents, so
that one that is truncated, altered, renamed or from another run is recognised. Reading one runs no
code: safetensors holds numbers, the record is JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialized

from cep_core.fields import opened, shown
from cep_core.files import parse_json, write_bytes

KEEP = 2
"""How many of the newest checkpoints of a run are kept."""


class CheckpointError(ValueError):
    """A checkpoint that cannot be trusted; the text names the file and what is wrong with it."""


@dataclass(frozen=True)
class Checkpoint:
    """A run's state at the end of an epoch.

    Attributes:
        epoch: how many epochs have been trained.
        parameters: by name, on the CPU; what a rule remembers is among them.
        record: what else is to be kept, JSON-able.

    """

    epoch: int
    parameters: dict[str, torch.Tensor]
    record: dict[str, Any]


def path_of(folder: Path, epoch: int) -> Path:
    """Return where the checkpoint of an epoch lies."""
    return folder / f"checkpoint-{epoch:04d}.safetensors"


def save(
    folder: Path,
    checkpoint: Checkpoint,
    *,
    run: str,
    is_kept: Callable[[int], bool] = lambda _: False,
) -> Path:
    """Write a checkpoint atomically and remove those that are older than the newest :data:`KEEP`.

    Args:
        folder: the run's folder; it must be there.
        checkpoint: what to write.
        run: identity of the run, any text; reading asks for the same.
        is_kept: tells of an epoch whether its checkpoint is kept nevertheless.

    Returns:
        The file's path.

    """
    parameters = {name: value.contiguous() for name, value in checkpoint.parameters.items()}
    head = _head(run, checkpoint.epoch, checkpoint.record)
    path = path_of(folder, checkpoint.epoch)
    metadata = {"head": head, "sha256": _digest(head, parameters)}
    # As bytes: safetensors' own writer leaves temporary files and raises no OSError on a full disk.
    write_bytes(path, serialized(parameters, metadata), parents=False)
    for other in _files(folder):
        if _epoch_of(other) <= checkpoint.epoch - KEEP and not is_kept(_epoch_of(other)):
            other.unlink(missing_ok=True)
    return path


def read(path: Path, *, run: str) -> Checkpoint:
    """Read a checkpoint and verify that it is whole and belongs to this run and its name's epoch.

    Raises:
        CheckpointError: it is missing, truncated, altered, or belongs elsewhere.

    """
    try:
        with opened(path, "a whole safetensors file", CheckpointError):
            pass  # it is one, and no FIFO
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            parameters = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{path}: expected a whole safetensors file, found: {' '.join(str(error).split())}"
        ) from error
    head = metadata.get("head", "")
    found = _digest(head, parameters)
    if metadata.get("sha256") != found:
        raise CheckpointError(
            f"{path}: SHA-256 of the contents: expected {shown(metadata.get('sha256'))}, found "
            f"{found!r} (altered, or not a checkpoint)"
        )
    fields = _fields(path, head)
    for field, expected in (("run", run), ("epoch", _epoch_of(path))):
        if fields[field] != expected:
            raise CheckpointError(
                f"{path}: {field}: expected {shown(expected)}, "
                f"found {shown(fields[field])} (swapped)"
            )
    return Checkpoint(fields["epoch"], parameters, fields["record"])


def latest(
    folder: Path,
    *,
    run: str,
    warn: Callable[[str], object],
    why_unfit: Callable[[Checkpoint], str | None] = lambda _: None,
) -> Checkpoint | None:
    """Return the newest sound checkpoint of a run, or None if there is none.

    Args:
        folder: the run's folder.
        run: identity of the run.
        warn: told, in one line, of every newer one that is not sound.
        why_unfit: says why a whole one cannot be used, or None.

    """
    found = latest_common([(folder, run)], warn=warn, why_unfit=why_unfit)
    return found[0] if found else None


def latest_common(
    runs: Sequence[tuple[Path, str]],
    *,
    warn: Callable[[str], object],
    why_unfit: Callable[[Checkpoint], str | None] = lambda _: None,
) -> list[Checkpoint]:
    """Return the checkpoints of the newest epoch of which every run has a sound one, if any.

    Args:
        runs: folder and identity of every run.
        warn: as for :func:`latest`.
        why_unfit: likewise.

    """
    epochs = [{_epoch_of(path) for path in _files(folder)} for folder, _ in runs]
    for epoch in sorted(set.intersection(*epochs), reverse=True):
        found = []
        for folder, run in runs:
            path = path_of(folder, epoch)
            try:
                checkpoint = read(path, run=run)
            except CheckpointError as error:
                warn(f"checkpoint not used: {error}")
                continue
            reason = why_unfit(checkpoint)
            if reason is None:
                found.append(checkpoint)
            else:
                warn(f"checkpoint not used: {path}: {reason}")
        if len(found) == len(runs):
            return found
    return []


def _fields(path: Path, head: str) -> dict[str, Any]:
    """Read a checkpoint's head and verify its shape."""
    try:
        fields = parse_json(head)
    except ValueError:
        fields = None
    kinds = {"run": str, "epoch": int, "record": dict}
    if not isinstance(fields, dict) or not all(
        type(fields.get(field)) is kind for field, kind in kinds.items()
    ):
        raise CheckpointError(
            f"{path}: head: expected a JSON object with {', '.join(kinds)}, found {shown(head)}"
        )
    return fields


def _head(run: str, epoch: int, record: dict[str, Any]) -> str:
    return json.dumps({"run": run, "epoch": epoch, "record": record}, allow_nan=False)


def _digest(head: str, parameters: dict[str, torch.Tensor]) -> str:
    digest = hashlib.sha256(head.encode())
    for name in sorted(parameters):
        value = parameters[name]
        digest.update(f"\n{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.reshape(-1).contiguous().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    return [p for p in folder.glob("checkpoint-*.safetensors") if _number(p).isdecimal()]


def _number(path: Path) -> str:
    return path.stem.removeprefix("checkpoint-")


def _epoch_of(path: Path) -> int:
    return int(_number(path))
