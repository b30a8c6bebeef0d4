"""The templates of every page, and how they say things."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from reproduce.report.notation import as_mathematics, label

_FOLDER = Path(__file__).parent / "sections"


@cache
def environment() -> jinja2.Environment:
    """Templates beside their sections, everything escaped, nothing undefined."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"short": short, "mathematics": as_mathematics, "label": label, "count": count}
    return made


def short(value: Any) -> str:
    """A number as a reader wants it; anything else as text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3g}"


def count(number: int, noun: str) -> str:
    """``1 check``, ``2 checks``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
