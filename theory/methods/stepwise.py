"""The certificate of ``stepwise_bound`` (``theory/proof/ExpansionBound.v``), found and checked.

At given ``beta`` and ``kappa = eta / beta`` the error ``Delta_s(t) + nabla_s(t)`` is its part of
first order, a vector that balls enclose, up to a rest that the certificate bounds step by step. All
numbers are upper bounds, exact, rounded up; :func:`holds` checks the inequalities that the theorem
asks for, in the theorem's words and in its order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flint import arb

from theory.methods.expansion import Constants
from theory.methods.norms import upper
from theory.methods.steady_state import UncertifiedError

TRIALS = 12
"""How often the ball is widened before it is said that the phase may leave it."""

WIDEST = 0.5
"""A ball wider than this bounds nothing: the derivatives of the activations are too large."""


@dataclass(frozen=True)
class Certificate:
    """Numbers for the steps ``0 … K-1``; names as in ``stepwise_certificate``, from rest.

    Attributes:
        constants: of the network, in a ball that holds the phase.
        beta: nudging strength of one transition, ``beta dt``, positive.
        kappa: ``eta / beta``, not negative.
        m: until step ``t`` the states stay so near to rest.
        n: until step ``t`` the parameters stay so near to theirs.
        nabla: bounds of ``|nabla_s(t)|``.
        first: bounds of the first-order part of the neurons' error.
        rest: bounds of what remains of it.
        error: bounds of the whole of it.

    """

    constants: Constants
    beta: Any
    kappa: Any
    m: tuple[Any, ...]
    n: tuple[Any, ...]
    nabla: tuple[Any, ...]
    first: tuple[Any, ...]
    rest: tuple[Any, ...]
    error: tuple[Any, ...]

    def moved(self, t: int) -> Any:
        """How far the state may be from rest before step ``t``."""
        return self.beta * _total(self.nabla[i] + self.error[i] for i in range(t))

    def away(self, t: int) -> Any:
        """How far it may be from the linear phase."""
        return self.beta * _total(self.error[:t])

    def rest_needed(self, t: int) -> Any:
        """What ``rest[t + 1]`` must be at least, given the steps before."""
        c, m, n = self.constants, self.m[t], self.n[t]
        return (
            c.size_J * self.rest[t]
            + drift_second(c, self.kappa, m, n) * (self.nabla[t] + self.error[t])
            + drift_first(c, self.beta, self.kappa, m) * self.error[t]
            + c.size_Q * (self.away(t) + self.away(t + 1)) * self.nabla[t]
        )

    def rest_param(self, t: int) -> Any:
        """Bound of what remains of the parameters' error beyond its first-order part."""
        c, m = self.constants, self.m[t]
        return upper(
            c.size_B * self.rest[t]
            + c.cubic_Phi * m**2 * (self.nabla[t] + self.error[t])
            + 2 * c.size_T * m * self.error[t]
            + c.size_T * (self.away(t) + self.away(t + 1)) * self.nabla[t]
        )


def _total(numbers: Any) -> Any:
    return sum(numbers, arb(0))


def _beyond(c: Constants, m: Any) -> Any:
    return 2 * c.size_T * m + c.cubic_Phi * m**2


def lipschitz_phi(c: Constants, m: Any) -> Any:
    """``lipschitz_Phi`` of ``Expansion.v``; ``phi`` is affine in ``theta``."""
    return c.size_B + _beyond(c, m)


def drift_first(c: Constants, beta: Any, kappa: Any, m: Any) -> Any:
    """``drift_first`` of ``Expansion.v``."""
    return 2 * c.size_Q * m + kappa * c.size_B**2 + beta * c.size_H


def drift_second(c: Constants, kappa: Any, m: Any, n: Any) -> Any:
    """``drift_second`` of ``Expansion.v``; the loss is quadratic."""
    return (
        c.cubic_F * m**2
        + c.mixed_F * n
        + c.mixed_F * m * kappa * lipschitz_phi(c, m)
        + kappa * c.size_B * _beyond(c, m)
    )


def holds(k: Certificate) -> bool:
    """Check every inequality of ``stepwise_certificate``."""
    c = k.constants
    for t in range(len(k.nabla)):
        moved = k.moved(t + 1)
        if not (0 <= k.m[t] <= c.radius and moved <= k.m[t]):
            return False
        if not (k.n[t] >= 0 and k.kappa * lipschitz_phi(c, k.m[t]) * moved <= k.n[t]):
            return False
        if not (k.nabla[t] >= 0 and k.rest[t] >= 0 and k.first[t] + k.rest[t] <= k.error[t]):
            return False
    return all(k.rest_needed(t) <= k.rest[t + 1] for t in range(len(k.nabla) - 1))


def certificate(
    constants: Callable[[Any], Constants],
    beta: Any,
    kappa: Any,
    nabla: Sequence[Any],
    first: Sequence[Any],
) -> Certificate:
    """Find a certificate.

    Args:
        constants: the network's, in a ball of a given radius.
        beta: nudging strength of one transition, a ball.
        kappa: ``eta / beta``, a ball.
        nabla: bounds of ``|nabla_s(t)|``, ``t = 0 … K-1``.
        first: bounds of the first-order part of the neurons' error.

    Raises:
        UncertifiedError: none was found, because ``beta`` and ``kappa`` are too large.

    """
    beta, kappa = upper(beta), upper(kappa)
    radius = upper(beta * _total(nabla) * 1.1)
    for _ in range(TRIALS):
        if not radius < WIDEST:
            break
        found = _recursion(constants(radius), beta, kappa, tuple(nabla), tuple(first))
        if holds(found):
            return found
        radius = upper(max(radius * 1.1, found.m[-1] * 1.1))
    raise UncertifiedError(
        f"no ball round rest was found that the nudged phase does not leave, at beta dt = "
        f"{float(beta.mid()):.3g}, kappa = {float(kappa.mid()):.3g}: they are too large"
    )


def _recursion(
    constants: Constants, beta: Any, kappa: Any, nabla: tuple[Any, ...], first: tuple[Any, ...]
) -> Certificate:
    """Fill a certificate with the smallest numbers, whether or not they stay in the ball."""
    m: tuple[Any, ...] = ()
    n: tuple[Any, ...] = ()
    rest: tuple[Any, ...] = (arb(0),)
    error: tuple[Any, ...] = ()
    for t in range(len(nabla)):
        error = (*error, upper(first[t] + rest[t]))
        known = Certificate(constants, beta, kappa, m, n, nabla, first, rest, error)
        moved = upper(known.moved(t + 1))
        m = (*m, moved)
        n = (*n, upper(kappa * lipschitz_phi(constants, moved) * moved))
        known = Certificate(constants, beta, kappa, m, n, nabla, first, rest, error)
        if t + 1 < len(nabla):
            rest = (*rest, upper(known.rest_needed(t)))
    return Certificate(constants, beta, kappa, m, n, nabla, first, rest, error)
