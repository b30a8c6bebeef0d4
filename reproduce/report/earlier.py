"""A report that has been written: what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cep_core.check.verdicts import Check
from cep_core.documents import read_json
from cep_core.fields import FieldError, Fields, text
from reproduce.stages import check_of, digests_of

MANIFEST, VERDICTS = "manifest.json", "verdicts.json"


@dataclass(frozen=True)
class Earlier:
    """A report on the disk.

    Attributes:
        folder: where it is.
        label: its name.
        written: when, ISO 8601.
        manifest: its provenance, as it is.
        sources: digest of every source that its stages ran, by path; empty before 0.2.0.
        stages: what it says of every stage.
        checks: of every stage.
        published: what it says of every published number, a word and a line; empty before 0.2.0.

    """

    folder: Path
    label: str
    written: str
    manifest: dict[str, Any]
    sources: dict[str, str]
    stages: dict[str, str]
    checks: dict[str, tuple[Check, ...]]
    published: dict[str, tuple[str, str]]


def read_report(folder: Path) -> Earlier:
    """Read a report's two JSON files.

    Raises:
        FieldError: one of them is missing, or not what a report writes.

    """
    if not folder.is_dir():
        raise FieldError(f"{folder}: expected the folder of a report, found none")
    manifest, verdicts = read_json(folder / MANIFEST), read_json(folder / VERDICTS)
    stages = verdicts.table("stages")
    checks = verdicts.table("checks")
    return Earlier(
        folder,
        manifest.get("label", text()),
        manifest.get("written", text()),
        manifest.values,
        digests_of(manifest, "sources"),
        {name: stages.get(name, text()) for name in stages.values},
        {name: _checks(checks, name) for name in checks.values},
        {
            name: (row.get("verdict", text()), row.get("told", text()))
            for name, row in verdicts.named("published", {}).items()
        },
    )


def _checks(fields: Fields, stage: str) -> tuple[Check, ...]:
    return tuple(check_of(check) for check in fields.tables(stage, 0))


def reports_in(reports: Path) -> list[Earlier]:
    """Every report of a folder, the one written last at the end; others are passed over."""
    found = []
    for manifest in reports.glob(f"*/{MANIFEST}"):
        try:
            found.append(read_report(manifest.parent))
        except (FieldError, OSError):
            continue
    return sorted(found, key=lambda report: (report.written, report.label))


def is_release(label: str) -> bool:
    """Whether a report is a version's, and not that of a commit between two."""
    return "+" not in label


def releases(reports: Path) -> list[Path]:
    """Folders of the versions' reports, the newest version at the end."""
    found = [path.parent for path in reports.glob(f"*/{MANIFEST}") if is_release(path.parent.name)]
    return sorted(found, key=lambda folder: (_version(folder.name), folder.name))


def _version(label: str) -> list[int]:
    return [int(part) if part.isdecimal() else -1 for part in label.split(".")]
