"""Stages of the main job: each leaves one folder with a ``stage.json`` that the report reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cep_core.check.record import Begun, write_stage
from cep_core.check.verdicts import Check, Verdict, combine
from cep_core.documents import read_json
from cep_core.fields import Fields, Kind, flag, number, one_of, optional, text
from cep_core.provenance import code_of

__all__ = ["STAGES", "Stage", "begin", "read_stage", "write_stage"]

STAGES = Path("build") / "stages"
"""Where the stages of the main job leave their results, relative to the checkout."""

LONGEST_SECONDS = 1e9

_VERDICTS = {str(verdict): verdict for verdict in Verdict}


def begin(*roots: Path) -> Begun:
    """Begin a stage whose results depend on these sources and all that they import."""
    return Begun(code_of(*roots))


def _moment(value: Any) -> str:
    moment = text(0).convert(value)
    if moment and not 1970 <= datetime.fromisoformat(moment).year < 3000:  # noqa: PLR2004 - years
        raise ValueError
    return moment


_MOMENT = Kind("a time in ISO 8601", _moment)


@dataclass(frozen=True)
class Stage:
    """What a stage left, checked.

    Attributes:
        stage: its name.
        seconds: how long it took.
        checks: its checks; the verdict is theirs, whatever the file says besides.
        details: what else it left for the report, as it is.
        ran: when it began; None in the record of an older version.
        commit: of the code that ran; None outside a checkout.
        tree_is_clean: whether that was all of the code; None outside a checkout.
        sources: digest of every source, by path in the checkout; empty in an older record.
        selection: what was asked for, where that was not everything.
        inputs: digest of what it read of other stages, by path.
        files: digest of what it left, by path in its folder.

    """

    stage: str
    seconds: float
    checks: tuple[Check, ...]
    details: dict[str, Any] = field(default_factory=dict)
    ran: str | None = None
    commit: str | None = None
    tree_is_clean: bool | None = None
    sources: dict[str, str] = field(default_factory=dict)
    selection: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the checks."""
        return combine(check.verdict for check in self.checks)


def read_stage(folder: Path, name: str | None = None) -> Stage | None:
    """Return what ``folder/stage.json`` holds, or None if the stage has not run.

    Args:
        folder: the stage's folder.
        name: of the stage; that of the folder unless given.

    Raises:
        FieldError: the file exists and is not the record of this stage; the message names it.

    """
    path = folder / "stage.json"
    if not path.is_symlink() and not path.exists():
        return None
    fields = read_json(path)
    found, expected = fields.get("stage", text()), name or folder.name
    if found != expected:
        raise fields.fault("stage", f"{expected!r}, as its folder says", repr(found))
    return Stage(
        found,
        fields.get("seconds", number(0, LONGEST_SECONDS)),
        tuple(check_of(check) for check in fields.tables("checks", 0)),
        fields.table("details", {}).values,
        selection=fields.table("selection", {}).values,
        inputs=digests_of(fields, "inputs"),
        files=digests_of(fields, "files"),
        **code_fields(fields),
    )


def code_fields(fields: Fields) -> dict[str, Any]:
    """When a record says that its stage ran and with which code, as fields of :class:`Stage`."""
    code = fields.table("code", {})
    return {
        "ran": fields.get("ran", _MOMENT, "") or None,
        "commit": code.get("commit", optional(text()), None),
        "tree_is_clean": code.get("tree_is_clean", optional(flag()), None),
        "sources": digests_of(code, "sources"),
    }


def check_of(fields: Fields) -> Check:
    """A check of a record."""
    return Check(
        fields.get("name", text()),
        fields.get("statement", text()),
        fields.get("verdict", one_of(_VERDICTS)),
        fields.table("numbers", {}).values,
        fields.get("reason", text(0), ""),
        fields.get("seconds", number(0, LONGEST_SECONDS), 0.0),
    )


def digests_of(fields: Fields, name: str) -> dict[str, str]:
    """Digests by path of a table of a record; empty without it."""
    table = fields.table(name, {})
    return {key: table.get(key, text()) for key in table.values}
