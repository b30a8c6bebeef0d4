"""The steady state as an analytic function of a complex nudge, certified on a disc.

Let ``G(r, beta) = F(x, r, theta) nudged by + beta (r^0 - y), minus r``. For a small square of
complex ``beta`` Krawczyk's test over a box of complex balls shows that there is exactly one zero in
the box for every ``beta`` in the square, and that ``dG/dr`` is invertible there: the zero is an
analytic function of ``beta``. Squares that cover a disc, each sharing with its neighbour a point at
which the zero of one is certified to lie in the box of the other, make one analytic function of the
disc. The lower half of the disc mirrors the upper one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from flint import acb, acb_mat, arb
from numpy.typing import NDArray

from cep_core.arrays import Parameters, State
from cep_core.losses import Loss, SquaredError
from cep_core.networks import Network
from theory.arithmetic.balls import Balls
from theory.arithmetic.jets import Jet, coefficient
from theory.methods.steady_state import UncertifiedError

WIDENINGS = (1.25, 1.6, 2.5)
"""Half-width of a box, in units of how far the zero moves over the square."""

SHARE = 0.1
"""Half-width for neurons that move little, in units of how far the others do."""

LEAST = 2.0**-40
"""Half-width of the box at a single ``beta``."""


def complex_balls(array: Balls | NDArray[Any]) -> Balls:
    """Return real balls, or an array of numbers, as complex balls."""
    if isinstance(array, Balls):
        return Balls(acb_mat(array.matrix), array.shape)
    rows, columns = (1, 1, *array.shape)[-2:]
    entries = [acb(complex(e).real, complex(e).imag) for e in array.ravel()]
    return Balls(acb_mat(rows, columns, entries), array.shape)


def square(centre: complex, half: float) -> Any:
    """Return the square of complex numbers round a centre as one ball."""
    return acb(arb(centre.real, half), arb(centre.imag, half))


@dataclass(frozen=True)
class Nudged:
    """``G(r, beta)``, neurons of all layers in one row.

    Attributes:
        network: the dynamics of the nudged phase, with activations on balls.
        x: input, complex balls.
        y: target, complex balls of shape ``(1, size_0)``.
        parameters: ``theta``, complex balls.
        sizes: of the layers, output first.
        loss: whose gradient nudges.

    """

    network: Network
    x: Balls
    y: Balls
    parameters: Parameters
    sizes: tuple[int, ...]
    loss: Loss = SquaredError()  # noqa: RUF009 - it has no state

    def residual(self, row: Any, beta: Any) -> Any:
        """``G`` at a row of balls."""
        state = self.split(row)
        after = self.network.transition(self.x, state, self.parameters, self._nudge(state, beta))
        return self._joined(after) - row

    def jacobian(self, row: Any, beta: Any) -> Any:
        """``dG/dr``, transposed: row ``i`` is the derivative along neuron ``i``."""
        parts = zip(self.split(row), self.split(self._identity), strict=True)
        state = tuple(Jet((s, d)) for s, d in parts)
        after = self.network.transition(self.x, state, self.parameters, self._nudge(state, beta))
        return self._joined([coefficient(s, 1) for s in after]) - self._identity

    def response(self, row: Any) -> Any:
        """``dG/dbeta`` at ``beta = 0``, one row."""
        state = self.split(row)
        nudge = self._nudge(state, acb(1))
        moved = Jet((nudge * 0, nudge))
        after = self.network.transition(self.x, state, self.parameters, moved)
        return self._joined([coefficient(s, 1) for s in after])

    def _nudge(self, state: State, beta: Any) -> Any:
        return self.loss.gradient(state[0], self.y) * scalar_of(-beta)

    @cached_property
    def _identity(self) -> Any:
        total = sum(self.sizes)
        return acb_mat(total, total, [int(i == j) for i in range(total) for j in range(total)])

    def split(self, rows: Any) -> State:
        """Cut rows of neurons into layers."""
        table = rows.tolist()
        bounds = np.cumsum((0, *self.sizes))
        return tuple(
            Balls(acb_mat([line[a:b] for line in table]), (len(table), int(b - a)))
            for a, b in pairwise(bounds)
        )

    @staticmethod
    def _joined(state: Sequence[Balls]) -> Any:
        table = [
            [e for part in line for e in part]
            for line in zip(*(s.matrix.tolist() for s in state), strict=True)
        ]
        return acb_mat(table)


def scalar_of(number: Any) -> Balls:
    """Return a complex number or ball as a scalar."""
    return Balls(acb_mat(1, 1, [number]), ())


@dataclass(frozen=True)
class Branch:
    """The zero over a square of ``beta``: alone in a box, enclosed more tightly within it.

    Attributes:
        beta: the square.
        middle: of the box, exact numbers in one row.
        halves: half-widths of the box.
        zero: enclosure for every ``beta`` of the square, one row.

    """

    beta: Any
    middle: Any
    halves: tuple[float, ...]
    zero: Any

    def holds(self, row: Any) -> bool:
        """Tell whether a row of balls lies in the box."""
        return _within(row - self.middle, self.halves)


def _within(offset: Any, halves: Sequence[float]) -> bool:
    pairs = zip(offset.entries(), halves, strict=True)
    return all(abs(e.real) < half and abs(e.imag) < half for e, half in pairs)


def _numbers(matrix: Any) -> NDArray[np.complex128]:
    found = [complex(float(e.real.mid()), float(e.imag.mid())) for e in matrix.entries()]
    return np.array(found).reshape(matrix.nrows(), matrix.ncols())


def _exact(numbers: NDArray[np.complex128]) -> Any:
    return complex_balls(np.atleast_2d(numbers)).matrix


def newton(equation: Nudged, beta: complex, near: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """A zero by Newton's method in floating point; no part of any proof."""
    found = near
    for _ in range(20):
        row, at = _exact(found), acb(beta.real, beta.imag)
        step = _numbers(equation.residual(row, at))
        slope = _numbers(equation.jacobian(row, at))
        found = found - np.linalg.solve(slope.T, step[0])
        if np.abs(step).max() < 1e-14:  # noqa: PLR2004 - rounding
            break
    return found


def over(equation: Nudged, beta: Any, near: NDArray[np.complex128]) -> Branch:
    """Certify the zero near some numbers, for every ``beta`` of a square.

    Raises:
        UncertifiedError: Krawczyk's test does not close.

    """
    centre = complex(float(beta.real.mid()), float(beta.imag.mid()))
    middle = _exact(newton(equation, centre, near))
    slope = _numbers(equation.jacobian(middle, acb(centre.real, centre.imag)))
    inverse = _exact(np.asarray(np.linalg.inv(slope), dtype=np.complex128))
    step = equation.residual(middle, beta) * inverse
    size = len(middle.entries())
    identity = acb_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])
    for widening in WIDENINGS:
        # Each neuron in proportion to how far it moves, and a little for those that hardly do.
        moves = [float(abs(e).upper()) for e in step.entries()]
        least = max(LEAST, SHARE * max(moves))
        halves = [max(least, widening * move) for move in moves]
        box = acb_mat(1, size, [square(0, half) for half in halves])
        contraction = identity - equation.jacobian(middle + box, beta) * inverse
        offset = box * contraction - step
        if _within(offset, halves):
            for _ in range(3):
                offset = offset * contraction - step
            return Branch(beta, middle, tuple(halves), middle + offset)
    raise UncertifiedError(f"no analytic steady state was certified at beta = {beta.str(3)}")


def at(equation: Nudged, beta: complex, near: NDArray[np.complex128]) -> Branch:
    """Certify and enclose the zero near some numbers at one ``beta``."""
    return over(equation, acb(beta.real, beta.imag), near)


@dataclass(frozen=True)
class Disc:
    """A disc of nudges on which the steady state is analytic.

    Attributes:
        radius: of the disc.
        largest: bound of ``|r(beta) - r(0)|`` of every neuron there.
        squares: how many were certified.

    """

    radius: float
    largest: float
    squares: int

    def tail(self, beta: float, points: int) -> float:
        """Bound of ``|q_N(beta) - q|`` of every neuron, by Cauchy's estimates."""
        x = (arb(beta) / self.radius) ** points
        return float((arb(self.largest) / self.radius * x / (1 - x)).upper())


def disc(equation: Nudged, free: NDArray[np.complex128], radius: float, across: int) -> Disc:
    """Certify the steady state as an analytic function of ``beta`` on a disc.

    Args:
        equation: the nudged steady states.
        free: the free one in floating point.
        radius: of the disc.
        across: squares from the centre to the edge.

    Raises:
        UncertifiedError: a square is not certified, or two neighbours do not share their zero.

    """
    half = radius / (2 * across - 1)
    rest = at(equation, 0j, free)
    found: dict[tuple[int, int], Branch] = {}
    largest = arb(0)
    for j in range(across):  # from the real axis up, from the middle out
        for i in sorted(range(-across + 1, across), key=abs):
            nearest = complex(max(abs(i) * 2 - 1, 0) * half, max(j * 2 - 1, 0) * half)
            if abs(nearest) > radius:
                continue
            centre = complex(2 * i * half, 2 * j * half)
            inward = (i, j - 1) if i == 0 and j else (i - (i > 0) + (i < 0), j)
            before = found.get(inward) or found.get((i, j - 1))
            near = _numbers(before.middle)[0] if before else free
            branch = over(equation, square(centre, half), near)
            if before is not None:
                _require_shared(equation, branch, before)
            elif not branch.holds(rest.zero):
                raise UncertifiedError("the free steady state is not the one round beta = 0")
            for name in ((i - 1, j), (i + 1, j), (i, j - 1)):
                if name in found and found[name] is not before:
                    _require_shared(equation, branch, found[name])
            found[i, j] = branch
            for e in (branch.zero - rest.zero).entries():
                largest = largest.max(abs(e))
    return Disc(radius, float(largest.upper()), len(found))


def _require_shared(equation: Nudged, one: Branch, other: Branch) -> None:
    """Certify that two neighbouring squares have one zero at a point of both."""
    ends = [
        (float(a.mid()) + float(b.mid())) / 2
        for a, b in ((one.beta.real, other.beta.real), (one.beta.imag, other.beta.imag))
    ]
    point = complex(*ends)
    zero = at(equation, point, _numbers(one.middle)[0]).zero
    inside = one.beta.contains(acb(*ends)) and other.beta.contains(acb(*ends))
    if not (inside and one.holds(zero) and other.holds(zero)):
        raise UncertifiedError(f"two squares do not share a steady state at beta = {point:.3g}")
