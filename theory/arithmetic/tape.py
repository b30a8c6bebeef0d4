"""Reverse-mode differentiation over any number system.

``cep_core``'s transitions and losses use a handful of operations (:mod:`cep_core.arrays`). Run on
:class:`Traced` arrays they record how each value came about, and :func:`gradients` walks the record
backwards by the chain rule. It knows nothing of networks, phases or recurrences, so that
:func:`unrolled_gradients` is the genuine derivative of the unrolled loss: what PyTorch's autograd
computes in float64, computed in a prime field or in balls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cep_core.arrays import Array, Parameters, State
from cep_core.check.bptt import unroll
from cep_core.losses import SquaredError
from cep_core.networks import Network
from cep_core.networks.gather import Gather

Pullback = Callable[[Array], Array]
"""From the derivative with respect to a value to the derivative with respect to one operand."""


class Traced:
    """An array that remembers the operations that made it.

    Attributes:
        value: the array itself, over any number system.
        origins: the traced operands, each with its pullback; empty for an independent variable.

    """

    __array_ufunc__ = None  # NumPy arrays leave mixed operations to this class

    def __init__(self, value: Array, origins: tuple[tuple[Traced, Pullback], ...] = ()) -> None:
        """Wrap ``value``."""
        self.value = value
        self.origins = origins

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the value."""
        return shape_of(self.value)

    @property
    def T(self) -> Traced:  # noqa: N802 - NumPy's name
        """The transpose of a matrix."""
        return Traced(self.value.T, ((self, lambda g: g.T),))

    def fit(self, g: Array) -> Array:
        """Sum a derivative over the axes along which this operand was broadcast."""
        own, found = self.shape, shape_of(g)
        if own == found:
            return g
        if len(own) < len(found):
            return g.sum(0) if own else g.sum()
        if own[0] == 1 and own[1:] == found[1:]:
            return g.sum(0).reshape(own)
        return self.value * 0 + g

    def apply(self, value: Array, slope: Array) -> Traced:
        """Return an elementwise function of this array, from its value and its slope here."""
        return Traced(value, ((self, lambda g: g * slope),))

    def __add__(self, other: Any) -> Traced:
        """Return the sum; a vector is added to every row of a matrix."""
        if isinstance(other, Traced):
            origins = ((self, self.fit), (other, other.fit))
            return Traced(self.value + other.value, origins)
        return Traced(self.value + other, ((self, self.fit),))

    __radd__ = __add__

    def __neg__(self) -> Traced:
        """Return the negative."""
        return self * -1

    def __sub__(self, other: Any) -> Traced:
        """Return the difference."""
        if isinstance(other, Traced):
            origins = ((self, self.fit), (other, lambda g: other.fit(g * -1)))
            return Traced(self.value - other.value, origins)
        return Traced(self.value - other, ((self, self.fit),))

    def __rsub__(self, other: Any) -> Traced:
        """Return ``other - self``."""
        return (self * -1).__add__(other)

    def __mul__(self, other: Any) -> Traced:
        """Return the elementwise product."""
        if isinstance(other, Traced):
            origins = (
                (self, lambda g: self.fit(g * other.value)),
                (other, lambda g: other.fit(g * self.value)),
            )
            return Traced(self.value * other.value, origins)
        return Traced(self.value * other, ((self, lambda g: self.fit(g * other)),))

    __rmul__ = __mul__

    def __truediv__(self, count: int) -> Traced:
        """Return the quotient by a positive integer."""
        return Traced(self.value / count, ((self, lambda g: g / count),))

    def __matmul__(self, other: Any) -> Traced:
        """Return the product of two matrices."""
        if isinstance(other, Traced):
            origins = (
                (self, lambda g: g @ other.value.T),
                (other, lambda g: self.value.T @ g),
            )
            return Traced(self.value @ other.value, origins)
        return Traced(self.value @ other, ((self, lambda g: g @ other.T),))

    def __rmatmul__(self, other: Any) -> Traced:
        """Return ``other @ self``."""
        return Traced(other @ self.value, ((self, lambda g: other.T @ g),))

    def gathered(self, gather: Gather) -> Traced:
        """Entries of every sample, or zero (:mod:`cep_core.networks.gather`)."""
        shape = self.shape
        pullback = (self, lambda g: gather.transposed(g).reshape(shape))
        return Traced(gather(self.value), (pullback,))

    def reshape(self, shape: tuple[int, ...]) -> Traced:
        """The same elements in another shape."""
        own = self.shape
        return Traced(self.value.reshape(shape), ((self, lambda g: g.reshape(own)),))

    def sum(self, axis: int | None = None) -> Traced:
        """Return the sum over the first axis, or over everything."""
        value = self.value.sum() if axis is None else self.value.sum(axis)
        return Traced(value, ((self, lambda g: self.value * 0 + g),))


def shape_of(value: Any) -> tuple[int, ...]:
    """Shape of an array; () for a plain number."""
    return tuple(getattr(value, "shape", ()))


def gradients(total: Traced, wanted: Sequence[Traced]) -> list[Array]:
    """Derivatives of a scalar with respect to each of ``wanted``; zeros where it has no part."""
    collected: dict[int, Array] = {id(total): total.value * 0 + 1}
    for node in reversed(_ordered(total)):
        g = collected[id(node)]
        for origin, pullback in node.origins:
            part = pullback(g)
            known = collected.get(id(origin))
            collected[id(origin)] = part if known is None else known + part
    return [
        collected[id(variable)] if id(variable) in collected else variable.value * 0
        for variable in wanted
    ]


def _ordered(total: Traced) -> list[Traced]:
    """Everything that ``total`` is made of, operands before results."""
    order: list[Traced] = []
    seen = {id(total)}
    stack = [(total, iter(total.origins))]
    while stack:
        node, remaining = stack[-1]
        for origin, _ in remaining:
            if id(origin) not in seen:
                seen.add(id(origin))
                stack.append((origin, iter(origin.origins)))
                break
        else:
            order.append(node)
            stack.pop()
    return order


@dataclass(frozen=True)
class Gradients:
    """The gradient processes of BPTT, ``t = 0 … K-1`` first, with the sign of a gradient.

    Attributes:
        states: ``nabla_s(t) = dL/ds_{T-t}`` of each sample's own loss, output layer first.
        parameters: ``nabla_theta(t)`` by name: the derivative of the loss, averaged over the
            mini-batch, with respect to the copy of theta used from ``s_{T-t-1}`` to ``s_{T-t}``.

    """

    states: tuple[State, ...]
    parameters: tuple[Parameters, ...]


def unrolled_gradients(
    network: Network, x: Array, y: Array, parameters: Parameters, start: State, *, steps: int
) -> Gradients:
    """Differentiate the squared error at the end of :func:`cep_core.check.bptt.unroll`.

    The arrays may be over any number system in which the network's activations can be traced.
    """
    copies = [{name: Traced(value) for name, value in parameters.items()} for _ in range(steps)]
    states = unroll(network, x, tuple(Traced(s) for s in start), copies)
    total = SquaredError().value(states[-1][0], y)
    wanted = [s for state in states[1:] for s in state]
    wanted += [copy[name] for copy in copies for name in parameters]
    found = iter(gradients(total, wanted))
    at_state = [tuple(next(found) for _ in start) for _ in range(steps)]
    batch = shape_of(x)[0]
    at_copy = [
        {name: g if batch == 1 else g / batch for name, g in zip(parameters, found, strict=False)}
        for _ in range(steps)
    ]
    return Gradients(tuple(reversed(at_state)), tuple(reversed(at_copy)))


def transposed_product(
    function: Callable[..., Sequence[Array]], at: Sequence[Array], direction: Sequence[Array]
) -> list[Array]:
    """``(df/dat)^T direction`` at the point ``at``, by one backward walk.

    Args:
        function: from arrays shaped as ``at`` to arrays shaped as ``direction``.
        at: the point.
        direction: what the transposed Jacobian is applied to.

    """
    variables = [Traced(value) for value in at]
    values = function(*variables)
    pairing = sum((f * d).sum() for f, d in zip(values, direction, strict=True))
    return gradients(pairing, variables)


def differentiated(function: Callable[[State], Traced], state: State) -> State:
    """Derivative in the state of a function of it with one number for its value."""
    traced = tuple(Traced(s) for s in state)
    return tuple(gradients(function(traced), traced))
