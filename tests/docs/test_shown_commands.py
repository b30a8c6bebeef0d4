"""Every command that the documentation shows is one that is taken as it is shown."""

import itertools
import re
import shlex
from pathlib import Path

import pytest

from reproduce.command_line import main as reproduce
from theory.command import main as theory

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]
OWN = ROOT / "tests" / "extend"
"""Where the files of the guide to extending lie."""


def shown(program):
    """The arguments of a program, wherever a page gives any, comments and prompts apart."""
    found = set()
    for page in PAGES:
        lines = re.findall(
            rf"\b{re.escape(program)}( [^`\n]*?)(?=`|\n| -->)", page.read_text(encoding="utf-8")
        )
        found |= {tuple(shlex.split(line, comments=True)) for line in lines}
    return sorted(words for words in found if words)


@pytest.mark.parametrize("words", shown("python -m reproduce"), ids=" ".join)
def test_reproduce_takes_its_arguments(words, monkeypatch):
    monkeypatch.setattr("reproduce.command_line.answered", lambda run: 0)
    if "--help" not in words:
        assert reproduce(words) == 0
        for word in words:
            assert not word.startswith("reproduce/") or (ROOT / word).exists(), word


@pytest.mark.parametrize("words", shown("python -m theory"), ids=" ".join)
def test_theory_has_cases_of_these_names(words, monkeypatch, capsys):
    monkeypatch.chdir(OWN)
    if "--help" not in words:
        assert theory([*words, "--list"]) == 0
        listed = capsys.readouterr().out
        names = [word for option, word in itertools.pairwise(words) if option == "--only"]
        assert [name for name in names if f"\n{name}" not in f"\n{listed}"] == []


def test_commands_are_found():
    assert ("trainings",) in shown("python -m reproduce")
    assert ("--only", "corrected") in shown("python -m theory")
