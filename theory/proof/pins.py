"""The trusted files: what the main theorems state, and the digests that notice a change of it.

``statements.toml`` lists the files, ``Pinned.v`` the last of them.  They may import nothing
but Coq, Coquelicot and each other, and hold definitions only; so what they mean can be read
in them and depends on no proof.  ``pinned.toml`` keeps a digest of every definition.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from theory.proof.sources import PREFIX, without_comments
from theory.proof.statements import STATEMENTS_FILE

DIGESTS_FILE = "pinned.toml"
CONTEXT = "(imports, sections and order)"
RENEW = "python -m theory.proof --pin"
_DIGEST_LENGTH = 16

_SENTENCE = re.compile(r'(?:"[^"]*"|[^".]|\.(?!\s|$))+\.(?=\s|$)')
_NAMED = re.compile(
    r"(?P<kind>Definition|Fixpoint|Record|Inductive|Lemma|Let|Notation|Local Notation)"
    r"\s+(?P<name>[\w']+)"
)
# Notations of symbols, coercions, hints, instances and the like could make a text mean
# something other than what it says; so only these commands may stand in a trusted file.
_UNNAMED = re.compile(
    r"Set Implicit Arguments\.|Open Scope R_scope\."
    r"|(?:Section|End) \w+\.|Variables? .*|Arguments [\w']+(?: \{[\w' ]+\})+\."
)
# A term that a tactic builds, a coercion declared in a record.
_HIDDEN = re.compile(r"\bltac\s*:|:>")
_IMPORT = re.compile(r"From (?P<root>\w+) Require (?:Import|Export) (?P<names>[\w ]+)\.")
_PROOF = re.compile(r"(?P<lemma>Lemma\b.*?\.)\s+Proof\.(?:\s.*?)?\sQed\.", re.DOTALL)
_STATEMENT = re.compile(r"Definition [\w']+ : Prop :=")


@dataclass(frozen=True)
class Sentence:
    """A command of a trusted file; a lemma comes with its proof. ``name`` may be empty."""

    kind: str
    name: str
    text: str
    line: int


def sentences(source: str) -> list[Sentence]:
    """The commands of a Coq file, comments dropped and white space made one space each."""
    text = without_comments(source)
    found = []
    position = 0
    while match := re.compile(r"\S").search(text, position):
        start = match.start()
        whole = _PROOF.match(text, start) or _SENTENCE.match(text, start)
        end = whole.end() if whole else len(text)
        sentence = " ".join(text[start:end].split())
        named = _NAMED.match(sentence)
        found.append(
            Sentence(
                named["kind"] if named else "",
                named["name"] if named else "",
                sentence,
                text.count("\n", 0, start) + 1,
            )
        )
        position = end
    return found


def stated(folder: Path) -> dict[str, str]:
    """The pinned statements by name, each as the text of its definition, in order."""
    path = folder / STATEMENTS_FILE
    source = path.read_text(encoding="utf-8") if path.is_file() else ""
    found = {}
    for item in sentences(source):
        if item.kind == "Definition":
            start = re.search(rf"^Definition {re.escape(item.name)}\b", source, re.MULTILINE)
            rest = source[start.start() :] if start else item.text
            found[item.name] = re.split(r"\.\s*(?:\n\s*\n|\Z)", rest, maxsplit=1)[0] + "."
    return found


def problems(folder: Path, trusted: Iterable[str]) -> list[str]:
    """What in the trusted files is not allowed there, or is not what ``pinned.toml`` pins."""
    files = list(trusted)
    missing = [name for name in files if not (folder / name).is_file()]
    if missing or STATEMENTS_FILE not in files:
        return [
            *(f"statements.toml: trusted: there is no file {name}" for name in missing),
            *(
                f"statements.toml: trusted: expected {STATEMENTS_FILE} among the files"
                for _ in range(STATEMENTS_FILE not in files)
            ),
        ]
    found = []
    for index, name in enumerate(files):
        for item in sentences((folder / name).read_text(encoding="utf-8")):
            reason = _not_allowed(item, name, files[:index])
            if reason:
                found.append(f"{name}:{item.line}: {item.text[:60]!r}: {reason}")
    return [*found, *_changes(_pinned(folder), digests(folder, files))]


def _not_allowed(item: Sentence, file: str, before: list[str]) -> str:
    reason = ""
    if imported := _IMPORT.fullmatch(item.text):
        own = imported["root"] == PREFIX
        strange = [name for name in imported["names"].split() if own and f"{name}.v" not in before]
        if strange:
            reason = f"{', '.join(strange)}: expected a trusted file before this one"
        elif imported["root"] not in {"Coq", "Coquelicot", PREFIX}:
            reason = f"imports from {imported['root']}, expected Coq, Coquelicot or {PREFIX}"
    elif item.kind == "Lemma":
        if not re.search(r" is_inner_product .* Proof\. .*Qed\.", item.text):
            reason = "a trusted file proves nothing but that a form is an inner product"
    elif not item.kind and not _UNNAMED.fullmatch(item.text):
        reason = "no command for a trusted file, which holds definitions only"
    elif item.kind and file == STATEMENTS_FILE and not _STATEMENT.match(item.text):
        reason = "expected a statement, Definition … : Prop := …"
    elif item.kind and ":=" not in item.text:
        reason = "expected a definition by a term, after :="
    elif item.kind and (hidden := _HIDDEN.search(item.text)):
        reason = f"{hidden.group()!r} would hide a part of what it says"
    return reason


def digests(folder: Path, trusted: Iterable[str]) -> dict[str, dict[str, str]]:
    """For each trusted file the digest of each definition, and that of all that is between."""
    found = {}
    for file in trusted:
        items = sentences((folder / file).read_text(encoding="utf-8"))
        context = "\n".join(item.name or item.text for item in items)
        texts = {CONTEXT: context}
        for item in items:
            if item.name:
                texts[item.name] = texts.get(item.name, "") + item.text
        found[file] = {
            name: hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]
            for name, text in texts.items()
        }
    return found


def write_digests(folder: Path, trusted: Iterable[str]) -> None:
    """Write ``pinned.toml`` for the trusted files as they are."""
    lines = [f"# Digests of the trusted definitions, written by {RENEW}."]
    for file, names in digests(folder, trusted).items():
        lines += ["", f'["{file}"]', *(f'"{name}" = "{value}"' for name, value in names.items())]
    (folder / DIGESTS_FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _pinned(folder: Path) -> Mapping[str, Mapping[str, str]]:
    path = folder / DIGESTS_FILE
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _changes(
    pinned: Mapping[str, Mapping[str, str]], present: Mapping[str, Mapping[str, str]]
) -> list[str]:
    found = []
    for file in sorted({*pinned, *present}):
        old, new = pinned.get(file, {}), present.get(file, {})
        for name in dict.fromkeys([*new, *old]):
            if name not in old:
                found.append(f"{file}: {name} is not pinned; to pin it: {RENEW}")
            elif name not in new:
                found.append(f"{file}: {name} is pinned in {DIGESTS_FILE}, but no longer there")
            elif old[name] != new[name]:
                found.append(
                    f"{file}: {name} is not what {DIGESTS_FILE} pins; "
                    f"if the change is meant: {RENEW}"
                )
    return found
