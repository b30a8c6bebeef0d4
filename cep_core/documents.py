"""TOML and JSON files: read whole, bounded, and handed on as :class:`cep_core.fields.Fields`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cep_core.fields import FieldError, Fields, read_bytes
from cep_core.files import parse_json

LONGEST_TOML = 1 << 20
LONGEST_JSON = 1 << 26


def read_toml(path: Path, error: type[FieldError] = FieldError) -> Fields:
    """Fields of a TOML file of at most :data:`LONGEST_TOML` bytes.

    Raises:
        FieldError: (or ``error``) it is missing, no regular file, too long or not TOML.

    """
    return Fields(path, _parsed(path, "TOML", tomllib.loads, LONGEST_TOML, error), error=error)


def read_json(path: Path, error: type[FieldError] = FieldError) -> Fields:
    """Fields of a JSON object in a file of at most :data:`LONGEST_JSON` bytes.

    Raises:
        FieldError: (or ``error``) as :func:`read_toml`; NaN and infinities are not JSON either.

    """
    return Fields(path, _parsed(path, "JSON", parse_json, LONGEST_JSON, error), error=error)


def _parsed(
    path: Path,
    form: str,
    parse: Callable[[str], Any],
    most: int,
    error: type[FieldError],
) -> Any:
    contents = read_bytes(path, f"a {form} file", most=most, error=error)
    try:
        return parse(contents.decode("utf-8"))
    except RecursionError:
        raise error(f"{path}: expected {form}, found: tables nested too deeply") from None
    except ValueError as fault:  # no UTF-8, a fault of syntax, a number of thousands of digits
        raise error(f"{path}: expected {form}, found: {_one_line(fault)}") from None


def _one_line(fault: Exception) -> str:
    line = " ".join(str(fault).split())
    return line if line.isprintable() else ascii(line)
