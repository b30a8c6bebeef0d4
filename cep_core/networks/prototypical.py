"""The prototypical (discrete-time) setting, with the nudge inside or outside the activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cep_core.activations import Activation
from cep_core.arrays import Array, Parameters, Scalar, State
from cep_core.networks.edges import Edge, coupling, field_gradient, fields, primitive_gradient
from cep_core.networks.layered import Layered

Nudge = Literal["outside", "inside"]


@dataclass(frozen=True)
class Prototypical(Layered):
    """Prototypical (discrete-time) setting: ``s^n <- sigma(a^n)`` (C-EP paper, section 4).

    ``a^n = W_{n,n+1} s^{n+1} + W_{n-1,n}^T s^{n-1} + b^n`` and
    ``Phi = sum_n s^n W_{n,n+1} s^{n+1} + b^n s^n``, read without the activation.

    Attributes:
        activations: one per layer, output first.
        nudge: ``"outside"`` for the published ``sigma(a^0) - beta dl/ds^0``; ``"inside"`` for
            ``sigma(a^0 - beta dl/ds^0)``, with which Theorem 1 is exact in the squared error.
        edges: between the layers; a chain of dense ones unless given.

    """

    activations: tuple[Activation, ...]
    nudge: Nudge = "outside"
    edges: tuple[Edge, ...] | None = None

    @property
    def time_scale(self) -> Scalar:
        """1: a discrete-time step carries the whole nudge."""
        return 1

    @property
    def departures(self) -> tuple[str, ...]:
        """The nudge outside the activation, as published."""
        if self.nudge == "inside":
            return ()
        cause = (
            "the nudge is outside the activation, as published: the updates follow another loss "
            "(give it as objective), or nudge inside"
        )
        return (cause,)

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """``sigma(a)`` on every layer at once; see :class:`cep_core.networks.Network`."""
        sums = list(self.arguments(x, state, parameters))
        if nudge is not None and self.nudge == "inside":
            sums[0] = sums[0] - nudge
        new = [sigma(a) for sigma, a in zip(self.activations, sums, strict=True)]
        if nudge is not None and self.nudge == "outside":
            new[0] = new[0] - nudge
        return tuple(new)

    def signals(self, x: Array, state: State) -> tuple[Array, State]:
        """What is sent along the edges: ``x`` and the states themselves."""
        return x, state

    def arguments(self, x: Array, state: State, parameters: Parameters) -> State:
        """Where each activation is evaluated: the pre-activations ``a^n``, shaped as a state."""
        return fields(self.connections(parameters), x, state, parameters)

    def followed_slopes(
        self, x: Array, steady: State, parameters: Parameters, *, modified_loss: bool = False
    ) -> State | None:
        """``sigma'(a)``: the neurons follow ``g = sigma'(a) * nabla_s``, the gradient in ``a``.

        With the nudge outside that holds of the modified loss only.
        """
        if self.nudge == "outside" and not modified_loss:
            return None
        return self.slopes(x, steady, parameters)

    def asymmetry(self, x: Array, steady: State, parameters: Parameters, vector: State) -> State:
        """``(J - J^T) v`` with the nudge outside; ``D (W - W^T) v`` with the nudge inside.

        ``J = D W`` with ``D = diag sigma'(a)``. Nudged inside, the neurons follow ``D nabla_s``,
        and ``D (W^T D)^t = (D W^T)^t D``: what is taken out of ``D W`` must leave ``D W^T``. It is
        the difference of the weights alone, passed on like the nudge.
        """
        edges = self.connections(parameters)
        slopes = self.slopes(x, steady, parameters)
        forth = coupling(edges, vector, parameters, at=steady)
        if self.nudge == "inside":
            back = coupling(edges, vector, parameters, at=steady, transposed=True)
            return tuple((f - b) * d for f, b, d in zip(forth, back, slopes, strict=True))
        sloped = tuple(v * d for v, d in zip(vector, slopes, strict=True))
        back = coupling(edges, sloped, parameters, at=steady, transposed=True)
        return tuple(f * d - b for f, b, d in zip(forth, back, slopes, strict=True))

    def pullback(self, x: Array, state: State, parameters: Parameters, change: State) -> Parameters:
        """``(dF/dtheta)^T change``; nudged inside, the slope is in ``change`` already."""
        if self.nudge == "inside":
            return self.vector_field_gradient(x, state, parameters, change)
        slopes = self.slopes(x, state, parameters)
        sloped = tuple(c * d for c, d in zip(change, slopes, strict=True))
        return self.vector_field_gradient(x, state, parameters, sloped)

    def primitive_gradient(self, x: Array, state: State, parameters: Parameters) -> Parameters:
        """Products of bare states, as published: ``s^n (s^{n+1})^T``; biases ``s^n``."""
        return primitive_gradient(self.connections(parameters), x, state, parameters, None)

    def vector_field_gradient(
        self, x: Array, state: State, parameters: Parameters, change: State
    ) -> Parameters:
        """``(da/dtheta)^T change``, as published.

        The slope of the activation is already in ``change``: a small change of the state is the
        slope times the change of the pre-activation.
        """
        return field_gradient(self.connections(parameters), x, state, change, parameters)
