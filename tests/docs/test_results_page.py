"""The page on reading a result knows every sentence of the checker, and no other."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")

LABELS = {"result"}
"""Modules whose strings are mostly names of columns and axes: may be quoted, need not."""

GAP = "…"


class Sentences(ast.NodeVisitor):
    """What strings say between the values that are put into them; neither docstrings nor errors."""

    def __init__(self):
        self.found = []

    def visit_Raise(self, node):
        pass

    def visit_Assign(self, node):
        if getattr(node.targets[0], "id", "") != "msg":  # of an error
            self.generic_visit(node)

    def visit_Expr(self, node):
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_JoinedStr(self, node):
        parts = [p.value if isinstance(p, ast.Constant) else GAP for p in node.values]
        self._take("".join(parts))
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def visit_Constant(self, node):
        if isinstance(node.value, str):
            self._take(node.value)

    def _take(self, text):
        self.found += pieces(text.replace("{where}", GAP))


def pieces(text):
    return [kept for part in text.split(GAP) if (kept := part.strip(" :;,().\n"))]


def said_in(tree):
    sentences = Sentences()
    sentences.visit(tree)
    return sentences.found


def trees():
    """The modules that speak in a result, by name: gducheck, what it imports, and networks."""
    waiting, known = ["gducheck"], set()
    while waiting:
        name = waiting.pop()
        if name not in known:
            known.add(name)
            path = ROOT / "cep_core" / "check" / f"{name}.py"
            tree = ast.parse(path.read_text(encoding="utf-8"))
            yield name, tree
            modules = (n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom))
            parts = (module.removeprefix("cep_core.check.") for module in modules)
            waiting += [p for p in parts if (path.parent / f"{p}.py").exists()]
    for path in sorted((ROOT / "cep_core" / "networks").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if path.stem == "doubts":
            yield "networks.doubts", tree
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == "departures":
                yield f"networks.{path.stem}", node


def is_sentence(text):
    return " " in text and len(re.findall(r"[a-zA-Z]{2,}", text)) >= 4  # fewer are names


SAID = [(name, text) for name, tree in trees() for text in said_in(tree)]
QUOTED = [line[1:].strip() for line in PAGE.splitlines() if line.startswith(">") and line[1:]]


def test_every_sentence_of_the_checker_is_explained():
    explained = " ".join(re.sub(r"^>", "", PAGE, flags=re.MULTILINE).split())
    needed = [(name, text) for name, text in SAID if is_sentence(text) and name not in LABELS]
    assert len(needed) > 80
    assert [pair for pair in needed if pair[1] not in explained] == []


def test_every_sentence_of_the_page_is_the_checkers():
    known = sorted({text for _, text in SAID if len(text) > 1}, key=len, reverse=True)
    foreign = []
    for line in QUOTED:
        left = line
        for text in known:
            left = left.replace(text, GAP)
        foreign += [line] if re.search(r"[a-zA-Z]{2,}", left) else []
    assert foreign == []


def test_every_cause_and_every_doubt_is_a_section_that_quotes_it():
    for part in ("Likely causes of a *fail*", "*inconclusive*"):
        (body,) = re.findall(
            rf"^## {re.escape(part)}\n(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL
        )
        sections = re.split(r"^### ", body, flags=re.MULTILINE)[1:]
        assert len(sections) > 15
        silent = [s.splitlines()[0] for s in sections if "\n> " not in s]
        assert silent == []


def test_the_sentences_are_found():
    """Some of each kind, so that the tests above do not pass for want of any."""
    for name, words in (
        ("causes", "a nudge of 0 moves the state"),
        ("free", "the free phase ends in a cycle of"),
        ("sideeffects", "two calls with the same arguments differ"),
        ("networks.prototypical", "the nudge is outside the activation"),
        ("kinks", "a kink at the operating point: unit"),
    ):
        assert any(n == name and words in text for n, text in SAID), name
