"""The results of long runs, in small copies that are committed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cep_core.files import write_text
from cep_core.runs.directory import essence, hash_of
from cep_core.runs.files import RunError, read_results
from cep_core.runs.row import SpecError, row_named

COMMITTED = Path("reports") / "results"
"""Where the results of long runs are committed, relative to the checkout."""


def committed(folder: Path = COMMITTED) -> dict[Path, dict[str, Any]]:
    """Return the results that are committed, by path; none if there is no such folder.

    Raises:
        RunError: a file is not the results of a run.

    """
    return {path: read_results(path) for path in sorted(folder.glob("*/*.json"))}


def name_of(row: str, seed: int, identity: Mapping[str, Any]) -> Path:
    """Return where a run's results are committed: its row, what differs from it, and its seed.

    Runs of a row that does not come with the project are told apart by their hash.
    """
    ours = essence(dict(identity))
    try:
        published = essence({"spec": row_named(row).as_json()})["spec"]
    except SpecError:
        return Path(row) / f"{hash_of(ours)[:12]}-seed{seed}.json"
    spec = ours["spec"]
    changed = [
        f"{field}-{spec.get(field)}"
        for field in sorted(spec.keys() | published.keys())
        if spec.get(field) != published.get(field)
    ]
    return Path(row) / ("-".join([*changed, f"seed{seed}"]) + ".json")


def collect(runs: Path, into: Path) -> list[tuple[Path, dict[str, Any]]]:
    """Copy the results of every run below a folder, as far as it has come.

    Args:
        runs: searched for run directories at any depth.
        into: folder of the copies; a copy of the same run that is as long stays as it is.

    Returns:
        Path and contents of every result found, in the order of their paths.

    Raises:
        RunError: a file is of another shape, or two different runs would have the same copy.

    """
    found: dict[Path, dict[str, Any]] = {}
    for source in sorted(runs.rglob("results.json")):
        results = read_results(source)
        path = into / name_of(results["row"], results["seed"], results["identity"])
        same = found.get(path) or (read_results(path) if path.exists() else None)
        if same is not None and _run(same) != _run(results):
            raise RunError(
                f"{source}: expected the run of {path}, {same['hash'][:12]}, found another, "
                f"{results['hash'][:12]}; give each its own folder by --out"
            )
        if same is None or same["epochs"] < results["epochs"]:
            write_text(path, compact(results))
            found[path] = results
        else:
            found[path] = same
    return sorted(found.items())


def _run(results: dict[str, Any]) -> str:
    return hash_of(essence(results["identity"]))


def compact(results: dict[str, Any]) -> str:
    """JSON with a line for each field, so that a history is one line."""
    fields = (f" {json.dumps(key)}: {json.dumps(value)}" for key, value in results.items())
    return "{\n" + ",\n".join(fields) + "\n}\n"
