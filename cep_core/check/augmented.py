"""The network that C-EP follows at a fixed ratio ``kappa = eta / beta``.

When the primitive function is linear in its parameters, C-EP is exactly EP in the augmented
primitive function ``Phi + kappa/2 ||h(s) - h(s_*)||^2`` with ``h = dPhi/dtheta``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from cep_core.arrays import Array, Parameters, Scalar, State
from cep_core.networks import Delegate
from cep_core.rules import add_scaled


@dataclass(frozen=True)
class AugmentedNetwork(Delegate):
    """The network that C-EP follows at fixed ``kappa``: Jacobian ``J + kappa G``.

    Its transition is that of ``base`` with ``theta + kappa [h(s) - h(s_*)]`` in place of
    ``theta``, ``h`` being ``dPhi/dtheta``, or ``(dF/dtheta)^T s`` at the steady state for C-VF;
    ``kappa`` is one number or one per parameter (``J + F_theta kappa F_theta^T``).
    """

    kappa: Scalar | Mapping[str, Scalar]
    x: torch.Tensor
    steady: State
    parameters: Parameters
    vector_field: bool

    def _moved(self, state: State) -> Parameters:
        if self.vector_field:
            change = tuple(a - b for a, b in zip(state, self.steady, strict=True))
            return self.base.vector_field_gradient(self.x, self.steady, self.parameters, change)
        after = self.base.primitive_gradient(self.x, state, self.parameters)
        before = self.base.primitive_gradient(self.x, self.steady, self.parameters)
        return {name: after[name] - before[name] for name in after}

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """One step with the parameters that the rule would have reached at ``state``."""
        moved = self._moved(state)
        learning = {name: p for name, p in parameters.items() if name in moved}
        current = parameters | add_scaled(learning, moved, self.kappa)
        return self.base.transition(x, state, current, nudge)
