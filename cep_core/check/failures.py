"""Errors that a user's function raises, told in one line that names the field and the place."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch


@contextmanager
def of_the_user(field: str) -> Iterator[None]:
    """A block that calls a function of the user's: its failure is a refusal that names the field.

    Raises:
        ValueError: the block raised.

    """
    try:
        yield
    except Exception as error:
        if is_refusal(error):
            raise
        given = "the output and y" if field == "loss" else "x, start and parameters"
        raise ValueError(
            f"{field}: expected it to run on {given} as given, found {where_raised(error)}"
        ) from error


def where_raised(error: Exception) -> str:
    """An exception of the user's in one line: its kind, what it says, and where it arose."""
    text = (str(error).splitlines() or [""])[0]
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if not _is_of_a_library(f.filename)]
    place = f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
    return f"{type(error).__name__}: {text}{place}"


_LIBRARIES = (str(Path(__file__).parents[1]), str(Path(torch.__file__).parent))


def _is_of_a_library(filename: str) -> bool:
    return filename.startswith((*_LIBRARIES, "<"))


def is_refusal(error: BaseException) -> bool:
    """Whether this project raised the error on purpose about what it was given."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or not isinstance(error, ValueError | TypeError):
        return False
    last = frames[-1]
    ours = last.filename.startswith(_LIBRARIES[0])
    return ours and (last.line or "").startswith("raise ")  # and not a call with other arguments
