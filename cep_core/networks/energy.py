"""Descent on an energy of the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from cep_core.arrays import Array, Parameters, State
from cep_core.networks.differentiated import (
    Differentiated,
    Elementwise,
    PerLayer,
    Scalars,
    activated,
    negative,
    of_three_arguments,
    parameters_of,
    per_layer,
    slopes_of,
    symmetric,
    vjp,
)
from cep_core.structures import Structure


class EnergyNetwork(Differentiated):
    """Descent on an energy, ``s <- P(s - dt (dE/ds + beta dl/ds))``.

    The parameters' increments are those of ``-dE/dtheta``: an energy has the sign opposite to a
    primitive function.

    Args:
        energy: ``energy(x, state, parameters)``, a scalar tensor, the sum over the mini-batch; or
            a module whose ``forward`` takes ``(x, state)``.
        dt: step of the descent, one for all tensors of the state or one for each.
        activation: elementwise function after the step, e.g. a clamp to [0, 1]; one for all tensors
            or one for each.

    Raises:
        TypeError: ``energy`` is not callable, or takes neither two nor three arguments.
        ValueError: a step is not positive.

    """

    def __init__(
        self,
        energy: Any,
        dt: PerLayer,
        *,
        activation: Elementwise | Sequence[Elementwise] | None = None,
    ) -> None:
        """Look at what is given."""
        steps = dt if isinstance(dt, Sequence) else [dt]
        if not all(t > 0 for t in steps):
            raise ValueError(f"dt: expected positive steps, found {dt}")
        self.energy, self.dt, self.activation = energy, dt, activation
        self._function = of_three_arguments(energy, "energy")

    def _scalar(self) -> tuple[Scalars, str]:
        return self._function, "energy"

    @property
    def time_scale(self) -> float:
        """1: the step stands on the nudge and on the force alike, and not on the increments."""
        return 1.0

    def own_parameters(self) -> Parameters | None:
        """Those of the module that computes the energy; None for a function."""
        return parameters_of(self.energy)

    def transition(self, x: Any, state: Any, parameters: Any, nudge: Array | None = None) -> Any:
        """One step of descent; keeps the graph when the caller differentiates through it."""
        at, form = self._argument(x, state, parameters, nudge)
        return form.build(activated(self.activation, at))

    def _argument(
        self, x: Any, state: Any, parameters: Any, nudge: Array | None = None
    ) -> tuple[State, Structure]:
        slope, form = self._force(x, state, parameters)
        if nudge is not None:
            slope = (slope[0] + nudge, *slope[1:])
        steps = per_layer(self.dt, len(slope), "dt")
        old = form.leaves(state)
        return tuple(s - t * g for s, g, t in zip(old, slope, steps, strict=True)), form

    def followed_slopes(
        self,
        x: Any,
        steady: Any,
        parameters: Any,
        *,
        modified_loss: bool = False,
    ) -> State | None:
        """``dt``, times the slope of the activation if there is one, per tensor of the state."""
        with torch.no_grad():
            at, _ = self._argument(x, steady, parameters)
        slopes = slopes_of(self.activation, at)
        steps = per_layer(self.dt, len(at), "dt")
        return tuple(slope * t for slope, t in zip(slopes, steps, strict=True))

    def asymmetry(self, x: Any, steady: Any, parameters: Any, vector: Any) -> Any:
        """0: the steps and the activation act on force and nudge alike."""
        return symmetric(vector)

    def primitive_gradient(self, x: Any, state: Any, parameters: Any) -> Any:
        """``-dE/dtheta``, averaged over the mini-batch."""
        return negative(self._in_parameters(x, state, parameters), parameters)

    def vector_field_gradient(self, x: Any, state: Any, parameters: Any, change: Any) -> Any:
        """``-(d^2E/dtheta ds)^T change``, averaged: the steps are in the change already."""
        return vjp(self._descent, x, state, parameters, change)

    def _descent(self, x: Any, state: Any, parameters: Any) -> Any:
        slope, form = self._force(x, state, parameters)
        return form.build(tuple(-g for g in slope))
