"""Libraries that a user needs for some purposes only."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def library(module: str, purpose: str) -> Any:
    """Import a module of a library that the package does without otherwise.

    Args:
        module: its full name.
        purpose: what needs it, for the message.

    Raises:
        ImportError: it is not installed; the message says what needs it and how it is installed.

    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.split(".", maxsplit=1)[0]
        raise ImportError(
            f"{purpose} needs {package}, which is not installed: pip install {package}"
        ) from error
