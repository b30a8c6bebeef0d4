"""The largest ratio ``kappa = eta / beta`` at which the nudged phase of C-EP is stable.

At fixed ``kappa`` the nudged phase linearises to ``J + kappa G``: C-EP follows an augmented
network, as ``theory`` proves. ``G`` pushes eigenvalues up until the spectral radius passes 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from cep_core.arrays import Parameters, State
from cep_core.gducheck import AugmentedNetwork
from cep_core.networks import Network
from cep_core.rules import Rule


@dataclass(frozen=True)
class Linearisation:
    """``J`` and ``G`` at the steady state of one sample, each ``(n, n)`` float64."""

    jacobian: np.ndarray
    kernel: np.ndarray

    def spectral_radius(self, kappa: float) -> float:
        """Largest absolute eigenvalue of ``J + kappa G``."""
        return float(np.abs(np.linalg.eigvals(self.jacobian + kappa * self.kernel)).max())

    @property
    def largest_stable_kappa(self) -> float:
        """Smallest positive ``kappa`` at which ``J + kappa G`` has the eigenvalue 1.

        ``(I - J) v = kappa G v``: the inverse of the largest real eigenvalue of ``(I - J)^-1 G``.
        """
        identity = np.eye(len(self.jacobian))
        values = np.linalg.eigvals(np.linalg.solve(identity - self.jacobian, self.kernel))
        real = values.real[np.abs(values.imag) <= 1e-9 * np.abs(values).max()]
        return float(1 / real.max())


def _jacobian(network: Network, x: torch.Tensor, parameters: Parameters, at: State) -> np.ndarray:
    sizes = [s.shape[1] for s in at]

    def step(flat: torch.Tensor) -> torch.Tensor:
        state = tuple(part.unsqueeze(0) for part in torch.split(flat, sizes))
        return torch.cat(network.transition(x, state, parameters), dim=1)[0]

    found = torch.func.jacrev(step)(torch.cat(at, dim=1)[0])
    return np.asarray(found.detach().numpy())


def linearisation(
    network: Network, rule: Rule, x: torch.Tensor, parameters: Parameters, steady: State
) -> Linearisation:
    """``J`` and ``G`` by automatic differentiation, for one sample at its steady state.

    Args:
        network: the dynamics; layered.
        rule: C-EP or C-VF.
        x: input, shape ``(1, size_x)``.
        parameters: ``theta``.
        steady: the steady state ``s_*``.

    Raises:
        ValueError: more than one sample.

    """
    if x.shape[0] != 1:
        msg = f"x: expected one sample, found {x.shape[0]}"
        raise ValueError(msg)
    jacobian = _jacobian(network, x, parameters, steady)
    unit = AugmentedNetwork(network, 1.0, x, steady, parameters, rule.vector_field)
    return Linearisation(jacobian, _jacobian(unit, x, parameters, steady) - jacobian)
