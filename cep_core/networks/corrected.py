"""Corrected dynamics: the nudged phase of a vector field with its asymmetry taken out.

For any differentiable transition ``F``, symmetric or not, let the nudged phase be

    ``s_{t+1} = F(x, s_t, theta_t) - beta dl/ds - (J - J^T)(s_t - s_*)``

with ``J = dF/ds`` at the steady state ``s_*`` and the initial parameters, and let the parameters
move by ``kappa (dF/dtheta)^T (s_{t+1} - s_t)``. To first order in ``beta`` the displacement then
obeys ``u_{t+1} = J^T u_t - dl/ds``, which is BPTT's recurrence: C-VF has the GDU property at every
step without a symmetry of any kind. One update of it in continuous time is AsymEP (Scurria et al.,
2026); the statement step by step, for the continual rule and either nudge, is this project's.
"""

from __future__ import annotations

from dataclasses import dataclass

from cep_core.arrays import Array, Parameters, State
from cep_core.networks.wrapped import Delegate, answering


@dataclass(frozen=True)
class Sloped(Delegate):
    """A network whose ``dF/dtheta`` has the slope that the published rule leaves out."""

    def vector_field_gradient(
        self, x: Array, state: State, parameters: Parameters, change: State
    ) -> Parameters:
        """``(dF/dtheta)^T change`` whatever ``change`` is, a corrected phase's included."""
        return answering(self.base).pullback(x, state, parameters, change)


@dataclass(frozen=True)
class AtRest(Delegate):
    """A network whose ``dF/dtheta`` is taken at the steady state and the initial parameters.

    Attributes:
        base: the network.
        steady: ``s_*``.
        parameters: ``theta_0``.

    """

    steady: State
    parameters: Parameters

    def vector_field_gradient(
        self,
        x: Array,
        state: State,
        parameters: Parameters,
        change: State,
    ) -> Parameters:
        """``(dF/dtheta)^T change`` at ``s_*``: of every change of a phase, or of their sum."""
        return self.base.vector_field_gradient(x, self.steady, self.parameters, change)


@dataclass(frozen=True)
class Corrected(Sloped):
    """A network whose nudged phase is corrected; its free phase, and so BPTT, is the base's.

    Attributes:
        base: the network.
        steady: ``s_*``, where the Jacobian is taken and from which displacements are measured.
        parameters: the parameters at which it is taken, those of the free phase.

    """

    steady: State
    parameters: Parameters

    @property
    def departures(self) -> tuple[str, ...]:
        """None: whatever the base departs in is taken out."""
        return ()

    def followed_slopes(
        self, x: Array, steady: State, parameters: Parameters, *, modified_loss: bool = False
    ) -> State | None:
        """Those of the base for the loss itself: a nudge outside the activation is exact here."""
        return answering(self.base).followed_slopes(x, steady, parameters)

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """That of the base; nudged, without what its asymmetry adds to the displacement."""
        moved = tuple(s - rest for s, rest in zip(state, self.steady, strict=True))
        return self._without(x, state, parameters, nudge, at=self.steady, moved=moved)

    def _without(
        self,
        x: Array,
        state: State,
        parameters: Parameters,
        nudge: Array | None,
        *,
        at: State,
        moved: State,
    ) -> State:
        after = self.base.transition(x, state, parameters, nudge)
        if nudge is None:
            return after
        extra = answering(self.base).asymmetry(x, at, self.parameters, moved)
        return tuple(a - e for a, e in zip(after, extra, strict=True))
