"""How figures say things: numbers, settings and layers in words."""

from __future__ import annotations

from collections.abc import Sequence

from reproduce.figures.specs import Setting

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def scientific(value: float, digits: int) -> str:
    """``2·10⁻⁵`` for 2e-5 and no digits after the point."""
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    return f"{mantissa}·10{str(int(exponent)).translate(SUPERSCRIPTS)}"


SUBSCRIPTS = str.maketrans("0123456789x", "₀₁₂₃₄₅₆₇₈₉ₓ")


def layer_title(layer: str) -> str:
    """What a reader is told of a layer, e.g. ``output neurons s⁰`` for ``s_0``."""
    if layer.startswith("s_"):
        kind = "output" if layer == "s_0" else "hidden"
        return f"{kind} neurons s{layer[2:].translate(SUPERSCRIPTS)}"
    _, n, m = layer.split("_")
    kind = "input" if m == "x" else "output" if n == "0" else "hidden"
    return f"{kind} synapses W{(n + m).translate(SUBSCRIPTS)}"


def layer_symbol(layer: str) -> str:
    """``s⁰`` for ``s_0``, ``W₀₁`` for ``W_0_1``, ``b₀`` for ``b_0``."""
    kind, *numbers = layer.split("_")
    raised = SUPERSCRIPTS if kind == "s" else SUBSCRIPTS
    return kind + "".join(numbers).translate(raised)


def settings_line(setting: Setting, *, beta: bool = True) -> str:
    """The setting and its numbers in one line."""
    parts = [f"{setting.name} setting"]
    if setting.channels:
        parts += [f"channels {'-'.join(map(str, setting.channels))}, {setting.pooling} pooling"]
    parts += [f"β = {setting.beta:g}"] if beta else []
    parts += [] if setting.dt is None else [f"dt = {setting.dt:g}"]
    parts += [f"T = {setting.free_steps}", f"K = {setting.nudged_steps}"]
    return ", ".join(parts)


def short(value: float) -> str:
    """``2.1·10⁻⁵``."""
    return scientific(value, 1)


def power(value: float) -> str:
    """``10⁻⁵``."""
    return scientific(value, 0).removeprefix("1·")


def between(values: Sequence[float]) -> str:
    """``2.1·10⁻⁵ to 3.0·10⁻⁵``, or one number where they are the same to a reader."""
    low, high = short(min(values)), short(max(values))
    return low if low == high else f"{low} to {high}"
