"""Existence and local uniqueness of a steady state, by Krawczyk's test in balls.

For ``G(s) = F(x, s, theta) - s``, a point ``m`` and an approximate inverse ``Y`` of ``G'(m)``, let

    K(X) = m - Y G(m) + (I - Y G'(X)) (X - m)

over a box ``X`` around ``m``. If ``K(X)`` lies in the interior of ``X``, then ``G`` has exactly one
zero in ``X``, and it lies in ``K(X)`` (Krawczyk, 1969; Moore, 1977). ``m`` and ``Y`` come from
floating point and need not be right for the answer to be: only how tight it is depends on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from cep_core.arrays import Parameters, State
from cep_core.networks import Network, answering, bias, edges_of, fields, weight
from theory.arithmetic.balls import Balls, balls, midpoints, precision, stacked, upper_float
from theory.arithmetic.jets import Jet, coefficient

BOXES = (2.0**-16, 2.0**-24, 2.0**-32, 2.0**-40)
"""Half-widths of the boxes that are tried, the widest first."""

JACOBIAN_BITS = 64
"""Precision of the Jacobian over a box, which is as wide as the box in any case."""


class UncertifiedError(ValueError):
    """No steady state could be certified near the given point."""


@dataclass(frozen=True)
class SteadyState:
    """A steady state that exists.

    Attributes:
        state: balls that contain it, one array of shape ``(1, size_n)`` per layer.
        radius: the largest radius of these balls.
        alone_within: there is no other steady state so near, in any neuron.

    """

    state: State
    radius: float
    alone_within: float


def folded(network: Network, x: Balls, parameters: Parameters) -> tuple[Balls, Parameters]:
    """Return an input of one dark pixel and parameters whose bias holds the drive of ``x``.

    Every neuron receives the same as before, so the steady states are the same.
    """
    last = len(answering(network).activations) - 1
    silent = tuple(
        Balls(arb_mat(1, parameters[bias(n)].shape[0]), (1, parameters[bias(n)].shape[0]))
        for n in range(last + 1)
    )
    drive, _ = answering(network).signals(x, silent)
    size = parameters[bias(last)].shape[0]
    edges = edges_of(last + 1, parameters)
    received = fields(edges, drive, silent, parameters)[last]
    changed = {
        weight(last, "x"): Balls(arb_mat(size, 1), (size, 1)),
        bias(last): Balls(received.matrix, (size,)),
    }
    return Balls(arb_mat(1, 1, [arb(0.5)]), (1, 1)), parameters | changed


def split(row: Any, sizes: Sequence[int]) -> State:
    """Cut one row of neurons into layers, each of shape ``(1, size_n)``."""
    entries = iter(row.entries())
    return tuple(
        Balls(arb_mat(1, size, [next(entries) for _ in range(size)]), (1, size)) for size in sizes
    )


@dataclass(frozen=True)
class Equation:
    """``G(s) = F(x, s, theta) - s``, neurons of all layers in one row."""

    network: Network
    x: Balls
    parameters: Parameters
    sizes: tuple[int, ...]

    def residual(self, row: Any) -> Any:
        """``G`` at a row."""
        after = self.network.transition(self.x, split(row, self.sizes), self.parameters)
        return stacked(after).matrix - row

    def jacobian(self, row: Any) -> Any:
        """``G'`` at a row of balls, transposed: row ``i`` is the derivative along neuron ``i``."""
        total = sum(self.sizes)
        identity = np.eye(total)
        bounds = np.cumsum((0, *self.sizes))
        state = tuple(
            Jet((s, balls(identity[:, a:b])))
            for s, a, b in zip(split(row, self.sizes), bounds, bounds[1:], strict=False)
        )
        after = self.network.transition(self.x, state, self.parameters)
        moved = stacked([coefficient(s, 1) for s in after]).matrix
        return moved - balls(identity).matrix


def _largest(row: Any) -> float:
    return max(upper_float(abs(e)) for e in row.entries())


def _middle(row: Any) -> Any:
    return row.mid()


def certify(
    network: Network,
    x: Balls,
    parameters: Parameters,
    approximation: Sequence[NDArray[np.float64]],
) -> SteadyState:
    """Certify the steady state near an approximation and enclose it to the current precision.

    Args:
        network: the dynamics, with activations on balls.
        x: input, shape ``(1, size_x)``.
        parameters: ``theta``, as balls.
        approximation: the state that a free phase in float64 ended in, shapes ``(1, size_n)``.

    Raises:
        UncertifiedError: Krawczyk's test does not close on any of :data:`BOXES`, or the
            approximation's Jacobian has no inverse.
        KinkError: an activation has a kink in the box.

    """
    sizes = tuple(int(s.shape[1]) for s in approximation)
    equation = Equation(network, *folded(network, x, parameters), sizes)
    middle = balls(np.concatenate(approximation, axis=1)).matrix
    inverse = _approximate_inverse(equation, middle)
    step = equation.residual(middle) * inverse
    while _largest(step) > 0:
        following = _middle(middle - step)
        previous, step = _largest(step), equation.residual(following) * inverse
        if not _largest(step) < previous / 2:
            break
        middle = following
    step = equation.residual(middle) * inverse
    for width in BOXES:
        box = _box(len(middle.entries()), width)
        with precision(JACOBIAN_BITS):
            identity = balls(np.eye(sum(sizes))).matrix
            contraction = identity - equation.jacobian(middle + box) * inverse
        offset = box * contraction - step
        if all(abs(e) < width for e in offset.entries()):
            return _tightened(middle, offset, step, contraction, sizes, width)
    msg = (
        f"no steady state was certified within {BOXES[0]:.1g} of the approximation, whose residual "
        f"is {_largest(equation.residual(middle)):.2g}: the free phase has not settled, the steady "
        "state is degenerate, or the precision is too low"
    )
    raise UncertifiedError(msg)


def _approximate_inverse(equation: Equation, middle: Any) -> Any:
    total = sum(equation.sizes)
    with precision(JACOBIAN_BITS):
        jacobian = Balls(equation.jacobian(middle), (total, total))
    try:
        return balls(np.asarray(np.linalg.inv(midpoints(jacobian)), dtype=np.float64)).matrix
    except np.linalg.LinAlgError as error:
        msg = "the Jacobian of the dynamics at the approximation has no inverse"
        raise UncertifiedError(msg) from error


def _box(size: int, width: float) -> Any:
    return arb_mat(1, size, [arb(0, width)] * size)


def _tightened(
    middle: Any, offset: Any, step: Any, contraction: Any, sizes: Sequence[int], width: float
) -> SteadyState:
    """Apply the test's operator again until the enclosure shrinks no more."""
    reached = _largest(offset)
    while True:
        closer = offset * contraction - step
        if not _largest(closer) < reached / 2:
            break
        offset, reached = closer, _largest(closer)
    enclosure = middle + offset
    radius = max(upper_float(e.rad()) for e in enclosure.entries())
    alone = float(np.nextafter(width - _largest(offset), 0.0))
    return SteadyState(split(enclosure, sizes), radius, alone)
