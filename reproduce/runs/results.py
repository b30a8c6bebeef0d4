"""The results of long runs, in small copies that are committed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cep_core.files import write_text
from reproduce.runs.directory import essence, hash_of
from reproduce.runs.files import RunError, read_results
from reproduce.runs.row import SpecError, row_named

COMMITTED = Path("reports") / "results"
"""Where the results of long runs are committed, relative to the checkout."""


def committed(folder: Path = COMMITTED) -> dict[Path, dict[str, Any]]:
    """Return the results that are committed, by path; none if there is no such folder.

    Raises:
        RunError: a file is not the results of a run.

    """
    return {path: read_results(path) for path in sorted(folder.glob("*/*.json"))}


def name_of(results: dict[str, Any]) -> Path:
    """Return where results are committed: their row, what differs from it, and their seed.

    Results of a row that does not come with the project are told apart by their hash.
    """
    spec, row = results["identity"]["spec"], results["row"]
    try:
        published = essence({"spec": row_named(row).as_json()})["spec"]
    except SpecError:
        return Path(row) / f"{results['hash'][:12]}-seed{results['seed']}.json"
    ours = essence({"spec": spec})["spec"]
    changed = [
        f"{field}-{ours.get(field)}"
        for field in sorted(ours.keys() | published.keys())
        if ours.get(field) != published.get(field)
    ]
    return Path(row) / ("-".join([*changed, f"seed{results['seed']}"]) + ".json")


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
        path = into / name_of(results)
        same = found.get(path) or (read_results(path) if path.exists() else None)
        if same is not None and _run(same) != _run(results):
            raise RunError(
                f"{source}: expected the run of {path}, {same['hash'][:12]}, found another, "
                f"{results['hash'][:12]}; give each its own folder by --out"
            )
        if same is None or same["epochs"] < results["epochs"]:
            write_text(path, _compact(results))
            found[path] = results
        else:
            found[path] = same
    return sorted(found.items())


def _run(results: dict[str, Any]) -> str:
    return hash_of(essence(results["identity"]))


def _compact(results: dict[str, Any]) -> str:
    """JSON with a line for each field, so that a history is one line."""
    fields = (f" {json.dumps(key)}: {json.dumps(value)}" for key, value in results.items())
    return "{\n" + ",\n".join(fields) + "\n}\n"
