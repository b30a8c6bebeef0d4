"""Theorem 1 without symmetry: corrected C-VF follows BPTT on every vector field.

Let ``F`` be any differentiable transition, ``s_*`` its steady state and ``J = dF/ds`` there. With
the nudged phase

    s_{t+1} = F(x, s_t, theta_t) - beta dl/ds - (J - J^T)(s_t - s_*)

and ``theta_{t+1} = theta_t + kappa (dF/dtheta)^T (s_{t+1} - s_t)``, the displacement
``u_t = ds_t/dbeta`` obeys ``u_{t+1} = J^T u_t - dl/ds``, BPTT's own recurrence. So
``Delta_s(t) -> -nabla_s(t)`` and ``Delta_theta(t) -> -nabla_theta(t)`` at every step as first kappa
and then beta vanish: untied weights, loops without a reciprocal pair, the published drift without
``rho'`` and the published nudge outside the activation included. At a fixed kappa
``Delta_s(t) -> -(J^T + kappa G)^t dl/ds``.

With the nudge inside the activation the neurons follow ``D nabla_s``, ``D = diag sigma'``, and it
is ``D (W - W^T)`` that is taken out: a difference of weights, passed on as the nudge is.

The correction halved, with ``J`` and ``J^T`` exchanged, or measured from 0 in place of ``s_*`` does
not do; taken at ``s_t`` in place of ``s_*`` it differs at second order in beta only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch

from cep_core.arrays import Array, Parameters, State
from cep_core.networks import Edge
from cep_core.networks.corrected import Corrected
from cep_core.rules import C_VF
from theory.arithmetic.polynomials import FlintRing
from theory.arithmetic.series import boxed, quotient
from theory.case import Answer, Case, Level, Outcome
from theory.methods import certified, identities
from theory.methods.identities import Sides
from theory.methods.linear import (
    by_parameter,
    jacobian,
    layered,
    loss_gradient,
    parameter_jacobian,
    per_entry,
    processes,
)
from theory.methods.modular import decide_at_random
from theory.methods.perturbation import delta_side, nabla_side
from theory.methods.symbolic import identity, undecided_off_the_steady_state
from theory.points.drawn import Shape
from theory.points.steady import SymbolicPoint, energy_based, prototypical
from theory.points.topologies import ring

CLAIM = (
    "corrected C-VF's updates equal minus BPTT's gradients in the limit, no symmetry supposed: "
    "Delta(t) -> -nabla(t), all t < K"
)
EVERYWHERE = "every forward and backward weight, input, target, dt, settled state and activation"
CAPACITY = 300
RANDOM = "random points of F_p, p = 2^31 - 1"

Make = Callable[[FlintRing], SymbolicPoint]


@dataclass(frozen=True)
class Exchanged(Corrected):
    """The correction with ``J`` and ``J^T`` exchanged."""

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """With twice the asymmetry in place of none."""
        plain = self.base.transition(x, state, parameters, nudge)
        right = super().transition(x, state, parameters, nudge)
        return tuple(p * 2 - r for p, r in zip(plain, right, strict=True))


@dataclass(frozen=True)
class Halved(Corrected):
    """Half the correction: what is left is the symmetric part of ``J``."""

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """The mean of the corrected and the plain transition."""
        plain = self.base.transition(x, state, parameters, nudge)
        right = super().transition(x, state, parameters, nudge)
        return tuple((p + r) / 2 for p, r in zip(plain, right, strict=True))


@dataclass(frozen=True)
class FromZero(Corrected):
    """The correction measured from 0 in place of ``s_*``, its Jacobian where it should be."""

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """With the asymmetry of the whole state."""
        return self._without(x, state, parameters, nudge, at=self.steady, moved=state)


@dataclass(frozen=True)
class AtTheState(Corrected):
    """The Jacobian taken at ``s_t`` in place of ``s_*``: harmless to first order in beta."""

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """With the asymmetry of where the phase stands."""
        moved = tuple(s - rest for s, rest in zip(state, self.steady, strict=True))
        return self._without(x, state, parameters, nudge, at=state, moved=moved)


Correction = Callable[[Any, State, Parameters], Corrected]


@undecided_off_the_steady_state
def corrected_at(
    point: SymbolicPoint, *, steps: int, inside: bool = False, correction: Correction = Corrected
) -> Outcome:
    """Compare ``Delta`` of the corrected phase with ``-nabla`` of the network itself.

    Args:
        point: the network at a steady state.
        steps: ``K``.
        inside: the nudge is inside the activation, and the neurons follow ``D nabla_s``.
        correction: replaced by planted errors.

    """
    network = correction(point.network, point.state, point.parameters)
    left = delta_side(replace(point, network=network), C_VF, steps=steps)
    scale = point.network.time_scale
    right = {}
    for name, process in nabla_side(point, steps=steps).items():
        slope = point.slopes[int(name[2:])] if inside and name.startswith("s_") else 1
        right[name] = [g * boxed(scale * -1) * slope for g in process]
    return identity(point.ring, left, right)


@undecided_off_the_steady_state
def joint_limit_at(point: SymbolicPoint, *, steps: int) -> Outcome:
    """Compare phase 2 at symbolic kappa with ``-dt (J^T + kappa G)^t dl/ds``."""
    kappa = {name: point.ring.symbol(f"kappa_{name}") for name in point.parameters}
    network = Corrected(point.network, point.state, point.parameters)
    found = delta_side(replace(point, network=network), C_VF, steps=steps, kappa=kappa)
    J, A = jacobian(point), parameter_jacobian(point)
    weights = per_entry(point, kappa)
    gradient = loss_gradient(point)
    response = gradient * boxed(point.network.time_scale * -1)
    rows = []
    for _ in range(steps):
        pulled = quotient(A.T @ response, point.batch)
        rows.append(layered(point, response) | by_parameter(point, pulled))
        response = J.T @ response + A @ (pulled * weights)
    return identity(point.ring, found, processes(rows))


def sides(point: Any, *, steps: int, correction: Correction = Corrected) -> Iterator[Sides]:
    """Theorem 1 of the corrected network, in the number system of the point."""
    network = correction(point.network, point.state, point.parameters)
    yield from identities.theorem1(replace(point, network=network), rule=C_VF, steps=steps)


def untied_setup(network: Any, *, angle: float = 90.0) -> certified.Setup:
    """784-512-10 on a handwritten digit, backward weights at an angle to the forward ones."""
    tied = certified.digit_setup(network)
    drawn = network.initial_parameters(
        (784, 512, 10), generator=torch.Generator().manual_seed(0), backward_angle=angle
    )
    return replace(tied, parameters=drawn)


def _energy(
    shape: str, drift: str, edges: tuple[Edge, ...] | None, found: FlintRing
) -> SymbolicPoint:
    free = "tied" if edges is not None else "free"
    return energy_based(found, shape, drift_slope=drift, backward=free, edges=edges)  # type: ignore[arg-type]


def _prototypical(
    shape: str, nudge: str, edges: tuple[Edge, ...] | None, found: FlintRing
) -> SymbolicPoint:
    return prototypical(
        found,
        shape,
        nudge=nudge,  # type: ignore[arg-type]
        backward="tied" if edges is not None else "free",
        edges=edges,
        curvature=True,
    )


def _decide(make: Make, check: Callable[..., Outcome], **options: Any) -> Outcome:
    return check(make(FlintRing(CAPACITY)), **options)


LOOP = ring(3, tied=False)
FIELDS: dict[str, tuple[Callable[..., SymbolicPoint], str]] = {
    "energy-based, rho' everywhere": (_energy, "all"),
    "energy-based, no rho' in the output's drift": (_energy, "hidden"),
    "energy-based, no rho' at all": (_energy, "none"),
    "prototypical, nudge outside": (_prototypical, "outside"),
    "prototypical, nudge inside": (_prototypical, "inside"),
}
WRONG: dict[str, Correction] = {
    "J and J^T exchanged": Exchanged,
    "halved": Halved,
}


def cases() -> tuple[Case, ...]:
    """Return the cases: every vector field, the fixed ratio, and what does not do."""
    case = partial(Case, "corrected", where=EVERYWHERE, level=Level.SYMBOLIC)
    jets = "polynomial jets (FLINT)"
    found = []
    for field, (make, option) in FIELDS.items():
        inside = option == "inside"
        for shape, steps, edges, graph in (
            ("2-3-2", 10, None, ""),
            ("2-3-3-2", 6, None, ""),
            ("2-2-3-2", 6, LOOP, ", a loop in one direction"),
        ):
            decide = partial(
                _decide,
                partial(make, shape, option, edges),
                corrected_at,
                steps=steps,
                inside=inside,
            )
            size = f"{shape}, K = {steps}"
            found.append(
                case(f"{field}{graph}", CLAIM, method=jets, size=size, decide=decide, cost=4)
            )
    for field in ("energy-based, rho' everywhere", "prototypical, nudge outside"):
        make, option = FIELDS[field]
        point = partial(make, "2-3-2", option, None)
        found.append(
            case(
                f"{field}: at fixed kappa",
                "at fixed kappa = eta / beta', Delta_s(t) -> -(J^T + kappa G)^t dl/ds, one kappa "
                "per parameter",
                method=jets,
                size="2-3-2, K = 4",
                decide=partial(_decide, point, joint_limit_at, steps=4),
                cost=6,
            )
        )
        for wrong, correction in WRONG.items():
            found.append(
                case(
                    f"{field}: {wrong}",
                    f"the correction {wrong} does as well",
                    method=jets,
                    size="2-3-2, K = 4",
                    decide=partial(_decide, point, corrected_at, steps=4, correction=correction),
                    expected=Answer.REFUTED,
                )
            )
        found.append(
            case(
                f"{field}: J taken at s_t",
                "the Jacobian taken at s_t in place of s_* changes nothing at first order in beta",
                method=jets,
                size="2-3-2, K = 4",
                decide=partial(_decide, point, corrected_at, steps=4, correction=AtTheState),
            )
        )
    return (*found, *_at_full_size())


def _at_full_size() -> list[Case]:
    random = partial(
        Case, "corrected", where=EVERYWHERE, method=RANDOM, level=Level.MODULAR, cost=0.5
    )
    found = []
    for sizes in ((784, 512, 10), (784, 512, 512, 10)):
        size = f"{'-'.join(map(str, sizes))}, K = 10"
        for field, shape in {
            "energy-based, rho' everywhere": Shape(sizes, backward="free"),
            "energy-based, no rho' at all": Shape(sizes, backward="free", drift_slope="none"),
            "prototypical, nudge outside": Shape(
                sizes, setting="prototypical", nudge="outside", backward="free"
            ),
            "prototypical, nudge inside": Shape(sizes, setting="prototypical", backward="free"),
        }.items():
            decide = partial(decide_at_random, shape, partial(sides, steps=10))
            found.append(random(field, CLAIM, size=size, decide=decide))
    shape = Shape((784, 512, 10), backward="free")
    for wrong, correction in {**WRONG, "measured from 0": FromZero}.items():
        found.append(
            random(
                f"energy-based, rho' everywhere: {wrong}",
                f"the correction {wrong} does as well",
                size="784-512-10, K = 4",
                decide=partial(
                    decide_at_random, shape, partial(sides, steps=4, correction=correction)
                ),
                expected=Answer.REFUTED,
            )
        )
    found.append(
        Case(
            "corrected",
            "prototypical, sigmoid, nudge outside, forward and backward weights at 90 degrees",
            CLAIM,
            certified.AT_A_DIGIT,
            f"balls (Arb, {certified.BITS} bits)",
            "784-512-10, K = 10",
            Level.CERTIFIED,
            partial(
                certified.decide_in_balls,
                partial(untied_setup, certified.prototypical("outside")),
                partial(sides, steps=10),
            ),
            cost=30,
        )
    )
    return found
