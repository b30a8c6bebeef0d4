"""What the check found: verdicts, axioms, refusals, and how they are written down."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from theory.proof.statements import MapRow, NotProved, Theorem


@dataclass(frozen=True)
class TheoremVerdict:
    """A main theorem with ``pass``, ``fail`` or ``not run``.

    ``statement`` is what it must state, as ``Pinned.v`` has it.
    """

    theorem: Theorem
    verdict: str
    statement: str


@dataclass(frozen=True)
class ControlVerdict:
    """A negative control: what was altered, whether Coq refused it, and what Coq said.

    ``refuted`` says whether the altered statement is also proved to be false.
    """

    name: str
    alteration: str
    refused: bool
    message: str
    refuted: bool


@dataclass(frozen=True)
class Report:
    """The outcome of the whole check; ``verdict`` is ``pass``, ``fail`` or ``not run``.

    ``axioms`` are those that the main theorems rest on, all together.
    """

    verdict: str
    reason: str
    coq_version: str = ""
    seconds: float = 0.0
    theorems: tuple[TheoremVerdict, ...] = ()
    negative_controls: tuple[ControlVerdict, ...] = ()
    rows: tuple[MapRow, ...] = ()
    not_proved: tuple[NotProved, ...] = ()
    problems: tuple[str, ...] = field(default=())
    results: int = 0
    files: int = 0
    axioms: tuple[str, ...] = ()

    def to_json(self, ran: str = "", code: Mapping[str, object] | None = None) -> str:
        """The report as JSON text, with when it was begun and which code it checked."""
        return json.dumps(
            {
                "verdict": self.verdict,
                "ran": ran,
                "code": dict(code or {}),
                "reason": self.reason,
                "coq_version": self.coq_version,
                "seconds": round(self.seconds, 1),
                "theorems": [
                    {
                        **asdict(item.theorem),
                        "statement": item.statement,
                        "verdict": item.verdict,
                    }
                    for item in self.theorems
                ],
                "negative_controls": [asdict(item) for item in self.negative_controls],
                "map": [asdict(row) for row in self.rows],
                "not_proved": [asdict(item) for item in self.not_proved],
                "problems": list(self.problems),
                "results": self.results,
                "files": self.files,
                "axioms": list(self.axioms),
            },
            indent=2,
            ensure_ascii=False,
        )

    def write(self, path: Path, ran: str = "", code: Mapping[str, object] | None = None) -> None:
        """Write the JSON to ``path``, whole or not at all; folders are made where they miss."""
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}-{os.getpid()}")
        try:
            temporary.write_text(self.to_json(ran, code) + "\n", encoding="utf-8")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def to_text(self) -> str:
        """The report as lines for a terminal; the last one counts what was checked."""
        lines = [
            f"{item.verdict:8} {item.theorem.name}: {item.theorem.statement_in_words}"
            for item in self.theorems
        ]
        for control in self.negative_controls:
            word = "refused" if control.refused else "ACCEPTED"
            also = " Proved to be false." if control.refuted else ""
            lines.append(f"{word:8} {control.name}: {control.alteration}{also}")
        lines += [f"problem: {problem}" for problem in self.problems]
        if self.verdict == "not run":
            return "\n".join([*lines, f"verdict: not run: {self.reason}"])
        passed = sum(item.verdict == "pass" for item in self.theorems)
        refused = sum(item.refused for item in self.negative_controls)
        axioms = ", ".join(name.split(".")[-1] for name in self.axioms) or "no axiom"
        lines.append(f"axioms: {axioms}")
        lines.append(f"verdict: {self.verdict}: {self.reason}")
        lines.append(
            f"{passed} of {len(self.theorems)} main theorems checked, on {self.results} results "
            f"in {self.files} files; {refused} of {len(self.negative_controls)} altered "
            f"statements refused; {self.coq_version}; {self.seconds:.0f} s"
        )
        return "\n".join(lines)
