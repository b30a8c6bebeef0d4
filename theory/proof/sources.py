"""What can be read off the Coq sources without Coq: files, results, forbidden commands."""

import re
from dataclasses import dataclass
from pathlib import Path

PREFIX = "CEP"  # of the development, in From CEP Require Import …
CONTROLS_FILE = "NegativeControls.v"

# Each of these would let a statement pass without a proof, or hide what it rests on.
FORBIDDEN = {
    "an unfinished proof": (r"\b(?:Admitted|admit|Admit\s+Obligations|give_up|Abort(?:\s+All)?)\b"),
    "an axiom": (
        r"\b(?:Axioms?|Parameters?|Conjectures?|Primitive|Symbols?|Declare\s+Module)\s+[\w(]"
    ),
    "a check of the kernel switched off": (
        r"\bbypass_check\b"
        r"|\b(?:Unset|Set)\s+(?:Guard|Positivity|Universe)\s+Checking\b"
        r"|\bUnset\s+Universe\b|\btype[-_]in[-_]type\b"
    ),
    "code loaded into Coq": r"\b(?:Declare\s+ML\s+Module|Load|Add\s+(?:Rec\s+)?LoadPath)\b",
}
_FAIL = r"\bFail\b"
_RESULT = re.compile(
    r"^\s*(?:#\[[^\]]*\]\s*)?(?:(?:Local|Global)\s+)?"
    r"(?P<kind>Theorem|Corollary|Proposition|Lemma|Fact|Remark)\s+(?P<name>[\w']+)",
    re.MULTILINE,
)
_SECTION_ASSUMPTION = re.compile(
    r"(?:^|(?<=\.\s))\s*(?:Variables?|Hypothes[ie]s|Context)\b", re.MULTILINE
)
_OPENING = re.compile(
    r"(?:^|(?<=\.\s))\s*(?P<word>Section|Module(?!\s+(?:Import|Export))|End)\s+(?P<name>[\w']+)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Result:
    """A named result of the development: its kind, its name and the file it is proved in."""

    kind: str
    name: str
    file: str


@dataclass(frozen=True)
class Control:
    """A negative control.

    ``source`` is the file that Coq must refuse: the control alone, with the altered
    statement no longer under ``Fail``, at line ``line``.  ``refuted`` says whether the
    altered statement is also proved to be false.
    """

    name: str
    alteration: str
    source: str
    line: int
    refuted: bool


def without_comments(text: str) -> str:
    """The Coq source with every comment blanked out, line numbers kept."""
    out: list[str] = []
    depth, in_string, i = 0, False, 0
    while i < len(text):
        pair = text[i : i + 2]
        if not in_string and pair == "(*":
            depth, i = depth + 1, i + 2
        elif not in_string and depth and pair == "*)":
            depth, i = depth - 1, i + 2
        else:
            if text[i] == '"':
                in_string = not in_string
            out.append(text[i] if not depth or text[i] == "\n" else " ")
            i += 1
    return "".join(out)


def project_files(folder: Path) -> list[str]:
    """The ``.v`` files that ``_CoqProject`` lists, in its order.

    Raises ``FileNotFoundError`` when the folder has no ``_CoqProject``.
    """
    lines = (folder / "_CoqProject").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip().endswith(".v")]


def file_problems(folder: Path) -> list[str]:
    """Files of the folder that are not listed, and listed files that are not there."""
    listed = project_files(folder)
    present = {str(path.relative_to(folder)) for path in folder.rglob("*.v")}
    return [
        *(
            f"{name}: expected a file of the folder itself, its name a word"
            for name in listed
            if not re.fullmatch(r"[A-Za-z]\w*\.v", name)
        ),
        *(f"{name}: not listed in _CoqProject, so not checked" for name in present - {*listed}),
        *(
            f"{name}: listed in _CoqProject, but there is no such file"
            for name in listed
            if name not in present
        ),
        *(f"{name}: listed twice in _CoqProject" for name in {*listed} if listed.count(name) > 1),
    ]


def forbidden_commands(folder: Path) -> list[str]:
    """Every use of a command that the development may not use, as ``file:line: reason``.

    ``Variable`` and its kin are axioms when they stand outside a section, and ``Fail`` hides
    a refused command, so it may stand in the file of negative controls only.
    """
    found = []
    for path in sorted(folder.rglob("*.v")):
        name = str(path.relative_to(folder))
        text = without_comments(path.read_text(encoding="utf-8"))
        rules = dict(FORBIDDEN)
        if name != CONTROLS_FILE:
            rules["a refused command outside the negative controls"] = _FAIL
        for reason, pattern in rules.items():
            for match in re.finditer(pattern, text):
                line = text.count("\n", 0, match.start()) + 1
                found.append(f"{name}:{line}: {match.group().strip()!r} is {reason}")
        found += [
            f"{name}:{line}: an assumption outside every section is an axiom"
            for line in _assumptions_outside_sections(text)
        ]
    return found


def _assumptions_outside_sections(text: str) -> list[int]:
    events = [(match.start(), match["word"], match["name"]) for match in _OPENING.finditer(text)]
    events += [(match.start(), "assume", "") for match in _SECTION_ASSUMPTION.finditer(text)]
    open_scopes: list[tuple[str, str]] = []
    lines = []
    for position, word, name in sorted(events):
        if word == "End":
            if open_scopes and open_scopes[-1][1] == name:
                open_scopes.pop()
        elif word == "assume":
            if not any(scope == "Section" for scope, _ in open_scopes):
                first_word = position + len(text[position:]) - len(text[position:].lstrip())
                lines.append(text.count("\n", 0, first_word) + 1)
        else:
            open_scopes.append((word, name))
    return lines


def results(folder: Path) -> list[Result]:
    """Every theorem, corollary, proposition and lemma of the development."""
    found = []
    for path in sorted(folder.rglob("*.v")):
        name = str(path.relative_to(folder))
        text = without_comments(path.read_text(encoding="utf-8"))
        found += [Result(match["kind"], match["name"], name) for match in _RESULT.finditer(text)]
    return found


_CONTROL = re.compile(
    r"^Module\s+(?P<name>\w+)\.\s*\(\*\*\s*(?P<alteration>.*?)\s*\*\)(?P<body>.*?)^End\s+(?P=name)\.",
    re.MULTILINE | re.DOTALL,
)


def controls(folder: Path) -> tuple[list[Control], list[str]]:
    """The negative controls, and what is wrong with how they are written.

    A control is a module with a comment that names its alteration, the statement
    ``unaltered`` and its proof ``accepted``, the statement ``altered`` and, after ``Fail``,
    the refused proof ``refused``, both by the one tactic ``proof_script``.
    """
    path = folder / CONTROLS_FILE
    if not path.exists():
        return [], [f"{CONTROLS_FILE}: there are no negative controls"]
    text = path.read_text(encoding="utf-8")
    header = text.partition("\nModule ")[0] + "\n"
    found: list[Control] = []
    problems = []
    for match in _CONTROL.finditer(text):
        body = without_comments(match["body"])
        required = {
            "Definition unaltered : Prop :=": "the statement that holds",
            "Definition altered : Prop :=": "the altered statement",
            "Ltac proof_script :=": "the one proof script",
            "Theorem accepted : unaltered.\nProof. proof_script. Qed.": "its acceptance",
            "Fail Definition refused : altered := ltac:(proof_script).": "its refusal",
        }
        problems += [
            f"{CONTROLS_FILE}: control {match['name']} lacks {meaning}: {wanted!r}"
            for wanted, meaning in required.items()
            if body.count(wanted) != 1
        ]
        alone, _, after = match.group().partition("Fail Definition refused")
        source = header + alone + "Definition refused" + after.partition("\n")[0] + "\n"
        found.append(
            Control(
                match["name"],
                " ".join(match["alteration"].split()),
                source,
                source.count("\n"),
                "Theorem refuted : ~ altered." in body,
            )
        )
    if len(re.findall(_FAIL, without_comments(text))) != len(found):
        problems.append(f"{CONTROLS_FILE}: a Fail stands outside the negative controls")
    if not found:
        problems.append(f"{CONTROLS_FILE}: there are no negative controls")
    return found, problems
