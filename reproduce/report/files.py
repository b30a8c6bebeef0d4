"""The files beside the page: each once, and those that an earlier release holds by reference.

A report keeps what a reader may want to compute with: the plotted numbers, the tables, and the
notebooks as they were before they ran. Drawings are inside the page, but for one picture.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from reproduce.figures.notebooks import without_outputs
from reproduce.report.earlier import releases

if TYPE_CHECKING:
    from reproduce.report.assemble import Gathered

KEPT = frozenset({".csv", ".ipynb"})
"""Kinds of files that are kept beside the page; and the numbers that a stage's notebooks read."""

PICTURE = "figures/error-beta/error-beta.svg"
"""The drawing that is kept too, for who shows one of the project."""


class Kept(TypedDict):
    """A file of a report.

    Attributes:
        sha256: of its contents.
        report: the label of the report that holds it.

    """

    sha256: str
    report: str


def keep_files(gathered: Gathered, reports: Path, folder: Path, label: str) -> dict[str, Kept]:
    """Write what belongs to the stages, by their records, and nothing else that lies there.

    Args:
        gathered: the stages.
        reports: the folder of reports; what a release in it holds is not written again.
        folder: where the new report is assembled.
        label: of the new report.

    Returns:
        Every file by its path in a report.

    """
    held = [folder for folder in reversed(releases(reports)) if folder.name != label]
    found: dict[str, Kept] = {}
    for name, standing in gathered.stages.items():
        if standing is None:
            continue
        for file in sorted(standing.stage.files.keys() - set(standing.foreign)):
            path = f"{name}/{file}"
            numbers = Path(file).suffix == ".json" and Path(file).parent == Path()
            if Path(file).suffix in KEPT or numbers or path == PICTURE:
                contents = _contents(gathered.folder / name / file)
                found[path] = _kept(path, contents, held, folder, label)
    return found


def _contents(path: Path) -> bytes:
    if path.suffix == ".ipynb":
        return without_outputs(path.read_text(encoding="utf-8")).encode()
    return path.read_bytes()


def _kept(path: str, contents: bytes, held: list[Path], folder: Path, label: str) -> Kept:
    digest = hashlib.sha256(contents).hexdigest()
    for release in held:
        same = release / path
        if same.is_file() and hashlib.sha256(same.read_bytes()).hexdigest() == digest:
            return {"sha256": digest, "report": release.name}
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(contents)
    return {"sha256": digest, "report": label}


def link(kept: dict[str, Kept], path: str, label: str) -> str:
    """Where a page of report ``label`` finds a file; empty if no report holds it."""
    if path not in kept:
        return ""
    holder = kept[path]["report"]
    return path if holder == label else f"../{holder}/{path}"
