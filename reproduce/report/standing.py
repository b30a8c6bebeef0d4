"""What a report may say of a stage: the verdict of its checks, and whether it is about this code.

A stage is *stale* if its sources, or what it compared, have changed since it ran, and *partial* if
not everything was asked for. Neither is a pass. What should be there and is not was *not run*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from cep_core.check.verdicts import Check, Verdict
from cep_core.documents import read_json
from cep_core.fields import Fields, number, one_of, optional, sequence, table, text, whole
from cep_core.provenance import changed_since, digest_inside
from cep_core.runs.provenance import provenance_of_code
from reproduce import derivation, regress
from reproduce.figures.kinds import read_figures
from reproduce.homeostasis import settings as homeostasis
from reproduce.stages import Stage, code_fields, read_stage
from reproduce.table.results import TIERS
from reproduce.trainings.comparison import Answer
from theory.pool import gather
from theory.proof.check import HERE as PROOF
from theory.proof.statements import load

REQUIRED = (
    "verify",
    "theory",
    "derivation",
    "figures",
    "table",
    "trainings",
    "homeostasis",
    "regression",
)
"""Stages without which the main job is not done, in the order of the report."""

OPTIONAL = ("proof", "table-full", "benchmarks")
"""Stages that need what not every machine has: Coq, hours of training, an idle processor."""

NOT_RUN = str(Verdict.NOT_RUN)
STALE, PARTIAL = "stale", "partial"

WORST_FIRST = (
    *map(str, (Verdict.FAIL, Verdict.INCONCLUSIVE)),
    STALE,
    str(Answer.NOT_REPRODUCED),
    str(Answer.UNDERPOWERED),
    PARTIAL,
    NOT_RUN,
    str(Answer.REPRODUCED),
    str(Verdict.PASS),
)
"""What can be said of a stage, of a published number, and of a report: the worst of its stages."""

NAMED = 5
"""How many names are listed before the rest are counted."""

_PROOF_VERDICTS = {str(v): v for v in (Verdict.PASS, Verdict.FAIL, Verdict.NOT_RUN)}


@dataclass(frozen=True)
class Standing:
    """A stage and what a report may say of it.

    Attributes:
        stage: what it left, with a check that was not run for every part that is missing.
        stale: why it is not about this code; empty if it is.
        partial: what was asked for in place of everything; empty if everything was.
        foreign: files that are not what it left.

    """

    stage: Stage
    stale: str = ""
    partial: str = ""
    foreign: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """One of :data:`WORST_FIRST`."""
        found = [str(self.stage.verdict)]
        found += [STALE] if self.stale else []
        found += [PARTIAL] if self.partial else []
        return worst(found)


def worst(words: Iterable[str]) -> str:
    """Return the worst of what can be said; nothing at all is *not run*."""
    return min(words, key=WORST_FIRST.index, default=NOT_RUN)


def standing_of(stages: Path, name: str) -> Standing | None:
    """Read the stage called ``name`` below ``stages`` and judge what it is worth; None if none.

    Raises:
        FieldError: its file is not what a stage writes.

    """
    tier = {"table": "quick", "table-full": "full"}.get(name)
    if name == "proof":
        stage = _read_proof(stages / name / "proof.json")
    else:
        stage = read_stage(stages / name, "table" if tier else name)
    if stage is None:
        return None
    partial = ", ".join(f"{key}: {_listed(value)}" for key, value in stage.selection.items())
    if tier == "full" and stage.details.get("tier") != tier:
        partial = partial or f"tier: {stage.details.get('tier')}"
    checks = (*stage.checks, *_missing(stage, EXPECTED[name]()))
    foreign = tuple(
        path for path, digest in stage.files.items() if digest_inside(stages / name, path) != digest
    )
    stale = _why_stale(stages, stage, foreign)
    return Standing(replace(stage, checks=checks), stale, partial, foreign)


def _why_stale(stages: Path, stage: Stage, foreign: tuple[str, ...]) -> str:
    if not stage.sources:
        return "its record does not say which code it ran"
    changed = changed_since(stage.sources)
    if changed:
        return f"changed since it ran: {_listed(changed)}"
    compared = [
        path for path, digest in stage.inputs.items() if digest_inside(stages, path) != digest
    ]
    if compared:
        return f"it compared others than there are now: {_listed(compared)}"
    if foreign:
        return f"not, or no longer, what it left: {_listed(list(foreign))}"
    details = Fields(stages, stage.details, "table: details")
    foreign_runs = _runs_of_other_code(details) if stage.stage == "table" else []
    if foreign_runs:
        return f"trained by other code: {_listed(foreign_runs)}; remove these runs to train again"
    return ""


def _runs_of_other_code(details: Fields) -> list[str]:
    """Runs of a table that were trained, if only in part, by other code than there is now."""
    runs = [
        (f"{row.get('row', text())}, nudge {row.get('nudge', text())}", run)
        for row in details.tables("rows", 0)
        for run in row.tables("runs", 0)
    ]
    ours = provenance_of_code()["sources_sha256"] if runs else ""
    found = []
    for name, run in runs:
        codes = run.get("code", sequence(optional(table()), 0))
        if not codes or any((code or {}).get("sources_sha256") != ours for code in codes):
            seed = run.get("seed", whole(0, 2**63 - 1))
            found.append(f"{name}, seed {seed} ({_commits(codes)})")
    return found


def _commits(codes: Iterable[dict[str, Any] | None]) -> str:
    commits = dict.fromkeys(str((code or {}).get("commit")) for code in codes)
    known = [commit[:7] for commit in commits if commit != "None"]
    return f"commit {', '.join(known)}" if known else "commit unknown"


def _missing(stage: Stage, expected: Sequence[str]) -> list[Check]:
    found = {check.name for check in stage.checks}
    return [
        Check(name, f"{name}: expected of this stage", Verdict.NOT_RUN, reason="it was not run")
        for name in expected
        if name not in found
    ]


def _listed(names: object) -> str:
    if not isinstance(names, list):
        return str(names)
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(map(str, names[:NAMED])) + more


def _read_proof(path: Path) -> Stage | None:
    """What the check of the machine-checked proof wrote, as a stage; None if it has not run.

    That check needs no package and no stage of its own, so that it runs wherever Coq does.
    """
    if not path.is_symlink() and not path.exists():
        return None
    fields = read_json(path)
    verdict = fields.get("verdict", one_of(_PROOF_VERDICTS))
    checks = [_theorem(theorem) for theorem in fields.tables("theorems", 0)]
    reason = fields.get("reason", text(0), "")
    whole = Check("proof/whole", "the development as a whole", verdict, {}, reason)
    return Stage(
        "proof",
        fields.get("seconds", number(0, 1e9)),
        (*checks, whole),
        fields.values,
        **code_fields(fields),
    )


def _theorem(fields: Fields) -> Check:
    return Check(
        f"proof/{fields.get('name', text())}",
        fields.get("statement_in_words", text()),
        fields.get("verdict", one_of(_PROOF_VERDICTS)),
        {},
        fields.get("file", text()),
    )


def _verify() -> list[str]:
    baseline = regress.BASELINES / "verdicts-verify.yml"
    return sorted(yaml.safe_load(baseline.read_text(encoding="utf-8")))


def _table(tier: str) -> list[str]:
    return [f"table/{tier}/{row}/outside" for row in TIERS[tier].rows]


EXPECTED: dict[str, Callable[[], list[str]]] = {
    "verify": _verify,
    "theory": lambda: [case.name for case in gather(mutants=True)],
    "derivation": lambda: [f"derivation/{title}" for title in derivation.SECTIONS],
    "figures": lambda: [f"figures/{name}" for name in read_figures()],
    "table": lambda: _table("quick"),
    "table-full": lambda: _table("full"),
    "trainings": lambda: ["trainings/records"],
    "homeostasis": lambda: [f"homeostasis/{name}" for name in homeostasis.CHECKS],
    "regression": regress.expected_checks,
    "proof": lambda: [f"proof/{t.name}" for t in load(PROOF / "statements.toml").theorems],
    "benchmarks": list,
}
"""Names of the checks without which a stage is not whole."""
