"""Formulas as MathML, which browsers draw themselves: no script, and no other host."""

from __future__ import annotations

from typing import Any

from latex2mathml.converter import convert


def _inline(translator: Any, node: Any) -> None:
    translator.body.append(convert(node.astext()))
    raise _skipped()


def _display(translator: Any, node: Any) -> None:
    translator.body.append(f'<div class="math">{convert(node.astext(), display="block")}</div>')
    raise _skipped()


def _skipped() -> Exception:
    from docutils.nodes import SkipNode  # noqa: PLC0415 - only where pages are built

    return SkipNode()


def setup(app: Any) -> dict[str, bool]:
    """Add the renderer called ``mathml``."""
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))
    return {"parallel_read_safe": True}
