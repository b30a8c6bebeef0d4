"""The one definition of the layered dynamics, over any number system.

Layers are counted from the output: layer 0 is the output, layer ``N`` the one next to the input.
``W_n_m`` has shape ``(size_n, size_m)`` and ``W_N_x`` shape ``(size_N, size_x)``. A parameter set
that holds backward weights ``W_{n+1}_{n}`` of shape ``(size_{n+1}, size_n)`` uses them for the
signal from layer ``n`` to layer ``n+1``; one that does not uses the transpose of ``W_{n}_{n+1}``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from cep_core.activations import Activation
from cep_core.arrays import Array, Parameters, Scalar, State

Nudge = Literal["outside", "inside"]
DriftSlope = Literal["all", "hidden", "none"]


class Network(Protocol):
    """A static-input network that settles: what the phases, rules and checks ask for."""

    @property
    def time_scale(self) -> Scalar:
        """The factor that a nudge carries into one transition: 1, or ``dt`` when real-time."""

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """One synchronous step ``s_{t+1} = F(x, s_t, theta)``, nudged by ``-time_scale * nudge``.

        ``nudge`` is ``beta * dl/ds^0`` of shape ``(B, size_0)``, or None in the free phase.
        """

    def primitive_gradient(self, x: Array, state: State, parameters: Parameters) -> Parameters:
        """``dPhi/dtheta``, averaged over the mini-batch."""

    def vector_field_gradient(
        self, x: Array, state: State, parameters: Parameters, change: State
    ) -> Parameters:
        """``(dF/dtheta)^T change`` averaged over the mini-batch; ``change`` is like a state."""


def weight(n: int, m: int | str) -> str:
    """Name of the weight that carries the signal of layer ``m`` to layer ``n``."""
    return f"W_{n}_{m}"


def bias(n: int) -> str:
    """Name of the bias of layer ``n``."""
    return f"b_{n}"


def _batch_mean(gradients: Parameters, batch: int) -> Parameters:
    return gradients if batch == 1 else {name: g / batch for name, g in gradients.items()}


def pre_activations(drive: Array, signals: State, parameters: Parameters) -> State:
    """Weighted sums ``W_{n,n+1} v^{n+1} + W_{n+1<-n} v^{n-1} + b^n`` of every layer.

    Args:
        drive: what the layer next to the input receives, shape ``(B, size_x)``.
        signals: what the neurons send, one array of shape ``(B, size_n)`` per layer.
        parameters: ``theta``; backward weights are used where present.

    """
    last = len(signals) - 1
    sums = []
    for n in range(last + 1):
        above = drive if n == last else signals[n + 1]
        total = above @ parameters[weight(n, "x" if n == last else n + 1)].T + parameters[bias(n)]
        if n > 0:
            independent = parameters.get(weight(n, n - 1))
            down = parameters[weight(n - 1, n)] if independent is None else independent.T
            total = total + signals[n - 1] @ down
        sums.append(total)
    return tuple(sums)


def _hebbian(drive: Array, signals: State, scale: Scalar | None) -> Parameters:
    """``dPhi/dtheta`` of the tied parameters: products of the signals at both ends of an edge."""
    last = len(signals) - 1
    gradients: Parameters = {}
    for n, v in enumerate(signals):
        post = v if scale is None else v * scale
        edge, pre = (weight(n, "x"), drive) if n == last else (weight(n, n + 1), signals[n + 1])
        gradients[edge] = post.T @ pre
        gradients[bias(n)] = post.sum(0)
    return _batch_mean(gradients, drive.shape[0])


def _one_sided(drive: Array, signals: State, change: State, parameters: Parameters) -> Parameters:
    """Derivative of ``sum(change * pre_activations)`` with respect to every parameter present."""
    last = len(signals) - 1
    gradients: Parameters = {}
    for n, c in enumerate(change):
        edge, pre = (weight(n, "x"), drive) if n == last else (weight(n, n + 1), signals[n + 1])
        gradients[edge] = c.T @ pre
        gradients[bias(n)] = c.sum(0)
        if n > 0:
            if weight(n, n - 1) in parameters:
                gradients[weight(n, n - 1)] = c.T @ signals[n - 1]
            else:
                shared = weight(n - 1, n)
                gradients[shared] = gradients[shared] + signals[n - 1].T @ c
    return _batch_mean(gradients, drive.shape[0])


@dataclass(frozen=True)
class Prototypical:
    """Prototypical (discrete-time) setting: ``s^n <- sigma(a^n)`` (C-EP paper, section 4).

    ``a^n = W_{n,n+1} s^{n+1} + W_{n-1,n}^T s^{n-1} + b^n`` and
    ``Phi = sum_n s^n W_{n,n+1} s^{n+1} + b^n s^n``, read without the activation.

    Attributes:
        activations: one per layer, output first.
        nudge: ``"outside"`` for the published ``sigma(a^0) - beta dl/ds^0``; ``"inside"`` for
            ``sigma(a^0 - beta dl/ds^0)``, with which Theorem 1 is exact in the squared error.

    """

    activations: tuple[Activation, ...]
    nudge: Nudge = "outside"

    @property
    def time_scale(self) -> Scalar:
        """1: a discrete-time step carries the whole nudge."""
        return 1

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """``sigma(a)`` on every layer at once; see :class:`Network`."""
        sums = list(pre_activations(x, state, parameters))
        if nudge is not None and self.nudge == "inside":
            sums[0] = sums[0] - nudge
        new = [sigma(a) for sigma, a in zip(self.activations, sums, strict=True)]
        if nudge is not None and self.nudge == "outside":
            new[0] = new[0] - nudge
        return tuple(new)

    def primitive_gradient(
        self,
        x: Array,
        state: State,
        parameters: Parameters,  # noqa: ARG002 - Phi is linear in the parameters
    ) -> Parameters:
        """Products of bare states, as published: ``s^n (s^{n+1})^T``; biases ``s^n``."""
        return _hebbian(x, state, None)

    def arguments(self, x: Array, state: State, parameters: Parameters) -> State:
        """Where each activation is evaluated: the pre-activations ``a^n``, shaped as a state."""
        return pre_activations(x, state, parameters)

    def vector_field_gradient(
        self, x: Array, state: State, parameters: Parameters, change: State
    ) -> Parameters:
        """``(da/dtheta)^T change``, as published.

        The slope of the activation is already in ``change``: a small change of the state is the
        slope times the change of the pre-activation.
        """
        return _one_sided(x, state, change, parameters)


@dataclass(frozen=True)
class EnergyBased:
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

    """

    activations: tuple[Activation, ...]
    dt: Scalar
    drift_slope: DriftSlope = "all"
    clamp: bool = False

    @property
    def time_scale(self) -> Scalar:
        """``dt``: the nudge is part of the drift."""
        return self.dt

    def _signals(self, x: Array, state: State) -> tuple[Array, State]:
        rho = tuple(f(s) for f, s in zip(self.activations, state, strict=True))
        return self.activations[-1](x), rho

    def arguments(
        self,
        x: Array,  # noqa: ARG002 - the state alone passes through the activations
        state: State,
        parameters: Parameters,  # noqa: ARG002 - likewise
    ) -> State:
        """Where each activation is evaluated: the state itself."""
        return state

    def _has_slope(self, n: int) -> bool:
        return self.drift_slope == "all" or (self.drift_slope == "hidden" and n > 0)

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """One Euler step of every layer at once; see :class:`Network`."""
        drive, rho = self._signals(x, state)
        new = []
        for n, (s, field) in enumerate(
            zip(state, pre_activations(drive, rho, parameters), strict=True)
        ):
            drift = field * self.activations[n].slope(s) if self._has_slope(n) else field
            drift = drift - s
            if n == 0 and nudge is not None:
                drift = drift - nudge
            moved = s + drift * self.dt
            new.append(moved.clamp(0, 1) if self.clamp else moved)
        return tuple(new)

    def primitive_gradient(
        self,
        x: Array,
        state: State,
        parameters: Parameters,  # noqa: ARG002 - Phi is linear in the parameters
    ) -> Parameters:
        """``dt rho(s^n) rho(s^{n+1})^T``; biases ``dt rho(s^n)``."""
        return _hebbian(*self._signals(x, state), self.dt)

    def vector_field_gradient(
        self, x: Array, state: State, parameters: Parameters, change: State
    ) -> Parameters:
        """``(dF/dtheta)^T change`` with the slopes that the drift has."""
        drive, rho = self._signals(x, state)
        scaled = tuple(
            (c * self.activations[n].slope(s) if self._has_slope(n) else c) * self.dt
            for n, (s, c) in enumerate(zip(state, change, strict=True))
        )
        return _one_sided(drive, rho, scaled, parameters)
