"""The energy-based (real-time) setting: Euler steps along the gradient of a primitive function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cep_core.activations import Activation
from cep_core.arrays import Array, Parameters, Scalar, State
from cep_core.networks.edges import Edge, coupling, field_gradient, fields, primitive_gradient
from cep_core.networks.layered import Layered

DriftSlope = Literal["all", "hidden", "none"]


@dataclass(frozen=True)
class EnergyBased(Layered):
    """Energy-based (real-time) setting: an Euler step of length ``dt`` (C-EP paper, section 4).

    ``s^n <- s^n + dt (-s^n + rho'(s^n) * a^n)`` with
    ``a^n = W_{n,n+1} rho(s^{n+1}) + W_{n-1,n}^T rho(s^{n-1}) + b^n``, of the primitive function
    ``Phi = (1 - dt) ||s||^2 / 2 + dt (rho(s) W rho(s) + b rho(s))``. The input passes through
    the activation of layer ``N`` too. The nudge is multiplied by ``dt``.

    Attributes:
        activations: one per layer, output first; an identity at the output is an exact variant.
        dt: length of the Euler step, dimensionless (in units of the neurons' time constant).
        drift_slope: which layers carry the factor ``rho'``. ``"all"``: the gradient of ``Phi``,
            exact. ``"hidden"``: every layer but the output, as published for symmetric weights.
            ``"none"``: as published for C-VF.
        clamp: clamp the state to [0, 1] after every step, as published unless told otherwise.
        edges: between the layers; a chain of dense ones unless given.

    """

    activations: tuple[Activation, ...]
    dt: Scalar
    drift_slope: DriftSlope = "all"
    clamp: bool = False
    edges: tuple[Edge, ...] | None = None

    @property
    def time_scale(self) -> Scalar:
        """``dt``: the nudge is part of the drift."""
        return self.dt

    @property
    def departures(self) -> tuple[str, ...]:
        """A drift without the activation's slope, as published."""
        if self.drift_slope == "all":
            return ()
        cause = (
            f"the drift has the slope of the activation on {self.drift_slope!r} layers, as "
            "published, and so is no gradient: use drift_slope='all' or an identity output"
        )
        return (cause,)

    def signals(self, x: Array, state: State) -> tuple[Array, State]:
        """What is sent along the edges: ``rho(x)`` and ``rho(s^n)`` of every layer."""
        rho = tuple(f(s) for f, s in zip(self.activations, state, strict=True))
        return self.activations[-1](x), rho

    def arguments(
        self,
        x: Array,
        state: State,
        parameters: Parameters,
    ) -> State:
        """Where each activation is evaluated: the state itself."""
        return state

    def followed_slopes(
        self,
        x: Array,
        steady: State,
        parameters: Parameters,
        *,
        modified_loss: bool = False,
    ) -> State | None:
        """None: the neurons follow ``nabla_s`` itself."""
        return None

    def _has_slope(self, n: int) -> bool:
        return self.drift_slope == "all" or (self.drift_slope == "hidden" and n > 0)

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """One Euler step of every layer at once; see :class:`cep_core.networks.Network`."""
        drive, rho = self.signals(x, state)
        received = fields(self.connections(parameters), drive, rho, parameters)
        new = []
        for n, (s, field) in enumerate(zip(state, received, strict=True)):
            drift = field * self.activations[n].slope(s) if self._has_slope(n) else field
            drift = drift - s
            if n == 0 and nudge is not None:
                drift = drift - nudge
            moved = s + drift * self.dt
            new.append(moved.clamp(0, 1) if self.clamp else moved)
        return tuple(new)

    def asymmetry(self, x: Array, steady: State, parameters: Parameters, vector: State) -> State:
        """``(J - J^T) v = dt (P C R v - R C^T P v)``, ``R = diag rho'``, ``P`` the drift's slopes.

        What else is in ``J`` is diagonal and cancels. Away from a clamp.
        """
        edges = self.connections(parameters)
        slopes = self.slopes(x, steady, parameters)
        drift = tuple(r if self._has_slope(n) else 1 for n, r in enumerate(slopes))
        sent = tuple(v * r for v, r in zip(vector, slopes, strict=True))
        felt = tuple(v * p for v, p in zip(vector, drift, strict=True))
        _, at = self.signals(x, steady)
        forth = coupling(edges, sent, parameters, at=at)
        back = coupling(edges, felt, parameters, at=at, transposed=True)
        parts = zip(forth, back, slopes, drift, strict=True)
        return tuple((f * p - b * r) * self.dt for f, b, r, p in parts)

    def pullback(self, x: Array, state: State, parameters: Parameters, change: State) -> Parameters:
        """``(dF/dtheta)^T change``, which C-VF's rule is here."""
        return self.vector_field_gradient(x, state, parameters, change)

    def primitive_gradient(self, x: Array, state: State, parameters: Parameters) -> Parameters:
        """``dt rho(s^n) rho(s^{n+1})^T``; biases ``dt rho(s^n)``."""
        drive, rho = self.signals(x, state)
        return primitive_gradient(self.connections(parameters), drive, rho, parameters, self.dt)

    def vector_field_gradient(
        self, x: Array, state: State, parameters: Parameters, change: State
    ) -> Parameters:
        """``(dF/dtheta)^T change`` with the slopes that the drift has."""
        drive, rho = self.signals(x, state)
        scaled = tuple(
            (c * self.activations[n].slope(s) if self._has_slope(n) else c) * self.dt
            for n, (s, c) in enumerate(zip(state, change, strict=True))
        )
        return field_gradient(self.connections(parameters), drive, rho, scaled, parameters)
