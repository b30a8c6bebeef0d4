"""EP's bias in a network without symmetry, and that it is the sum of C-VF's over all steps.

Let ``W`` be the weights between neurons, ``D`` the slopes at the steady state, ``M = D^{-1} - W``
and ``c = dl/dr``. A nudge ``c`` moves the activities by ``q = M^{-1} c``; the gradient's error
signal is ``lambda = M^{-T} c``; and

    q - lambda = M^{-1} (W - W^T) M^{-T} c,   |q - lambda| <= 2 |M^{-1}|^2 |A| |c|,

``A = (W - W^T) / 2``: zero for symmetric weights, but not small for a small ``A`` where ``M`` is
nearly singular. C-VF's error at step ``t`` sums to it: with ``N = I - J = D M``,
``g_K = sum_{t<K} nabla_s(t)``,

    N sum_{t<K} [Delta_s(t) + D nabla_s(t)] = -D (W - W^T) D g_K + J^K D c - D (J^T)^K c,

whose last two terms vanish with ``K`` where the free phase settles. Taking the asymmetry out of the
nudged phase takes out all of it, for every ``K``.

For every ``c``: ``c = D^{-1} N^T g`` with ``g`` free, so that no inverse is needed, and all sides
are polynomials.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from cep_core.activations import Sigmoid
from cep_core.homeostasis import blocks
from cep_core.learning import one_hot
from cep_core.networks import Edge
from cep_core.networks.corrected import Corrected
from cep_core.networks.directed import Directed, loop, reciprocal
from cep_core.problem import Problem
from cep_core.read_out import SoftmaxReadOut
from cep_core.rules import C_VF
from theory.arithmetic.balls import Balls, balls, lower_float, precision, upper_float
from theory.arithmetic.polynomials import FlintRing, symbols
from theory.arithmetic.series import Elements
from theory.case import Answer, Case, Level, Outcome
from theory.methods import certified
from theory.methods.linear import flat, jacobian, layered, loss_gradient, processes
from theory.methods.perturbation import delta_side, nabla_side
from theory.methods.symbolic import identity, undecided_off_the_steady_state
from theory.points.steady import SymbolicPoint, prototypical

IDENTITY = "q - lambda = M^-1 (W - W^T) M^-T c, for every c"
SUM = "the sum over t < K of C-VF's errors is EP's bias, up to J^K and (J^T)^K"
BOUND = "|q - lambda| <= 2 |M^-1|^2 |A| |c|"
EVERYWHERE = "every weight, input, target, settled state and activation"
JETS = "polynomial jets (FLINT)"
CAPACITY = 300
BITS = 128

GRAPHS: dict[str, Callable[[int], tuple[Edge, ...]]] = {
    "weights of their own both ways": reciprocal,
    "a loop in one direction": loop,
}


def weights(point: SymbolicPoint) -> Elements:
    """``W`` between all neurons, from the parameters; layer by layer, the output first."""
    network: Any = point.network
    found = blocks(network.connections(point.parameters), point.parameters)
    sizes = [s.shape[1] for s in point.state]
    rows = [
        [
            found[n, m].constant if (n, m) in found else np.zeros((a, b), dtype=object)
            for m, b in enumerate(sizes)
        ]
        for n, a in enumerate(sizes)
    ]
    return np.block(rows)


def make(shape: str, graph: str, **options: str) -> SymbolicPoint:
    """The prototypical setting with the nudge inside, and these edges."""
    layers = shape.count("-")
    edges = None if options else GRAPHS[graph](layers)
    return prototypical(FlintRing(CAPACITY), shape, edges=edges, curvature=True, **options)  # type: ignore[arg-type]


@undecided_off_the_steady_state
def bias_at(point: SymbolicPoint, *, unbiased: bool = False) -> Outcome:
    """Compare ``D N^T g - N D g``, ``J`` by perturbing the transition, with ``D (W - W^T) D g``.

    Args:
        point: a network with the nudge inside.
        unbiased: compare with 0 instead.

    """
    D = flat(list(point.slopes))
    N = np.identity(len(D), dtype=int).astype(object) - jacobian(point)
    g = symbols(point.ring, "g", (len(D),))
    W = weights(point)
    left = D * (N.T @ g) - N @ (D * g)
    right = D * ((W - W.T) @ (D * g)) * (0 if unbiased else 1)
    if unbiased and not np.any(left != 0):
        return Outcome(Answer.HOLDS, {"identities": len(D)}, f"{len(D)} polynomials are zero")
    return identity(
        point.ring, processes([layered(point, left)]), processes([layered(point, right)])
    )


@undecided_off_the_steady_state
def sum_at(point: SymbolicPoint, *, steps: int, corrected: bool = False) -> Outcome:
    """Compare the summed errors of the two sides of the property with the bias.

    Args:
        point: a network with the nudge inside.
        steps: ``K``.
        corrected: of the corrected nudged phase, which has none.

    """
    D, J, c = flat(list(point.slopes)), jacobian(point), loss_gradient(point)
    nabla = nabla_side(point, steps=steps)
    run = point
    if corrected:
        run = replace(point, network=Corrected(point.network, point.state, point.parameters))
    delta = delta_side(run, C_VF, steps=steps)
    names = [f"s_{n}" for n in range(len(point.state))]
    moved, g = (
        np.sum([flat([side[s][t] for s in names]) for t in range(steps)], axis=0)
        for side in (delta, nabla)
    )
    N, W = np.identity(len(D), dtype=int).astype(object) - J, weights(point)
    if corrected:
        left, right = moved, D * g * -1
    else:
        forth, back = D * c, c
        for _ in range(steps):
            forth, back = J @ forth, J.T @ back
        left = N @ (moved + D * g)
        right = D * ((W - W.T) @ (D * g)) * -1 + forth - D * back
    return identity(
        point.ring, processes([layered(point, left)]), processes([layered(point, right)])
    )


def settled(graph: str, angle: float | None, sizes: tuple[int, ...]) -> Problem:
    """A directed network with real weights, settled on a digit; float64."""
    network = Directed((Sigmoid(),) * (len(sizes) - 1), edges=GRAPHS[graph](len(sizes) - 1))
    generator = torch.Generator().manual_seed(0)
    theta = network.initial_parameters(sizes, generator=generator, backward_angle=angle)
    read_out = SoftmaxReadOut.initial(sizes, 10, generator=generator)
    x, label = certified.digit()
    y = one_hot(torch.tensor([label]), 10, torch.float64)
    problem = Problem(network, x, y, theta, SoftmaxReadOut(read_out))
    return problem.settled(start=network.zero_state(x, theta))


def bound_in_balls(graph: str, angle: float | None, sizes: tuple[int, ...]) -> Outcome:
    """Enclose both sides of the bound with the weights, slopes and loss gradient of float64."""
    problem = settled(graph, angle, sizes)
    network = problem.network
    assert isinstance(network, Directed)
    found = blocks(network.connections(problem.parameters), problem.parameters)
    layers = [s.shape[1] for s in problem.rest]
    W = np.block(
        [
            [
                found[n, m].numpy() if (n, m) in found else np.zeros((a, b))
                for m, b in enumerate(layers)
            ]
            for n, a in enumerate(layers)
        ]
    )
    slopes = torch.cat(network.slopes(problem.x, problem.rest, problem.parameters), 1)[0].numpy()
    c = np.zeros(len(W))
    c[: layers[0]] = problem.loss.gradient(problem.rest[0], problem.y)[0].numpy()
    with precision(BITS):
        ours, drive = balls(W), balls(c.reshape(-1, 1))
        M = balls(np.diag(1 / slopes)) - ours
        q, lam = (Balls(m.matrix.solve(drive.matrix), drive.shape) for m in (M, M.T))
        odd = ours - ours.T
        direct = q - lam
        told = Balls(M.matrix.solve((odd @ lam).matrix), drive.shape)
        inverse = Balls(M.matrix.inv(), M.shape)
        norms = [_norm(v) for v in (direct, inverse, odd, drive)]
        bias, bound = norms[0], norms[1] * norms[1] * norms[2] * norms[3]
        gap = direct - told
        numbers = {
            "|q - lambda|": upper_float(bias),
            "bound": lower_float(bound),
            "|q - lambda| / |lambda|": upper_float(bias / _norm(lam)),
        }
        if not gap.contains_zero() or not bias <= bound:
            return Outcome(Answer.REFUTED, numbers, "the enclosures exclude it")
        times = upper_float(bound / bias) if bias > 0 else float("inf")
    relative = numbers["|q - lambda| / |lambda|"]
    return Outcome(
        Answer.HOLDS,
        numbers,
        f"the bias is {relative:.2g} of the gradient's signal; the bound, in Frobenius norms, is "
        f"{times:.2g} times as large",
    )


def _norm(array: Balls) -> Any:
    return (array * array).sum().matrix[0, 0].sqrt()


def cases() -> tuple[Case, ...]:
    """Return the cases of the bias, of its sum over steps, and of its bound."""
    case = partial(
        Case, "homeostasis_bias", where=EVERYWHERE, method=JETS, level=Level.SYMBOLIC, cost=3
    )
    found = []
    for graph, shape, steps in (
        ("weights of their own both ways", "2-3-2", 6),
        ("weights of their own both ways", "2-3-3-2", 4),
        ("a loop in one direction", "2-2-3-2", 4),
    ):
        point = partial(make, shape, graph)
        size = f"{shape}, K = {steps}"
        found += [
            case(graph, IDENTITY, size=shape, decide=partial(_at, bias_at, point)),
            case(
                f"{graph}: the sum over steps",
                SUM,
                size=size,
                decide=partial(_at, sum_at, point, steps=steps),
            ),
            case(
                f"{graph}: corrected",
                "with the asymmetry taken out of the nudged phase, the sum of Delta_s over t < K "
                "is minus D times that of nabla_s, for every K",
                size=size,
                decide=partial(_at, sum_at, point, steps=steps, corrected=True),
            ),
            case(
                f"{graph}: no bias",
                "q = lambda",
                size=shape,
                decide=partial(_at, bias_at, point, unbiased=True),
                expected=Answer.REFUTED,
            ),
        ]
    found.append(
        case(
            "symmetric weights: no bias",
            "q = lambda",
            size="2-3-3-2",
            decide=partial(
                _at, bias_at, partial(make, "2-3-3-2", "", backward="transposed"), unbiased=True
            ),
        )
    )
    for graph, angle in (
        ("weights of their own both ways", 15.0),
        ("weights of their own both ways", 90.0),
        ("a loop in one direction", None),
    ):
        told = "" if angle is None else f", {angle:g} degrees"
        found.append(
            Case(
                "homeostasis_bias",
                f"{graph}{told}: the bound",
                BOUND,
                "initial weights, one digit; float64's state, slopes and loss gradient",
                f"balls (Arb, {BITS} bits)",
                "784-24-16-10",
                Level.CERTIFIED,
                partial(bound_in_balls, graph, angle, (784, 24, 16, 10)),
                cost=2,
            )
        )
    return tuple(found)


def _at(
    check: Callable[..., Outcome], point: Callable[[], SymbolicPoint], **options: object
) -> Outcome:
    return check(point(), **options)
