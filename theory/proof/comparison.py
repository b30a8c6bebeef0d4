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
_TOGETHER = "all_of_them"


@dataclass(frozen=True)
class Comparison:
    """What the theorems that prove their pinned statements rest on, and Coq's no to the others.

    ``axioms`` are those of all of these theorems together; ``foreign`` names, by the theorem,
    the axioms among them that are not allowed.
    """

    axioms: tuple[str, ...]
    refused: dict[str, str]
    foreign: dict[str, tuple[str, ...]]


def compare(folder: Path, theorems: Iterable[Theorem]) -> Comparison:
    """Make Coq take each theorem for a proof of the pinned statement of its name.

    The modules are loaded but not imported and every name is given in full, so that no
    notation, coercion or name of the development can stand in for another.  The compiled
    file stays in ``folder`` for ``coqchk``.  Raises ``RuntimeError`` with Coq's message when
    Coq fails otherwise than at a theorem.
    """
    compared = list(theorems)
    run = compile_text(folder, FILE, _comparisons(compared) + _axioms_together(compared))
    refused: dict[str, str] = {}
    if not run.ok:
        refused = _refused(folder, compared)
        compared = [theorem for theorem in compared if theorem.name not in refused]
        run = compile_text(folder, FILE, _comparisons(compared) + _axioms_together(compared))
        if not run.ok or not refused:
            msg = f"{FILE}: {run.output}"
            raise RuntimeError(msg)
    axioms = _axioms(run.output)[_TOGETHER]
    foreign: dict[str, tuple[str, ...]] = {}
    if not all(map(allowed, axioms)):
        run = compile_text(folder, FILE, _comparisons(compared, "Print Assumptions"))
        found = {
            name: [x for x in each if not allowed(x)] for name, each in _axioms(run.output).items()
        }
        foreign = {name: tuple(each) for name, each in found.items() if each}
    return Comparison(axioms, refused, foreign)


def _comparisons(theorems: Iterable[Theorem], then: str = "") -> str:
    compared = list(theorems)
    files = dict.fromkeys([STATEMENTS_FILE, *(theorem.file for theorem in compared)])
    lines = [f"Require {_module(file)}." for file in files]
    for name, file in ((theorem.name, theorem.file) for theorem in compared):
        lines += [
            _mark(name),
            f"Definition {name} : {_module(STATEMENTS_FILE)}.{name} := @{_module(file)}.{name}.",
        ]
        lines += [f"{then} {name}."] if then else []
    return "\n".join(lines) + "\n"


def _axioms_together(theorems: Iterable[Theorem]) -> str:
    """The same list for all theorems at once: one search of the library in place of many."""
    tuple_of_all = ", ".join(["I", *(theorem.name for theorem in theorems)])
    return (
        f"Definition {_TOGETHER} := ({tuple_of_all}).\n"
        f"{_mark(_TOGETHER)}\nPrint Assumptions {_TOGETHER}.\n"
    )


def _mark(name: str) -> str:
    return f'Goal True. idtac "{_MARK}{name}". exact I. Qed.'


def _axioms(output: str) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(sorted(parse_axioms(listing)))
        for name, listing in _marked(output).items()
        if listing.strip()
    }


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
