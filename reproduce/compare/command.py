"""``python -m reproduce compare A B``: what changed between two reports, as text and as a page."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from cep_core.files import write_text
from cep_core.terminal import say
from reproduce.compare.changes import Change, changes
from reproduce.compare.page import comparison_page
from reproduce.report.earlier import Earlier, read_report

SHOWN = 25
"""Changes of each kind that are printed; the rest are counted."""


def told(found: list[Change], *, shown: int = SHOWN) -> list[str]:
    """The changes as text, worst first, the rest of each kind counted."""
    kinds = Counter((change.worse, change.what) for change in found)
    seen: Counter[tuple[bool, str]] = Counter()
    lines = []
    for change in found:
        kind = (change.worse, change.what)
        seen[kind] += 1
        if seen[kind] <= shown:
            lines.append(change.line())
        if seen[kind] == kinds[kind] > shown:
            lines.append(f"{'':8} and {kinds[kind] - shown} more of this kind")
    return lines


def summary(found: list[Change]) -> str:
    """How many changes of which kind there are."""
    worse = sum(change.worse for change in found)
    kinds = Counter(change.what for change in found)
    parts = [f"{count} of {what}" for what, count in kinds.items()]
    return f"{len(found)} changes ({', '.join(parts) or 'none'}); {worse} verdicts worse"


def add_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``compare`` to the command line."""
    parser = subparsers.add_parser(
        "compare",
        help="say what changed between two reports",
        description="Numbers, verdicts, versions and code of report A against report B, worst "
        "first. Exit code 0: no verdict got worse; 1: one did; 2: no such report.",
    )
    parser.add_argument("before", metavar="A", type=Path, help="folder of a report")
    parser.add_argument("after", metavar="B", type=Path, help="folder of a later one")
    parser.add_argument("--page", type=Path, metavar="FILE.html", help="write it as a page too")
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Compare; 0: no verdict got worse, 1: one did."""
    before, after = read_report(arguments.before), read_report(arguments.after)
    found = changes(before, after)
    say(f"{before.label} → {after.label}: {summary(found)}")
    for line in told(found):
        say(f"  {line}")
    if arguments.page is not None:
        _write(arguments.page, before, after, found)
    return int(any(change.worse for change in found))


def _write(path: Path, before: Earlier, after: Earlier, found: list[Change]) -> None:
    write_text(path, comparison_page(before, after, found, summary(found)))
    say(f"page: {path}")
