"""The largest learning rate at which the nudged phase settles, before any training.

Near the steady state a continual rule makes phase 2 a linear iteration with matrix
``J + kappa G``: ``J = dF/ds``, and ``kappa G`` what the moving parameters feed back (the package
``theory`` derives it in ``joint_limit``). It settles if the spectral radius is below 1 and diverges
if it is above. Products with its transpose are one backward pass each, and few of them tell its
largest eigenvalue, unless many are as large: then the matrix is formed once, affine in ``kappa``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cep_core.arrays import Array, Parameters, Scalar, State
from cep_core.check.kinks import nearest_kink
from cep_core.libraries import library
from cep_core.networks import Network
from cep_core.phases import largest_change
from cep_core.rules import C_EP, Rule, add_scaled

SETTLED = 1e-6
"""Largest change in one free transition at which a state counts as steady here."""

LARGEST_FORMED = 4096
"""Most neurons whose matrix is formed where Arnoldi's method cannot tell its eigenvalues."""

RESTART = 18
"""Products between two restarts of Arnoldi's method."""


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
        self._formed: tuple[NDArray[Any], NDArray[Any]] | None = None
        self._traced: tuple[float, State, State] | None = None

    def transposed(self, vector: NDArray[Any], kappa: float) -> NDArray[Any]:
        """``(J + kappa G)^T vector`` for a vector of all neurons, layer by layer."""
        self.products += 1
        parts = torch.split(
            torch.from_numpy(vector.ravel().copy()), [s.numel() for s in self.state]
        )
        weights = [p.view_as(s).to(s.dtype) for p, s in zip(parts, self.state, strict=True)]
        at, after = self._transition(kappa)
        found = torch.autograd.grad(after, at, weights, retain_graph=True)
        return torch.cat([g.reshape(-1) for g in found]).double().numpy()

    def _transition(self, kappa: float) -> tuple[State, State]:
        """The state and what it becomes, traced once for all products at one ``kappa``."""
        if self._traced is None or self._traced[0] != kappa:
            with torch.enable_grad():
                at = tuple(s.detach().requires_grad_() for s in self.state)
                theta = add_scaled(
                    self.parameters,
                    self.rule.increment(self.network, self.x, self.parameters, self.state, at),
                    {name: kappa * ratio for name, ratio in self.ratios.items()},
                )
                after = self.network.transition(self.x, at, theta if kappa else self.parameters)
            self._traced = kappa, at, after
        return self._traced[1:]

    def matrix(self, kappa: float) -> NDArray[Any]:
        """``(J + kappa G)^T``, shape ``(n, n)`` of all neurons; both parts are formed once."""
        if self._formed is None:
            free, fed = (
                np.stack([self.transposed(e, k) for e in np.eye(self.size)]).T for k in (0.0, 1.0)
            )
            self._formed = free, fed - free
        return self._formed[0] + kappa * self._formed[1]

    def dominant(self, kappa: float, tolerance: float = 1e-8) -> tuple[complex, NDArray[Any]]:
        """Eigenvalue of ``J + kappa G`` of largest modulus, and its left eigenvector.

        By the implicitly restarted Arnoldi method; of the matrix itself where that is small, or
        where the method takes more products than the matrix.

        Raises:
            ValueError: neither is possible.

        """
        found = self._arnoldi(kappa, tolerance)
        values, vectors = np.linalg.eig(self.matrix(kappa)) if found is None else found
        largest = int(np.abs(values).argmax())
        return complex(values[largest]), vectors[:, largest]

    def _arnoldi(self, kappa: float, tolerance: float) -> tuple[NDArray[Any], NDArray[Any]] | None:
        """Two eigenvalues and eigenvectors of the transpose; None if the matrix is to be formed."""
        linalg = _scipy("sparse.linalg")
        if self._formed is not None or self.size <= 16:  # noqa: PLR2004 - Arnoldi needs room
            return None
        shape = (self.size, self.size)
        operator = linalg.LinearOperator(
            shape, matvec=lambda vector: self.transposed(vector, kappa), dtype=np.float64
        )
        start = np.random.default_rng(0).standard_normal(self.size)
        restarts = max(self.size // RESTART, 10)
        try:
            found: tuple[NDArray[Any], NDArray[Any]] = linalg.eigs(
                operator, k=2, which="LM", v0=start, tol=tolerance, maxiter=restarts
            )
        except linalg.ArpackNoConvergence:
            if self.size <= LARGEST_FORMED:
                return None
            msg = (
                f"kappa: expected one at which eigenvalues of J + kappa G are told apart by "
                f"{restarts * RESTART} products, found {kappa:g} with {self.size} neurons"
            )
            raise ValueError(msg) from None
        return found

    def radius(self, kappa: float, tolerance: float = 1e-6) -> float:
        """Spectral radius of ``J + kappa G``."""
        if self._formed is None:
            return abs(self.dominant(kappa, tolerance)[0])
        return float(np.abs(np.linalg.eigvals(self.matrix(kappa))).max())


def _scipy(module: str) -> Any:
    return library(f"scipy.{module}", "the stability bound")


def arpack_error() -> type[Exception]:
    """What :func:`largest_stable_kappa` raises where eigenvalues are not found in time.

    Raises:
        ImportError: SciPy is not installed.

    """
    found: type[Exception] = _scipy("sparse.linalg").ArpackError
    return found


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
