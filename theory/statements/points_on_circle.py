"""N nudges on a circle: of order N inside the radius of analyticity, nothing beyond; no bias left.

If the nudged steady state ``r(beta)`` is analytic for ``|beta| < rho`` and moves by at most ``R``
there, the mean ``q_N(beta)`` of ``[r(beta_k) - r_*] / beta_k`` over ``N`` points of the circle
``|beta| = b`` keeps the terms ``a_{1 + mN} b^{mN}`` of its power series, and so (Cauchy)

    |q_N(b) - q| <= (R / rho) x / (1 - x),   x = (b / rho)^N,   q = dr/dbeta at 0.

A disc on which that holds is certified in complex balls (:mod:`theory.methods.analytic`), the
errors are enclosed there, and the code's own estimates are held against the enclosures. Beyond the
radius more points do not help. ``q`` itself misses the gradient's signal ``lambda`` unless the
weights are symmetric; with the asymmetry taken out of the nudged phase the same order holds to
``lambda``: the correction alone leaves the error of a finite ``beta``, points alone leave the
asymmetry's, both together leave neither.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from flint import acb_mat, arb

from cep_core.activations import Sigmoid
from cep_core.estimators import PointsOnCircle
from cep_core.homeostasis import blocks
from cep_core.networks.corrected import Corrected
from cep_core.networks.directed import Directed, loop, reciprocal
from cep_core.problem import Problem
from theory.arithmetic.balls import ACTIVATIONS, precision, upper_float
from theory.case import Answer, Case, Level, Outcome
from theory.methods.analytic import Branch, Disc, Nudged, at, complex_balls, disc
from theory.methods.steady_state import UncertifiedError

BITS = 96
RADIUS, ACROSS = 0.06, 5
"""The certified disc, and squares from its centre to its edge."""

BETA = 0.03
POINTS = (2, 3, 4, 6, 8)
FAR, MANY = 1.0, (3, 4, 6, 8, 12, 16)
STEPS = 250
CLOSE = 1e-11
"""Agreement asked of float64 with the enclosures."""

ORDER_SLACK = 0.25
GRAPHS = {"both ways": reciprocal, "a loop": loop}


@dataclass(frozen=True)
class Small:
    """A small directed network, in float64 and in complex balls.

    Attributes:
        graph: of its edges.
        sizes: of its layers, input first.
        seed: of its weights and its input.

    """

    graph: str
    sizes: tuple[int, ...]
    seed: int = 0

    @cached_property
    def problem(self) -> Problem:
        """At its free state in float64; a target of one class."""
        layers = len(self.sizes) - 1
        network = Directed((Sigmoid(),) * layers, edges=GRAPHS[self.graph](layers))
        generator = torch.Generator().manual_seed(self.seed)
        theta = network.initial_parameters(self.sizes, generator=generator)
        x = torch.rand(1, self.sizes[0], generator=generator, dtype=torch.float64)
        y = torch.eye(self.sizes[-1], dtype=torch.float64)[[1]]
        return Problem(network, x, y, theta).settled(start=network.zero_state(x, theta))

    @cached_property
    def free(self) -> Any:
        """The free state's numbers."""
        return _row(self.problem.rest)

    @cached_property
    def plain(self) -> Nudged:
        """The nudged steady states of the network as it is."""
        problem = self.problem
        network = problem.network
        assert isinstance(network, Directed)
        sigma = ACTIVATIONS["sigmoid"]
        return Nudged(
            replace(network, activations=(sigma,) * len(network.activations)),
            complex_balls(problem.x.numpy()),
            complex_balls(problem.y.numpy()),
            {name: complex_balls(value.numpy()) for name, value in problem.parameters.items()},
            tuple(s.shape[1] for s in problem.rest),
        )

    @cached_property
    def rest(self) -> Branch:
        """The certified free steady state."""
        return at(self.plain, 0j, self.free)

    @cached_property
    def corrected(self) -> Nudged:
        """Those of the corrected nudged phase."""
        plain = self.plain
        steady = plain.split(self.rest.zero)
        return replace(plain, network=Corrected(plain.network, steady, plain.parameters))

    def response(self, equation: Nudged) -> Any:
        """``q = dr/dbeta`` at 0, enclosed, one row."""
        slope = equation.jacobian(self.rest.zero, acb_mat(1, 1)[0, 0])
        right = equation.response(self.rest.zero).transpose() * -1
        return slope.transpose().solve(right).transpose()

    @cached_property
    def adjoint(self) -> Any:
        """``lambda = (D^{-1} - W^T)^{-1} dl/dr``, from the weights, enclosed, one row."""
        plain = self.plain
        network = plain.network
        assert isinstance(network, Directed)
        state = plain.split(self.rest.zero)
        found = blocks(network.connections(plain.parameters), plain.parameters)
        slopes = [e for s in network.slopes(plain.x, state, plain.parameters) for e in s.entries()]
        places = np.cumsum((0, *plain.sizes))
        total = int(places[-1])
        M = acb_mat(total, total)
        for i, slope in enumerate(slopes):
            M[i, i] = 1 / slope
        for (n, m), block in found.items():
            for i in range(plain.sizes[n]):
                for j in range(plain.sizes[m]):
                    M[int(places[m]) + j, int(places[n]) + i] -= block.matrix[i, j]
        wrong = (state[0] - plain.y).entries()
        c = acb_mat(total, 1, [*wrong, *[0] * (total - len(wrong))])
        return M.solve(c).transpose()

    def estimate(self, equation: Nudged, beta: float, points: int) -> Any:
        """``q_N(beta)``, enclosed; ``N = 1`` is one-sided."""
        total = acb_mat(1, len(self.free))
        for k in range(points):
            nudge = cmath.rect(beta, math.tau * k / points)
            zero = at(equation, nudge, self._reached(equation, nudge)).zero
            total = total + (zero - self.rest.zero) * (
                1 / complex_balls(np.array([nudge])).matrix[0, 0]
            )
        return total / points

    def _reached(self, equation: Nudged, nudge: complex) -> Any:
        """Where the nudged phase in complex128 goes from the free state."""
        problem = self.problem
        network: Any = problem.network
        x = problem.x.to(torch.complex128)
        theta = {n: v.to(torch.complex128) for n, v in problem.parameters.items()}
        rest = tuple(s.to(torch.complex128) for s in problem.rest)
        if equation is not self.plain:
            network = Corrected(network, rest, theta)
        state = rest
        for _ in range(STEPS):
            state = network.transition(x, state, theta, (state[0] - problem.y) * -nudge)
        return _row(state)

    def from_code(self, beta: float, points: int, *, corrected: bool) -> Any:
        """The code's own estimate, real numbers."""
        return _row(PointsOnCircle(beta, points, STEPS, corrected)(self.problem).signal).real


def _row(state: tuple[torch.Tensor, ...]) -> Any:
    return torch.cat([s.to(torch.complex128) for s in state], 1)[0].numpy()


def _error(found: Any, exact: Any) -> Any:
    """Largest absolute difference of two rows over the neurons, a ball."""
    largest = arb(0)
    for e in (found - exact).entries():
        largest = largest.max(abs(e))
    return largest


def _told(number: Any) -> float:
    return float(f"{upper_float(number):.3g}")


def order_at(small: Small, *, corrected: bool, scale: float = 1.0) -> Outcome:
    """Certify the disc, and enclose the errors at ``BETA`` and at half of it for every ``N``.

    Args:
        small: the network.
        corrected: its corrected nudged phase, whose errors are those to the gradient.
        scale: factor on the radius and on ``BETA``.

    """
    radius, beta = RADIUS * scale, BETA * scale
    with precision(BITS):
        try:
            equation = small.corrected if corrected else small.plain
            exact = small.adjoint if corrected else small.response(equation)
            found = disc(equation, small.free, radius, ACROSS)
            numbers, wrong = _orders(small, equation, exact, found, beta)
        except UncertifiedError as error:
            return Outcome(Answer.UNDECIDED, reason=str(error))
    numbers |= {"certified radius": radius, "squares": found.squares, "R": found.largest}
    if wrong:
        return Outcome(Answer.REFUTED, numbers, wrong)
    last = f"N = {POINTS[-1]}"
    return Outcome(
        Answer.HOLDS,
        numbers,
        f"analytic for |beta| < {radius} ({found.squares} squares), where it moves by at most "
        f"{found.largest:.2g}; at beta = {beta} the error is {numbers['N = 2']['error']:.1e} with "
        f"2 points and {numbers[last]['error']:.1e} with {POINTS[-1]}; orders "
        + ", ".join(f"{numbers[f'N = {n}']['order']:.2f}" for n in POINTS),
    )


def _orders(
    small: Small, equation: Nudged, exact: Any, found: Disc, beta: float
) -> tuple[dict[str, Any], str]:
    numbers: dict[str, Any] = {}
    corrected = equation is not small.plain
    for points in POINTS:
        estimates = [small.estimate(equation, b, points) for b in (beta, beta / 2)]
        errors = [_error(estimate, exact) for estimate in estimates]
        order = (errors[0] / errors[1]).log() / arb(2).log()
        bound = found.tail(beta, points)
        ours = small.from_code(beta, points, corrected=corrected)
        gap = _error(complex_balls(ours).matrix, estimates[0])
        numbers[f"N = {points}"] = {
            "error": _told(errors[0]),
            "bound": float(f"{bound:.3g}"),
            "order": float(order.mid()),
            "float64 differs by": _told(gap),
        }
        if not errors[0] <= bound:
            return numbers, f"N = {points}: the error {_told(errors[0])} is not within {bound:.2g}"
        if not abs(order - points) < ORDER_SLACK:
            return numbers, f"N = {points}: the error falls with order {float(order.mid()):.3f}"
        if not gap < CLOSE:
            return numbers, f"N = {points}: the code's estimate is off by {_told(gap)}"
    return numbers, ""


def code_at(small: Small, points: tuple[int, ...] = (2, 3, 4)) -> Outcome:
    """Hold the code's estimates, plain and corrected, against the enclosures at ``BETA``."""
    numbers: dict[str, float] = {}
    with precision(BITS):
        for corrected in (False, True):
            equation = small.corrected if corrected else small.plain
            for n in points:
                ours = complex_balls(small.from_code(BETA, n, corrected=corrected)).matrix
                gap = _error(ours, small.estimate(equation, BETA, n))
                numbers[f"{'corrected, ' if corrected else ''}N = {n}"] = _told(gap)
    worst = max(numbers.values())
    answer = Answer.HOLDS if worst < CLOSE else Answer.REFUTED
    return Outcome(answer, dict(numbers), f"float64 differs by {worst:.1e} at most")


def beyond_at(small: Small) -> Outcome:
    """Enclose the errors at a ``beta`` far outside, and see whether they fall with ``N``."""
    with precision(BITS):
        exact = small.response(small.plain)
        size = _error(exact, exact * 0)
        try:
            errors = {n: _error(small.estimate(small.plain, FAR, n), exact) / size for n in MANY}
        except UncertifiedError as error:
            return Outcome(Answer.UNDECIDED, reason=str(error))
        least = min(float(e.lower()) for e in errors.values())
    numbers = {f"N = {n}": _told(e) for n, e in errors.items()}
    listed = ", ".join(f"{e:.2g}" for e in numbers.values())
    falls = least < numbers[f"N = {MANY[0]}"] / 10
    return Outcome(
        Answer.HOLDS if falls else Answer.REFUTED,
        numbers,
        f"at beta = {FAR:g} the error is {listed} of q for N = {', '.join(map(str, MANY))}",
    )


def alone_at(small: Small, *, points: int, corrected: bool) -> Outcome:
    """Whether one remedy alone gives ``lambda`` to a thousandth at ``BETA``."""
    with precision(BITS):
        equation = small.corrected if corrected else small.plain
        error = _error(small.estimate(equation, BETA, points), small.adjoint)
        relative = error / _error(small.adjoint, small.adjoint * 0)
        numbers = {"error, of lambda": _told(relative)}
        answer = Answer.HOLDS if relative < arb("0.001") else Answer.REFUTED
    return Outcome(answer, numbers, f"the error is {numbers['error, of lambda']:.2g} of lambda")


def cases() -> tuple[Case, ...]:
    """Return the cases: inside the disc, beyond it, and the two biases apart and together."""
    balls = f"complex balls (Arb, {BITS} bits), Krawczyk over squares of beta"
    case = partial(
        Case,
        "points_on_circle",
        where="initial weights and an input of one seed, sigmoid, squared error",
        method=balls,
        level=Level.CERTIFIED,
    )
    order = (
        "r(beta) is analytic on a disc, |q_N(beta) - {}| <= (R/rho) x/(1-x), x = (beta/rho)^N, "
        "and falls with order N"
    )
    networks = {"both ways": (3, 4, 3), "a loop": (3, 3, 2, 2)}
    found = []
    for graph, sizes in networks.items():
        small, size = Small(graph, sizes), "-".join(map(str, sizes))
        for corrected in (False, True):
            told = "corrected, to the gradient" if corrected else "inside the disc"
            target = "lambda" if corrected else "q"
            narrower = corrected and graph == "a loop"  # its branch bends more
            decide: Callable[[], Outcome] = partial(
                order_at, small, corrected=corrected, scale=0.5 if narrower else 1.0
            )
            found.append(
                case(f"{graph}: {told}", order.format(target), size=size, decide=decide, cost=10)
            )
        found.append(
            case(
                f"{graph}: beyond the radius",
                f"at beta = {FAR:g} more points make the error as small as one likes",
                size=size,
                decide=partial(beyond_at, small),
                expected=Answer.REFUTED,
                cost=3,
            )
        )
        for told, claim, points, corrected in (
            ("points alone", "8 points give lambda without a correction", 8, False),
            ("correction alone", "one nudge gives lambda with the correction", 1, True),
        ):
            found.append(
                case(
                    f"{graph}: {told}",
                    f"{claim}, to a thousandth at beta = {BETA}",
                    size=size,
                    decide=partial(alone_at, small, points=points, corrected=corrected),
                    expected=Answer.REFUTED,
                )
            )
    return tuple(found)
