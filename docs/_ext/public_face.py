"""The reference is that of the public face: every promised name is in it, and links lead to it."""

from __future__ import annotations

import re
from typing import Any

import cep_core

BEHIND = re.compile(r"cep_core\.\w+\.|_")
"""What may move, and so has no place in the reference."""


def _complete(app: Any, _environment: Any) -> None:
    """Fail the build where a promised name has no documentation."""
    from sphinx.errors import ExtensionError  # noqa: PLC0415 - only where pages are built

    objects = app.env.domaindata["py"]["objects"]
    silent = [name for name in cep_core.__all__ if f"cep_core.{name}" not in objects]
    if silent:
        raise ExtensionError(f"public names without documentation: {', '.join(silent)}")


def _lead(app: Any, environment: Any, node: Any, content: Any) -> Any:
    """A link to a module behind the face leads to the promised name; one to a room to nothing."""
    from sphinx.util.nodes import make_refnode  # noqa: PLC0415 - as above

    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    first, *rest = target.split(".")[-2:] if node["reftype"] == "meth" else [target.split(".")[-1]]
    known = environment.domaindata["py"]["objects"].get(".".join(["cep_core", first, *rest]))
    if known is None:
        return content if BEHIND.match(target) else None
    return make_refnode(
        app.builder, node["refdoc"], known.docname, known.node_id, content, ".".join([first, *rest])
    )


def _plain(_app: Any, what: str, _name: str, _object: Any, _options: Any, lines: list[str]) -> None:
    """What a property says before a colon is a sentence, and no type."""
    if what == "property" and lines:
        lines[0] = lines[0].replace(": ", " - ", 1)


def setup(app: Any) -> dict[str, bool]:
    """Look when all pages have been read."""
    app.connect("env-check-consistency", _complete)
    app.connect("missing-reference", _lead)
    app.connect("autodoc-process-docstring", _plain, priority=400)  # before napoleon
    return {"parallel_read_safe": True}
