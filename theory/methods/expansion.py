"""Constants of an energy-based network near a steady state, certified by balls.

They are the numbers that the error bounds of ``theory/proof/Expansion.v`` ask for: Euclidean norms
of the first and second derivatives of ``F = dPhi/ds`` and ``phi = dPhi/dtheta`` at rest, and of the
third ones in a ball round it. With ``a`` the fields, ``W`` the coupling of all layers (symmetric),
and derivatives of ``rho`` taken elementwise,

    F = (1 - dt) s + dt rho'(s) a,   da/ds = W rho'(s),
    d2F[x, y] = dt (rho''' a x y + rho'' x W(rho' y) + rho'' y W(rho' x) + rho' W(rho'' x y)),

and so on; ``|x y| <= |x| |y|`` for an elementwise product. That a bound on the third derivative
bounds the remainder is Taylor's theorem. ``F`` and ``phi`` are affine in ``theta``, so the bounds
hold for every change of the parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from flint import arb

from cep_core.arrays import Parameters, State
from cep_core.networks import EnergyBased, edges_of, fields, weight
from theory.arithmetic.balls import Balls, scalar
from theory.methods.norms import euclidean, largest, operator_norm, upper


@dataclass(frozen=True)
class Constants:
    """Upper bounds, exact numbers; the names are those of ``expansion_data`` in ``Expansion.v``.

    Attributes:
        size_J: of ``dF/ds`` at rest.
        size_B: of ``dF/dtheta`` at rest; also of its transpose ``d2Phi/(dtheta ds)`` (``size_C``).
        size_Q: of half of ``d2F/ds2`` at rest.
        size_T: of half of ``d2phi/ds2`` at rest.
        size_H: of the loss's second derivative.
        cubic_F: half of ``d3F/ds3`` in the ball.
        mixed_F: ``d2F/(ds dtheta)`` in the ball.
        cubic_Phi: half of ``d3phi/ds3`` in the ball.
        curvature: ``d2F/ds2`` in the ball.
        radius: of the ball of states, Euclidean.

    """

    size_J: Any  # noqa: N815 - Coq's names
    size_B: Any  # noqa: N815
    size_Q: Any  # noqa: N815
    size_T: Any  # noqa: N815
    size_H: Any  # noqa: N815
    cubic_F: Any  # noqa: N815
    mixed_F: Any  # noqa: N815
    cubic_Phi: Any  # noqa: N815
    curvature: Any
    radius: Any


@dataclass(frozen=True)
class _Slopes:
    """Largest absolute values, over all neurons, of derivatives of ``rho``, and times the field."""

    rho: tuple[Any, ...]
    third_field: Any
    fourth_field: Any


@dataclass(frozen=True)
class Layers:
    """An energy-based chain of layers with tied weights, in balls, one sample.

    Attributes:
        network: with activations on balls.
        x: input, shape ``(1, size_x)``.
        parameters: ``theta``.
        state: balls that hold the steady state.

    Raises:
        ValueError: at construction, if the network is of another kind.

    """

    network: EnergyBased
    x: Balls
    parameters: Parameters
    state: State

    def __post_init__(self) -> None:
        """Refuse what the formulas do not cover."""
        names = {weight(n, n + 1) for n in range(self.depth - 1)} | {weight(self.depth - 1, "x")}
        weights = {name for name in self.parameters if name.startswith("W_")}
        if self.network.drift_slope != "all" or self.network.clamp or weights != names:
            raise ValueError(
                "network: expected an energy-based chain of tied layers with rho' everywhere and "
                f"no clamp, found {self.network} with {sorted(weights)}"
            )

    @property
    def depth(self) -> int:
        """Number of layers of neurons."""
        return len(self.state)

    def _signals(self) -> tuple[Balls, State]:
        drive = self.network.activations[-1](self.x)
        pairs = zip(self.network.activations, self.state, strict=True)
        return drive, tuple(f(s) for f, s in pairs)

    def coupling(self) -> Any:
        """Bound of ``W``: for a chain, of two neighbouring blocks together."""
        blocks = [
            operator_norm(self.parameters[weight(n, n + 1)].matrix) for n in range(self.depth - 1)
        ]
        return max((upper(a + b) for a, b in pairwise((arb(0), *blocks, arb(0)))), default=arb(0))

    def _slopes(self, radius: Any, coupling: Any) -> _Slopes:
        """Bounds over all states within ``radius`` of the steady state."""
        drive, signals = self._signals()
        received = fields(edges_of(self.depth, self.parameters), drive, signals, self.parameters)
        ball = arb(0, radius)
        found: list[list[Balls]] = []
        for f, s in zip(self.network.activations, self.state, strict=True):
            box = s.each(lambda e: e + ball)
            found.append([f.derivative(box, k) for k in range(5)])  # type: ignore[attr-defined]
        rho = tuple(largest(e for layer in found for e in layer[k].entries()) for k in range(5))
        moved = arb(0, upper(coupling * rho[1] * radius))

        def with_field(k: int) -> Any:
            return largest(
                r * (a + moved)
                for layer, field in zip(found, received, strict=True)
                for r, a in zip(layer[k].entries(), field.entries(), strict=True)
            )

        return _Slopes(rho, with_field(3), with_field(4))

    def _reception(self, slope: Any, radius: Any) -> Any:
        """Bound of the change of all fields per change of ``theta``, within ``radius``."""
        drive, signals = self._signals()
        sent = [upper(euclidean([v]) + slope * radius) for v in signals]
        received = euclidean([drive])
        gram = []
        for n in range(self.depth):
            above = received if n == self.depth - 1 else sent[n + 1]
            neighbours = ([sent[n - 1]] if n else []) + (
                [sent[n + 1]] if n < self.depth - 1 else []
            )
            below = sent[n - 1] ** 2 if n else arb(0)
            gram.append(
                upper(1 + above**2 + below + sum((sent[n] * v for v in neighbours), arb(0)))
            )
        return upper(max(gram).sqrt())

    def constants(self, jacobian_norm: Any, radius: Any) -> Constants:
        """Certify the constants.

        Args:
            jacobian_norm: bound of ``dF/ds`` at rest.
            radius: of the ball in which the third derivatives are bounded.

        """
        dt = (
            scalar(self.network.dt).matrix[0, 0]
            if isinstance(self.network.dt, float)
            else (self.network.dt.matrix[0, 0])
        )
        coupling = self.coupling()
        # two edges at one neuron, of independent changes: |u| + |v| <= sqrt(2) |(u, v)|
        edges = arb(1) if self.depth <= 2 else arb(2).sqrt()  # noqa: PLR2004 - one edge
        rest, near = self._slopes(arb(0), coupling), self._slopes(radius, coupling)
        _, r1, r2, r3, _ = near.rho
        _, p1, p2, _, _ = rest.rho
        at_rest, nearby = self._reception(p1, arb(0)), self._reception(r1, radius)
        curvature = dt * (near.third_field + 3 * r2 * coupling * r1)
        third = (
            near.fourth_field + 3 * r3 * coupling * r1 + 3 * r2 * coupling * r2 + r1 * coupling * r3
        )
        return Constants(
            size_J=upper(jacobian_norm),
            size_B=upper(dt * p1 * at_rest),
            size_Q=upper(dt * (rest.third_field + 3 * p2 * coupling * p1) / 2),
            size_T=upper(dt * (p2 * at_rest + edges * p1 * p1) / 2),
            size_H=arb(1),
            cubic_F=upper(dt * third / 2),
            mixed_F=upper(dt * (r2 * nearby + edges * r1 * r1)),
            cubic_Phi=upper(dt * (r3 * nearby + 3 * edges * r1 * r2) / 2),
            curvature=upper(curvature),
            radius=upper(radius),
        )


def lit(x: Balls, parameters: Parameters, depth: int) -> tuple[Balls, Parameters]:
    """Leave out the dark pixels: exact zeros send nothing and move no weight (``rho(0) = 0``)."""
    name = weight(depth - 1, "x")
    keep = [i for i, e in enumerate(x.entries()) if e != 0]
    return _columns(x, keep), parameters | {name: _columns(parameters[name], keep)}


def _columns(array: Balls, keep: Sequence[int]) -> Balls:
    from flint import arb_mat  # noqa: PLC0415

    table = [[row[i] for i in keep] for row in array.matrix.tolist()]
    return Balls(arb_mat(table), (len(table), len(keep)))
