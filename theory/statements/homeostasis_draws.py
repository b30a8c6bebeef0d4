"""Hutchinson's estimate of the homeostatic loss: its mean and its variance.

For ``eps`` standard normal, ``l = |J eps|^2 - eps^T J^2 eps`` has the mean ``2 |A|_F^2`` and the
variance ``2 |sym(J^T J - J^2)|_F^2``, ``A`` the antisymmetric half of ``J`` and ``sym`` the
symmetric half; the mean of its gradient in the weights is ``2 (W - W^T)``. That holds of
``J = W - D^{-1}``, in activity coordinates, and of the published ``J = W - I``: their means are
one, their variances are not. A draw may be negative.

The loss is the code's own, run on polynomials in ``eps``; the mean of a polynomial in normal
numbers replaces every ``eps_i^{2k}`` by ``1 * 3 * ... * (2k - 1)`` and drops odd powers (Isserlis).
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from cep_core.homeostasis import quadratic_form
from theory.arithmetic.polynomials import symbols
from theory.arithmetic.series import Elements
from theory.case import Answer, Case, Level, Outcome
from theory.methods.linear import flat
from theory.methods.symbolic import identity
from theory.points.steady import SymbolicPoint
from theory.statements.homeostasis_bias import make, weights

EVERYWHERE = "every weight and slope"
METHOD = "polynomials in normal numbers (FLINT), moments by Isserlis"


class Draw:
    """One symbolic draw of a network's homeostatic loss.

    Attributes:
        value: ``l``, a polynomial.
        gradient: of it in the weights between neurons, by name.
        J: the Jacobian, from the parameters.
        W: its weights.

    """

    def __init__(self, point: SymbolicPoint, *, published: bool) -> None:
        """Draw ``eps``; the decay is ``D^{-1}``, free symbols, or 1."""
        ring = point.ring
        shapes = [s.shape for s in point.state]
        begin = len(ring.names)
        eps = tuple(symbols(ring, f"eps_{n}", shape) for n, shape in enumerate(shapes))
        self._drawn = range(begin, len(ring.names))
        if published:
            decay: tuple[Elements, ...] = tuple(np.full(shape, 1, dtype=object) for shape in shapes)
        else:
            decay = tuple(symbols(ring, f"d_{n}", shape) for n, shape in enumerate(shapes))
        parameters = {name: value.constant for name, value in point.parameters.items()}
        network: Any = point.network
        edges = network.connections(point.parameters)
        self.value, self.gradient = quadratic_form(edges, parameters, decay, eps)
        self.W = weights(point)
        leak = flat(list(decay))
        self.J = self.W - np.diag(leak)

    def mean(self, polynomial: Any) -> Any:
        """Mean over ``eps``."""
        if isinstance(polynomial, int):
            return polynomial
        context = polynomial.context()
        found: dict[tuple[int, ...], Any] = {}
        for powers, coefficient in polynomial.to_dict().items():
            drawn = [powers[i] for i in self._drawn]
            if any(power % 2 for power in drawn):
                continue
            moment = math.prod(math.prod(range(1, power, 2)) for power in drawn)
            rest = list(powers)
            for i in self._drawn:
                rest[i] = 0
            key = tuple(rest)
            found[key] = found.get(key, 0) + coefficient * moment
        return context.from_dict(found)


def mean_at(shape: str, graph: str, *, published: bool) -> Outcome:
    """Compare the means of loss and gradient with ``2 |A|^2`` and ``2 (W - W^T)``."""
    point = make(shape, graph)
    draw = Draw(point, published=published)
    odd = draw.W - draw.W.T
    left = {"loss": [_entry(draw.mean(draw.value))]}
    right = {"loss": [_entry((odd * odd).sum() / 2)]}
    places = np.cumsum([0, *(s.shape[1] for s in point.state)])
    network: Any = point.network
    for edge in network.connections(point.parameters):
        if not isinstance(edge.source, int):
            continue
        (name,) = edge.names
        n, m = edge.target, edge.source
        block = odd[places[n] : places[n + 1], places[m] : places[m + 1]]
        left[name] = [np.vectorize(draw.mean, otypes=[object])(draw.gradient[name])]
        right[name] = [block * 2]
    return identity(point.ring, left, right)


def variance_at(shape: str, graph: str, *, published: bool, one_half: bool = False) -> Outcome:
    """Compare the variance of the loss with ``2 |sym(J^T J - J^2)|^2``.

    Args:
        shape: layer sizes.
        graph: which edges.
        published: of the published Jacobian.
        one_half: compare with ``|J^T J - J^2|^2`` without taking the symmetric half: wrong.

    """
    point = make(shape, graph)
    draw = Draw(point, published=published)
    mean = draw.mean(draw.value)
    form = draw.J.T @ draw.J - draw.J @ draw.J
    symmetric = form if one_half else form + form.T
    told = (symmetric * symmetric).sum() * 2
    found = draw.mean(draw.value * draw.value) - mean * mean
    left = {"variance": [_entry(found)]}
    return identity(point.ring, left, {"variance": [_entry(told if one_half else told / 4)]})


def same_variance(shape: str, graph: str) -> Outcome:
    """Compare the variances of the two Jacobians."""
    point = make(shape, graph)
    both = [Draw(point, published=published) for published in (False, True)]
    variances = [d.mean(d.value * d.value) - d.mean(d.value) * d.mean(d.value) for d in both]
    one, other = ({"variance": [_entry(v)]} for v in variances)
    return identity(point.ring, one, other)


def _entry(polynomial: Any) -> Elements:
    """An array of one entry."""
    found = np.empty(1, dtype=object)
    found[0] = polynomial
    return found


def cases() -> tuple[Case, ...]:
    """Return the cases: mean and variance, of either Jacobian, with and without a partner block."""
    case = partial(
        Case, "homeostasis_draws", where=EVERYWHERE, method=METHOD, level=Level.SYMBOLIC, cost=3
    )
    found = []
    for graph, mean_shape, shape in (
        ("weights of their own both ways", "2-3-3-2", "1-3-2"),
        ("a loop in one direction", "2-3-3-2", "1-2-1-1"),
    ):
        for published in (False, True):
            told = f"{graph}, {'published J' if published else 'activity coordinates'}"
            options = {"published": published}
            found += [
                case(
                    f"{told}: mean",
                    "one draw has the mean 2 |A|^2, and its gradient the mean 2 (W - W^T)",
                    size=mean_shape,
                    decide=partial(mean_at, mean_shape, graph, **options),
                ),
                case(
                    f"{told}: variance",
                    "one draw has the variance 2 |sym(J^T J - J^2)|^2",
                    size=shape,
                    decide=partial(variance_at, shape, graph, **options),
                ),
            ]
        found += [
            case(
                f"{graph}: without the symmetric half",
                "one draw has the variance 2 |J^T J - J^2|^2",
                size=shape,
                decide=partial(variance_at, shape, graph, published=False, one_half=True),
                expected=Answer.REFUTED,
            ),
            case(
                f"{graph}: one variance",
                "the published J has the variance of J in activity coordinates",
                size=shape,
                decide=partial(same_variance, shape, graph),
                expected=Answer.REFUTED,
            ),
        ]
    return tuple(found)
