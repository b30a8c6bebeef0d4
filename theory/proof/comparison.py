"""Each main theorem against its pinned statement, by conversion in Coq, and its axioms."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from theory.proof.coq import ALLOWED_AXIOMS, MESSAGE_LENGTH, compile_text, toplevel
from theory.proof.sources import PREFIX
from theory.proof.statements import STATEMENTS_FILE, Theorem

FILE = "Comparison.v"
_MARK = "@@ "


@dataclass(frozen=True)
class Comparison:
    """The axioms of the theorems that prove their pinned statements; Coq's no for the others."""

    axioms: dict[str, tuple[str, ...]]
    refused: dict[str, str]


def compare(folder: Path, theorems: Iterable[Theorem]) -> Comparison:
    """Make Coq take each theorem for a proof of the pinned statement of its name.

    The modules are loaded but not imported and every name is given in full, so that no
    notation, coercion or name of the development can stand in for another.  The compiled
    file stays in ``folder`` for ``coqchk``.  Raises ``RuntimeError`` with Coq's message when
    Coq fails otherwise than at a theorem.
    """
    compared = list(theorems)
    run = compile_text(folder, FILE, _comparisons(compared, "Print Assumptions"))
    refused: dict[str, str] = {}
    if not run.ok:
        refused = _refused(folder, compared)
        compared = [theorem for theorem in compared if theorem.name not in refused]
        run = compile_text(folder, FILE, _comparisons(compared, "Print Assumptions"))
        if not run.ok or not refused:
            msg = f"{FILE}: {run.output}"
            raise RuntimeError(msg)
    axioms = {
        name: tuple(sorted(parse_axioms(listing))) for name, listing in _marked(run.output).items()
    }
    return Comparison(axioms, refused)


def _comparisons(theorems: Iterable[Theorem], then: str = "") -> str:
    compared = list(theorems)
    files = dict.fromkeys([STATEMENTS_FILE, *(theorem.file for theorem in compared)])
    lines = [f"Require {_module(file)}." for file in files]
    for name, file in ((theorem.name, theorem.file) for theorem in compared):
        lines += [
            f'Goal True. idtac "{_MARK}{name}". exact I. Qed.',
            f"Definition {name} : {_module(STATEMENTS_FILE)}.{name} := @{_module(file)}.{name}.",
        ]
        lines += [f"{then} {name}."] if then else []
    return "\n".join(lines) + "\n"


def _module(file: str) -> str:
    return f"{PREFIX}.{Path(file).stem}"


def _refused(folder: Path, theorems: list[Theorem]) -> dict[str, str]:
    """The theorems that the toplevel, which goes on after an error, does not define."""
    run = toplevel(folder, _comparisons(theorems))
    answers = _marked(run.output)
    found = {}
    for theorem in theorems:
        answer = answers.get(theorem.name, "")
        defined = rf"^(?:Coq < )?{re.escape(theorem.name)} is defined$"
        if not re.search(defined, answer, re.MULTILINE):
            message = answer.partition("Error:")[2].partition("Coq <")[0] or answer or run.output
            found[theorem.name] = " ".join(message.split())[:MESSAGE_LENGTH]
    return found


def _marked(output: str) -> dict[str, str]:
    parts = re.split(rf"^{re.escape(_MARK)}(.*)$", output, flags=re.MULTILINE)
    return {name.strip(): answer for name, answer in zip(parts[1::2], parts[2::2], strict=True)}


def parse_axioms(listing: str) -> list[str]:
    """Names of the axioms in one answer of ``Print Assumptions``, as short as Coq prints them.

    Raises ``ValueError`` when the answer is neither a list nor "Closed under …".
    """
    if "Closed under the global context" in listing:
        return []
    if not listing.lstrip().startswith("Axioms:"):
        msg = f"not an answer of Print Assumptions: {listing[:200]!r}"
        raise ValueError(msg)
    return re.findall(r"^([\w.']+)(?=\s*:|\s*$)", listing.partition("Axioms:")[2], re.MULTILINE)


def allowed(axiom: str) -> bool:
    """Whether a name, qualified as far as Coq printed it, is one of the allowed axioms."""
    return any(full == axiom or full.endswith("." + axiom) for full in ALLOWED_AXIOMS)
