"""The largest learning rate at which the nudged phase settles, before any training.

Near the steady state a continual rule makes phase 2 a linear iteration with matrix
``J + kappa G``: ``J = dF/ds``, and ``kappa G`` what the moving parameters feed back (the package
``theory`` derives it in ``joint_limit``). It settles if the spectral radius is below 1 and diverges
if it is above. The matrix is never formed: products with its transpose are one backward pass each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cep_core.arrays import Array, Parameters, Scalar, State
from cep_core.check.kinks import nearest_kink
from cep_core.networks import Network
from cep_core.phases import largest_change
from cep_core.rules import C_EP, Rule, add_scaled

SETTLED = 1e-6
"""Largest change in one free transition at which a state counts as steady here."""


@dataclass(frozen=True)
class StabilityBound:
    """The largest stable ``kappa`` at one steady state.

    Attributes:
        kappa: spectral radius 1 is reached at ``kappa`` times the given ratios; infinite if the
            radius does not reach 1 below the largest ``kappa`` tried.
        radius_free: spectral radius of ``J``, at ``kappa = 0``.
        products: matrix-vector products used.

    """

    kappa: float
    radius_free: float
    products: int


class LinearisedPhase:
    """Products with the transpose of ``J + kappa G`` at a steady state.

    ``s -> F(x, s, theta + kappa (g(s) - g(s_*)))`` with ``g = dPhi/dtheta`` (for C-VF, the
    increment that the change ``s - s_*`` makes) has this derivative; it is differentiated backwards
    by PyTorch. The transpose has the same eigenvalues.

    Args:
        network: a layered network.
        x: input, shape ``(B, size_x)``.
        parameters: ``theta``, float64.
        state: the steady state ``s_*``.
        ratios: ``kappa`` of each parameter per unit of the common ``kappa``; 1 each unless given.
        rule: C-EP unless given.

    Raises:
        ValueError: the state is not steady, or has a unit at a kink of its activation.

    """

    def __init__(
        self,
        network: Network,
        x: torch.Tensor,
        parameters: Parameters,
        state: State,
        ratios: Mapping[str, Scalar] | None = None,
        rule: Rule = C_EP,
    ) -> None:
        """Check the operating point."""
        with torch.no_grad():
            change = largest_change(state, network.transition(x, state, parameters))
        if not change <= SETTLED:
            msg = (
                f"state: expected a steady state, found one that moves by {change:.1e} in one "
                f"transition (more than {SETTLED:.0e}); run a longer free phase"
            )
            raise ValueError(msg)
        _refuse_kinks(network, x, state, parameters)
        self.network = rule.dynamics(network, state, parameters)
        self.x, self.parameters = x, parameters
        self.state, self.rule = state, rule
        self.ratios = ratios or dict.fromkeys(parameters, 1.0)
        self.size = sum(s.numel() for s in state)
        self.products = 0

    def transposed(self, vector: NDArray[Any], kappa: float) -> NDArray[Any]:
        """``(J + kappa G)^T vector`` for a vector of all neurons, layer by layer."""
        self.products += 1
        parts = torch.split(
            torch.from_numpy(vector.ravel().copy()), [s.numel() for s in self.state]
        )
        weights = [p.view_as(s).to(s.dtype) for p, s in zip(parts, self.state, strict=True)]
        with torch.enable_grad():
            at = tuple(s.detach().requires_grad_() for s in self.state)
            theta = add_scaled(
                self.parameters,
                self.rule.increment(self.network, self.x, self.parameters, self.state, at),
                {name: kappa * ratio for name, ratio in self.ratios.items()},
            )
            after = self.network.transition(self.x, at, theta if kappa else self.parameters)
            found = torch.autograd.grad(after, at, weights)
        return torch.cat([g.reshape(-1) for g in found]).double().numpy()

    def dominant(self, kappa: float, tolerance: float = 1e-8) -> tuple[complex, NDArray[Any]]:
        """Eigenvalue of ``J + kappa G`` of largest modulus, and its left eigenvector.

        By the implicitly restarted Arnoldi method; matrices too small for it are formed.
        """
        linalg = _scipy("sparse.linalg")

        def product(vector: NDArray[Any]) -> NDArray[Any]:
            return self.transposed(vector, kappa)

        if self.size <= 16:  # noqa: PLR2004 - Arnoldi needs room
            values, vectors = np.linalg.eig(np.stack([product(e) for e in np.eye(self.size)]).T)
        else:
            operator = linalg.LinearOperator(
                (self.size, self.size), matvec=product, dtype=np.float64
            )
            start = np.random.default_rng(0).standard_normal(self.size)
            values, vectors = linalg.eigs(operator, k=2, which="LM", v0=start, tol=tolerance)
        largest = int(np.abs(values).argmax())
        return complex(values[largest]), vectors[:, largest]

    def radius(self, kappa: float, tolerance: float = 1e-6) -> float:
        """Spectral radius of ``J + kappa G``."""
        return abs(self.dominant(kappa, tolerance)[0])


def _scipy(module: str) -> Any:
    """Import a module of SciPy, which nothing else in this package needs."""
    try:
        return import_module(f"scipy.{module}")
    except ImportError as error:
        msg = "the stability bound needs SciPy, which is not installed: pip install scipy"
        raise ImportError(msg) from error


def _refuse_kinks(network: Network, x: Array, state: State, parameters: Parameters) -> None:
    near = nearest_kink(network, x, state, parameters)
    if near.distance == 0:
        msg = (
            f"state: layer {near.layer} has a unit at {near.kink}, a kink of {near.activation}; "
            "the phase has no linearisation there"
        )
        raise ValueError(msg)


def largest_stable_kappa(
    network: Network,
    x: Array,
    parameters: Parameters,
    state: State,
    *,
    ratios: Mapping[str, Scalar] | None = None,
    rule: Rule = C_EP,
    highest: float = 1e6,
    tolerance: float = 1e-6,
) -> StabilityBound:
    """Return the ``kappa`` at which the spectral radius of ``J + kappa G`` passes 1.

    A learning rate ``eta = kappa * beta * network.time_scale`` below it keeps phase 2 stable at
    this point; training moves the point. Needs SciPy.

    Args:
        network: a layered network.
        x: input, shape ``(B, size_x)``.
        parameters: ``theta``.
        state: the steady state ``s_*``, shape ``(B, size_n)`` per layer.
        ratios: ``kappa`` of each parameter per unit of the common one (one learning rate per
            layer); 1 each unless given.
        rule: a continual rule, C-EP unless given.
        highest: stop looking above this ``kappa``.
        tolerance: relative, on ``kappa``.

    Raises:
        ValueError: the state is not steady, sits at a kink, or is not stable even at 0.
        ImportError: SciPy is not installed.

    """
    optimize = _scipy("optimize")
    phase = LinearisedPhase(network, x, parameters, state, ratios, rule)
    free = phase.radius(0.0)
    if free >= 1:
        msg = f"state: expected a stable steady state, found spectral radius {free:.6f} at kappa 0"
        raise ValueError(msg)
    above = 1e-3
    while phase.radius(above) < 1:
        above *= 8
        if above > highest:
            return StabilityBound(float("inf"), free, phase.products)
    found = optimize.brentq(lambda kappa: phase.radius(kappa) - 1, 0.0, above, rtol=tolerance)
    return StabilityBound(float(found), free, phase.products)
