"""From polynomials to formulas that people read, for the derivation notebook.

Nothing is derived here: a polynomial found by running the definition is turned into a SymPy
expression whose symbols are written as in the paper.
"""

from __future__ import annotations

import re
from typing import Any

import sympy

from theory.arithmetic.polynomials import Ring
from theory.arithmetic.series import Elements
from theory.methods.perturbation import Processes
from theory.points.steady import SymbolicPoint

_PATTERNS: tuple[tuple[str, str], ...] = (
    (r"W_(\d)_(\w)\[(\d),(\d)\]", r"W^{{{0}{1}}}_{{{2}{3}}}"),
    (r"b_(\d)\[(\d)\]", r"b^{{{0}}}_{{{1}}}"),
    (r"r0_(\d)\[0,(\d)\]", r"\rho(s^{{{0}}}_{{{1}}})"),
    (r"r1_(\d)\[0,(\d)\]", r"\rho'(s^{{{0}}}_{{{1}}})"),
    (r"r2_(\d)\[0,(\d)\]", r"\rho''(s^{{{0}}}_{{{1}}})"),
    (r"q_(\d)\[(\d)\]", r"q^{{{0}}}_{{{1}}}"),
    (r"rho_x\[0,(\d)\]", r"\rho(x_{{{0}}})"),
    (r"([xy])\[0,(\d)\]", r"{0}_{{{1}}}"),
    (r"s_(\d)\[0,(\d)\]", r"s^{{{0}}}_{{{1}}}"),
    (r"(s|theta)\[(\d)\]", r"\{0}_{{{1}}}"),
    (r"Phi_(\d+)", r"\Phi_{{{0}}}"),
    (r"kappa(?:_(\d))?", r"\kappa_{{{0}}}"),
    (r"beta", r"\beta"),
    (r"dt", r"\mathrm{{dt}}"),
)


def symbol(name: str) -> sympy.Symbol:
    """Return the SymPy symbol for a ring's symbol, written as in the paper."""
    for pattern, latex in _PATTERNS:
        match = re.fullmatch(pattern, name)
        if match:
            written = latex.format(*(group or "" for group in match.groups()))
            return sympy.Symbol(written.replace(r"\s_", "s_").replace("_{}", ""))
    return sympy.Symbol(name)


def expression(ring: Ring, polynomial: Any) -> sympy.Expr:
    """Return a polynomial as a factored SymPy expression."""
    if isinstance(polynomial, int):
        return sympy.Integer(polynomial)
    terms = polynomial.to_dict() if hasattr(polynomial, "to_dict") else dict(polynomial)
    written = [symbol(name) for name in ring.names]
    total = sympy.Integer(0)
    for exponents, coefficient in terms.items():
        ratio = sympy.Rational(str(coefficient))
        powers = zip(written, exponents, strict=False)
        total += ratio * sympy.Mul(*(s ** int(e) for s, e in powers if e))
    return sympy.factor(total)


def matrix(ring: Ring, values: Elements) -> sympy.Matrix:
    """Return a matrix, or a vector as a column, of polynomials as SymPy expressions."""
    rows = values.reshape(values.shape[0], -1)
    return sympy.Matrix(rows.shape[0], rows.shape[1], lambda i, j: expression(ring, rows[i, j]))


def neurons(point: SymbolicPoint, processes: Processes, t: int, *, over: Any = 1) -> sympy.Matrix:
    """Return all neurons of a process at step ``t`` as a column, divided by ``over``."""
    entries = [
        expression(point.ring, value)
        for n in range(len(point.state))
        for value in processes[f"s_{n}"][t].ravel()
    ]
    return sympy.Matrix([sympy.factor(entry / over) for entry in entries])


def parameter(
    point: SymbolicPoint, processes: Processes, name: str, t: int, *, over: Any = 1
) -> sympy.Matrix:
    """Return one parameter of a process at step ``t``, divided by ``over``."""
    found = matrix(point.ring, processes[name][t])
    return found.applyfunc(lambda entry: sympy.factor(entry / over))


def equation(left: str, right: sympy.Basic) -> str:
    """Return ``left = right`` in LaTeX; ``left`` is LaTeX already."""
    return f"{left} = {sympy.latex(right)}"
