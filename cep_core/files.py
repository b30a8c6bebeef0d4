"""Files that are either whole or absent: everything is written beside its place and renamed."""

from __future__ import annotations

import errno
import json
import math
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
"""Errors of a disk that takes nothing more, whatever is written."""

DEEPEST = 100
"""Levels of tables and lists in a JSON text."""

_NESTED = (dict, list)
_RANDOM = r"[a-z0-9_]{8}"


@contextmanager
def replacing(path: Path, *, parents: bool = True) -> Iterator[Path]:
    """Yield a temporary path in the folder of ``path`` that replaces it when the block succeeds.

    The data is on the disk before the rename, and the file's mode is the one that the user's umask
    gives. If the block raises, or is interrupted, the old file stays as it was and the temporary
    one is removed.

    Args:
        path: what is to be written.
        parents: make the folder if there is none.

    Raises:
        OSError: it cannot be written; ``filename`` is ``path`` if the error names no file.

    """
    if parents:
        path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}-{secrets.token_hex(4)}{path.suffix}")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        if error.errno is None or error.filename not in {None, temporary, str(temporary)}:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


def is_temporary(name: str, of: str) -> bool:
    r"""Tell whether a file's name is one that :func:`replacing` gives while it writes.

    Args:
        name: the file's name.
        of: regular expression of the names of what is written, e.g. ``r"checkpoint-\d+\.st"``.

    """
    found = re.fullmatch(rf"\.(?P<stem>.+)-{_RANDOM}(?P<suffix>(\.[^.]*)?)", name)
    return found is not None and re.fullmatch(of, found["stem"] + found["suffix"]) is not None


def write_bytes(path: Path, content: bytes, *, parents: bool = True) -> None:
    """Write ``content`` to ``path`` atomically; see :func:`replacing`."""
    with replacing(path, parents=parents) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str, *, parents: bool = True) -> None:
    """Write ``text`` (UTF-8) to ``path`` atomically; see :func:`replacing`."""
    write_bytes(path, text.encode(), parents=parents)


def write_json(path: Path, value: Any, *, parents: bool = True) -> None:
    """Write a JSON value to ``path`` atomically; refuses NaN and infinities, which are not JSON."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False) + "\n", parents=parents)


def parse_json(text: str) -> Any:
    """Return the value of a JSON text that anyone may have written.

    Raises:
        ValueError: it is no JSON; NaN, infinities and numbers beyond a float and halves of
            characters are not either, nor is what is nested deeper than :data:`DEEPEST`.

    """
    try:
        value = json.loads(text, parse_constant=_finite, parse_float=_finite)
    except RecursionError:
        raise ValueError("tables nested too deeply") from None
    if "\\ud" in text.lower():  # half of a character, perhaps, which no file can hold
        json.dumps(value, ensure_ascii=False).encode()
    level = [value] if isinstance(value, _NESTED) else []
    for _ in range(DEEPEST):
        inner = (v.values() if isinstance(v, dict) else v for v in level)
        level = [v for values in inner for v in values if isinstance(v, _NESTED)]
    if level:
        raise ValueError("tables nested too deeply")
    return value


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number[:20]}, which is not JSON")
    return value
