"""The main theorems and the map from the paper to them, read from ``statements.toml``."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SYMBOLIC = (
    "theorem1",
    "augmented",
    "joint_limit",
    "stability",
    "prototypical",
    "vector_field",
    "centred",
    "error_bound",
    "steady_state",
)

STATEMENTS_FILE = "Pinned.v"
README_MARK = "<!-- {} of statements.toml -->", "<!-- end of {} -->"


@dataclass(frozen=True)
class Theorem:
    """A main theorem: its name, the file that states it, and what it says."""

    name: str
    file: str
    statement_in_words: str


@dataclass(frozen=True)
class MapRow:
    """One statement of the paper or the project, and where each kind of check of it lies.

    ``symbolic`` names a statement module of ``python -m theory`` and ``test`` a path; either
    is empty where there is no such check.
    """

    statement: str
    paper: str
    coq: tuple[str, ...]
    symbolic: str
    test: str


@dataclass(frozen=True)
class NotProved:
    """A subject on which the development says nothing, or less than one might think."""

    subject: str
    words: str


@dataclass(frozen=True)
class Statements:
    """Everything that ``statements.toml`` holds; ``trusted`` are files, in order of need."""

    theorems: tuple[Theorem, ...]
    rows: tuple[MapRow, ...]
    not_proved: tuple[NotProved, ...]
    trusted: tuple[str, ...]


def load(path: Path) -> Statements:
    """Read ``statements.toml``.

    Raises ``ValueError`` naming the entry and the field where one is missing or of the
    wrong kind.
    """
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    theorems = tuple(
        Theorem(*(_text(path, "theorem", entry, key) for key in ("name", "file", "words")))
        for entry in data.get("theorem", [])
    )
    rows = []
    for entry in data.get("map", []):
        coq = entry.get("coq")
        if not isinstance(coq, list) or not all(isinstance(name, str) for name in coq):
            msg = f"{path.name}: [[map]] {entry.get('statement')!r}: coq = {coq!r}, expected a list"
            raise ValueError(msg)
        statement, paper, symbolic, test = (
            _text(path, "map", entry, key) for key in ("statement", "paper", "symbolic", "test")
        )
        rows.append(MapRow(statement, paper, tuple(coq), symbolic, test))
    trusted = data.get("trusted")
    if not isinstance(trusted, list) or not all(isinstance(name, str) for name in trusted):
        msg = f"{path.name}: trusted = {trusted!r}, expected a list of files"
        raise ValueError(msg)
    not_proved = tuple(
        NotProved(*(_text(path, "not_proved", entry, key) for key in ("subject", "words")))
        for entry in data.get("not_proved", [])
    )
    return Statements(theorems, tuple(rows), not_proved, tuple(trusted))


def _text(path: Path, table: str, entry: dict[str, object], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str):
        msg = f"{path.name}: [[{table}]] {entry}: {key} = {value!r}, expected a text"
        raise ValueError(msg)  # noqa: TRY004 - the file is wrong, not a type of ours
    return value


def problems(
    statements: Statements, proved_in: dict[str, set[str]], pinned: Iterable[str]
) -> list[str]:
    """What is wrong with the list and the map, given the results that each file proves.

    The listed theorems must be those that are ``pinned``, each proved in its file; every
    theorem named in the map must be listed, and every listed one must be in the map.
    """
    listed = [(theorem.file, theorem.name) for theorem in statements.theorems]
    found = [
        f"statements.toml: there is no theorem {name} in {file}"
        for file, name in listed
        if name not in proved_in.get(file, ())
    ]
    statable = list(pinned)
    found += [
        f"statements.toml: {name} has no statement in {STATEMENTS_FILE}, "
        "whose head says how a theorem is added"
        for _, name in listed
        if name not in statable
    ]
    found += [
        f"statements.toml: {name} of {STATEMENTS_FILE} is not listed"
        for name in statable
        if name not in {name for _, name in listed}
    ]
    names = [name for _, name in listed]
    found += [
        f"statements.toml: {name} is listed twice"
        for name in sorted(set(names))
        if names.count(name) > 1
    ]
    for row in statements.rows:
        found += [
            f"statements.toml: the map names {name}, which is no main theorem"
            for name in row.coq
            if name not in names
        ]
        if row.symbolic and row.symbolic not in SYMBOLIC:
            found.append(f"statements.toml: {row.symbolic!r} is no statement of python -m theory")
    mapped = {name for row in statements.rows for name in row.coq}
    found += [
        f"statements.toml: {name} has no row in the map" for name in names if name not in mapped
    ]
    return found


def markdown(statements: Statements) -> dict[str, str]:
    """The parts of ``README.md`` that are written from here, by their names."""
    tables = [
        "| statement | source | Coq | `python -m theory` | test |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in statements.rows:
        coq = ", ".join(f"`{name}`" for name in row.coq) or "—"
        symbolic = f"`{row.symbolic}`" if row.symbolic else "—"
        test = f"`{row.test}`" if row.test else "—"
        tables.append(f"| {row.statement} | {row.paper} | {coq} | {symbolic} | {test} |")
    tables += ["", "| theorem | what it states |", "| --- | --- |"]
    for theorem in statements.theorems:
        tables.append(f"| `{theorem.name}` | {_escaped(theorem.statement_in_words)} |")
    gaps = [f"- **{item.subject}.** {_escaped(item.words)}." for item in statements.not_proved]
    return {"the tables": "\n".join(tables), "what is not proved": "\n".join(gaps)}


def _escaped(words: str) -> str:
    return re.sub(r"([|_])", r"\\\1", words)


def renew_readme(readme: Path, statements: Statements) -> None:
    """Write these parts into ``README.md``, each between its two marks.

    Raises ``ValueError`` when a mark is missing.
    """
    text = readme.read_text(encoding="utf-8")
    for name, part in markdown(statements).items():
        start, end = (mark.format(name) for mark in README_MARK)
        if text.count(start) != 1 or text.count(end) != 1:
            msg = f"{readme.name}: expected the marks {start} and {end}, once each"
            raise ValueError(msg)
        before, after = text.partition(start)[0], text.partition(end)[2]
        text = f"{before}{start}\n{part}\n{end}{after}"
    readme.write_text(text, encoding="utf-8")
