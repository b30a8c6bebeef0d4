"""Networks of the user's own: a primitive function, an energy or a vector field, by autograd.

They go through the same phases, rules and checks as the layered networks. A state is a tensor of
shape ``(B, ...)``, or tuples, lists and dictionaries of them, nested; its first tensor is the
output layer. Parameters are kept likewise, usually in a dictionary.

Where an activation, a clamp or a step per layer acts after the gradient, the parameters follow BPTT
exactly and the neurons follow its gradients times the slope: the networks here say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from cep_core.arrays import Array, Parameters, State
from cep_core.networks.differentiated import (
    Differentiated,
    Elementwise,
    Field,
    PerLayer,
    Scalars,
    activated,
    negative,
    of_three_arguments,
    output_nudged,
    parameters_of,
    per_layer,
    slopes_of,
    symmetric,
    vjp,
)
from cep_core.networks.energy import EnergyNetwork
from cep_core.networks.jacobian import jacobian_asymmetry
from cep_core.structures import Structure

__all__ = ["EnergyNetwork", "PrimitiveNetwork", "VectorFieldNetwork"]


class PrimitiveNetwork(Differentiated):
    """The network ``s <- P(dPhi/ds)`` of a differentiable primitive function.

    Without options ``F = dPhi/ds``, and the nudge ``beta dl/ds`` is subtracted from the gradient.
    With an activation ``F = sigma(dPhi/ds)``, the nudge inside; with a step per layer
    ``F = s + step (sigma(dPhi/ds) - s)``.

    Args:
        phi: the primitive function, ``phi(x, state, parameters)``, or a module whose ``forward``
            takes ``(x, state)`` and computes it with its own parameters, which are replaced by
            those that are given. It sums over the mini-batch, so that one sample's state does not
            enter another's transition.
        activation: elementwise function after the gradient (an activation, a clamp), one for all
            tensors of the state or one for each.
        step: relaxation towards the new state, between 0 and 1, one for all tensors or one each.

    Raises:
        TypeError: ``phi`` is not callable, or takes neither two nor three arguments.

    """

    def __init__(
        self,
        phi: Any,
        *,
        activation: Elementwise | Sequence[Elementwise] | None = None,
        step: PerLayer | None = None,
    ) -> None:
        """Look at what is given."""
        self.phi, self.activation, self.step = phi, activation, step
        self._function = of_three_arguments(phi, "phi")

    def _scalar(self) -> tuple[Scalars, str]:
        return self._function, "primitive function"

    @property
    def time_scale(self) -> float:
        """1: the nudge is subtracted from the gradient as it is."""
        return 1.0

    def own_parameters(self) -> Parameters | None:
        """Those of the module that computes ``phi``; None for a function."""
        return parameters_of(self.phi)

    def transition(self, x: Any, state: Any, parameters: Any, nudge: Array | None = None) -> Any:
        """``P(dPhi/ds - nudge)``; keeps the graph when the caller differentiates through it.

        Raises:
            ValueError: ``phi`` does not return a scalar that depends on state and parameters.

        """
        new, form = self._force(x, state, parameters)
        new = activated(self.activation, output_nudged(new, nudge))
        if self.step is not None:
            steps = per_layer(self.step, len(new), "step")
            old = form.leaves(state)
            new = tuple(s + t * (n - s) for s, n, t in zip(old, new, steps, strict=True))
        return form.build(new)

    def followed_slopes(
        self,
        x: Any,
        steady: Any,
        parameters: Any,
        *,
        modified_loss: bool = False,
    ) -> State | None:
        """``step sigma'(dPhi/ds)``, one tensor per tensor of the state; None for ``dPhi/ds``."""
        if self.activation is None and self.step is None:
            return None
        with torch.no_grad():
            at, _ = self._force(x, steady, parameters)
        slopes = slopes_of(self.activation, at)
        steps = per_layer(1.0 if self.step is None else self.step, len(at), "step")
        return tuple(slope * t for slope, t in zip(slopes, steps, strict=True))

    def asymmetry(self, x: Any, steady: Any, parameters: Any, vector: Any) -> Any:
        """0: what acts after the gradient acts on the nudge alike."""
        return symmetric(vector)

    def primitive_gradient(self, x: Any, state: Any, parameters: Any) -> Any:
        """``dPhi/dtheta``, averaged over the mini-batch."""
        return self._in_parameters(x, state, parameters)

    def vector_field_gradient(self, x: Any, state: Any, parameters: Any, change: Any) -> Any:
        """``(dF/dtheta)^T change``, averaged over the mini-batch; behind the activation if any."""
        return vjp(self._behind, x, state, parameters, change)

    def _behind(self, x: Any, state: Any, parameters: Any) -> Any:
        # The slope of what acts after the gradient is in the change already, as it is published.
        new, form = self._force(x, state, parameters)
        return form.build(new)


class VectorFieldNetwork(Differentiated):
    """A network given by its transition ``F`` itself.

    Alone it has no primitive function, and C-VF is the rule for it. Together with an energy or a
    primitive function, from which EP and C-EP take their increments, it may be any dynamics that
    settle there: momentum, an order of updating, a solver of one's own.

    Args:
        field: ``F(x, state, parameters)``, on tensors, differentiable.
        energy: the energy whose ``-dE/dtheta`` makes the increments; or
        phi: the primitive function whose ``dPhi/dtheta`` makes them.
        nudge_inside: whether ``field`` takes ``beta dl/ds`` of the output, or None, as its fourth
            argument; otherwise it is subtracted from the output's next state.

    Raises:
        TypeError: an argument is not callable, or both an energy and ``phi`` are given.

    """

    def __init__(
        self, field: Field, *, energy: Any = None, phi: Any = None, nudge_inside: bool = False
    ) -> None:
        """Look at what is given."""
        if not callable(field):
            raise TypeError(f"field: expected a function, found {type(field).__name__}")
        if energy is not None and phi is not None:
            raise TypeError("energy: expected none beside phi, found both: give one of them")
        self.field, self.energy, self.phi, self.nudge_inside = field, energy, phi, nudge_inside
        given = phi if energy is None else energy
        name = "phi" if energy is None else "energy"
        self._function = None if given is None else of_three_arguments(given, name)

    def _scalar(self) -> tuple[Scalars, str]:
        if self._function is None:
            raise TypeError(
                "a vector field has no primitive function: use rule C-VF, give its energy or phi, "
                "or a PrimitiveNetwork"
            )
        return self._function, "primitive function" if self.energy is None else "energy"

    @property
    def time_scale(self) -> float:
        """1: the nudge is subtracted from the next state as it is."""
        return 1.0

    def transition(self, x: Any, state: Any, parameters: Any, nudge: Array | None = None) -> Any:
        """``F(x, s, theta)``, nudged at the output."""
        if self.nudge_inside:
            return self.field(x, state, parameters, nudge)
        new = self.field(x, state, parameters)
        if nudge is None:
            return new
        form = Structure(new, "next state", "s")
        return form.build(output_nudged(form.leaves(new), nudge))

    def asymmetry(self, x: Any, steady: Any, parameters: Any, vector: Any) -> Any:
        """``(J - J^T) vector``, by automatic differentiation.

        Raises:
            ValueError: the field takes the nudge itself, and where it enters is not known.

        """
        if self.nudge_inside:
            raise ValueError(
                "nudge_inside: expected a field whose output is nudged from outside under a "
                "corrected rule, found one that takes the nudge itself"
            )
        return jacobian_asymmetry(self, x, steady, parameters, vector)

    def primitive_gradient(self, x: Any, state: Any, parameters: Any) -> Any:
        """``-dE/dtheta`` or ``dPhi/dtheta``, averaged over the mini-batch.

        Raises:
            TypeError: neither an energy nor a primitive function was given.

        """
        self._scalar()
        found = self._in_parameters(x, state, parameters)
        return found if self.energy is None else negative(found, parameters)

    def vector_field_gradient(self, x: Any, state: Any, parameters: Any, change: Any) -> Any:
        """``(dF/dtheta)^T change``, averaged over the mini-batch."""
        return vjp(self.transition, x, state, parameters, change)
