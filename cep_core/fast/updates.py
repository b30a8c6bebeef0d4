"""What learning does to the fields while the nudged phase runs, rule by rule.

Each rule writes its operations into the program of a mini-batch.

Notation: ``s`` is a layer's state at ``t``, ``s_*`` its steady state, one row per sample;
``kappa = eta / (beta B)`` contains the mean over the ``B`` samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from cep_core.fast.program import Program
from cep_core.fast.settling import Settling
from cep_core.fast.weights import Weights
from cep_core.fast.workspace import BOTH, FIRST, SECOND, Workspace
from cep_core.networks import bias, weight


@dataclass(frozen=True)
class Kappas:
    """``eta / (beta B)`` of every parameter, for one mini-batch.

    Attributes:
        into: per directed edge, as :attr:`cep_core.fast.weights.Weights.into`.
        drive: of the input weights.
        biases: one per layer.

    """

    into: Mapping[tuple[int, int], float]
    drive: float
    biases: tuple[float, ...]

    @classmethod
    def of(
        cls, weights: Weights, rates: Mapping[str, float], factor: float, gains: Sequence[float]
    ) -> Kappas:
        """Learning rates by parameter name, each times ``factor`` and the gain of its layer."""
        factors = [factor * gain for gain in gains]
        into = {
            (n, m): rates[weight(m, n) if weights.tied and m < n else weight(n, m)] * factors[n]
            for n, m in weights.into
        }
        biases = tuple(rates[bias(n)] * factors[n] for n in range(weights.layers))
        return cls(into, rates[weight(weights.layers - 1, "x")] * factors[-1], biases)


class Updates:
    """How the parameters move during the nudged phase: not at all under EP."""

    def __init__(self, settling: Settling) -> None:
        """Take the network whose fields are corrected and whose weights may be written."""
        self.settling = settling

    @property
    def gains(self) -> tuple[float, ...]:
        """Per layer, what the increments that are made lack as a factor."""
        return (1.0,) * self.settling.weights.layers

    def begin(self, program: Program, space: Workspace, kappas: Kappas) -> None:
        """Prepare a nudged phase from ``space.rest``."""

    def add(
        self, program: Program, space: Workspace, kappas: Kappas, n: int, half: int, part: int
    ) -> None:
        """Add to one half of a layer's field what the parameters have learned so far.

        ``part`` tells which halves are being computed from one product.
        """

    def activated(self, program: Program, space: Workspace, n: int, half: int) -> None:
        """Take note of a layer's activation, before nudge and correction."""

    def advanced(self, program: Program, space: Workspace, n: int, half: int) -> None:
        """Take note of one half of a layer's new states."""

    def after(self, program: Program, space: Workspace, kappas: Kappas, n: int, part: int) -> None:
        """Take note of the new states of a layer, all that are computed from one product."""

    def total(self, program: Program, space: Workspace, n: int, end: torch.Tensor) -> None:
        """Set ``space.moved`` to what bias and input of a layer have learned, but for kappa."""
        program.add(torch.sub, end, space.rest[n], out=space.moved[n])


def _set_static(program: Program, settling: Settling, space: Workspace, kappas: Kappas) -> None:
    """``gain (kappa_b + kappa_x x x^T)``: effect of the biases and, in layer N, of the input."""
    last = len(space.static) - 1
    for n, (f, out) in enumerate(zip(settling.activations, space.static, strict=True)):
        program.add(out.fill_, f.gain * kappas.biases[n])
        if n == last:
            program.product(out, space.x, space.x.mT, alpha=f.gain * kappas.drive)


class Telescoped(Updates):
    """C-EP: ``theta_t = theta_0 + kappa (dPhi/dtheta(s_t) - dPhi/dtheta(s_*))``.

    So the field of layer ``n`` gains ``A s^n_t - A_* s^n_*``, where
    ``A = gain (kappa_b + kappa_x x x^T + sum_m kappa_nm s^m_t (s^m_t)^T)`` and ``A_*`` has
    ``s^m_t (s^m_*)^T`` in place of the last product.
    """

    def begin(self, program: Program, space: Workspace, kappas: Kappas) -> None:
        """Compute the part of the coefficients that stays."""
        _set_static(program, self.settling, space, kappas)

    def add(
        self,
        program: Program,
        space: Workspace,
        kappas: Kappas,
        n: int,
        half: int,
        part: int,  # noqa: ARG002 - both halves are alike
    ) -> None:
        """Add ``A s_t - A_* s_*``; the state before a half is the other half."""
        gain = self.settling.activations[n].gain
        grown = fixed = space.static[n]
        for m in self.settling.weights.neighbours(n):
            s, kappa = space.state[m][half], gain * kappas.into[n, m]
            steady = space.rest[m].mT
            program.product(space.grown[n], s, s.mT, plus=grown, alpha=kappa)
            program.product(space.fixed[n], s, steady, plus=fixed, alpha=kappa)
            grown, fixed = space.grown[n], space.fixed[n]
        field = space.field[n][half]
        program.product(field, grown, space.state[n][1 - half])
        program.product(field, fixed, space.rest[n], alpha=-1)


class Written(Updates):
    """C-VF: weights between layers are written after every product; the rest telescopes.

    The later half of a product follows one increment of its weights that the product has not seen:
    ``kappa (s^n_{t+1} - s^n_t)^T s^m_t``, which enters through ``B x B`` coefficients.
    """

    def begin(self, program: Program, space: Workspace, kappas: Kappas) -> None:
        """Compute the coefficients of the biases and the input."""
        _set_static(program, self.settling, space, kappas)

    def add(
        self, program: Program, space: Workspace, kappas: Kappas, n: int, half: int, part: int
    ) -> None:
        """Add the effect of biases and input, and of the increment between the halves."""
        field = space.field[n][half]
        self.total(program, space, n, space.state[n][1 - half])
        program.product(field, space.static[n], space.moved[n])
        if part == BOTH and half == SECOND:
            gain = self.settling.activations[n].gain
            for m in self.settling.weights.neighbours(n):
                first, second, _ = space.state[m]
                kappa = gain * kappas.into[n, m]
                program.add(torch.bmm, second, first.mT, out=space.grown[n])
                program.product(field, space.grown[n], space.change[n][FIRST], alpha=kappa)

    def advanced(self, program: Program, space: Workspace, n: int, half: int) -> None:
        """Set the change of the state."""
        new, before = space.state[n][half], space.state[n][1 - half]
        program.add(torch.sub, new, before, out=space.change[n][half])

    def after(self, program: Program, space: Workspace, kappas: Kappas, n: int, part: int) -> None:
        """Write the increments into the weights."""
        for m in self.settling.weights.neighbours(n):
            into, signal = self.settling.weights.into[n, m], space.state[m][part].mT
            program.product(into, signal, space.change[n][part], alpha=kappas.into[n, m])


class Sloped(Written):
    """C-VF with the slope: every change counts times ``sigma'`` at the state before it.

    The slope is taken from the activation that has just been computed, over its gain, which the
    learning rates take over.
    """

    @property
    def gains(self) -> tuple[float, ...]:
        """The activations' own."""
        return tuple(f.gain for f in self.settling.activations)

    def begin(self, program: Program, space: Workspace, kappas: Kappas) -> None:
        """Nothing has been learned."""
        super().begin(program, space, kappas)
        for moved in space.moved:
            program.add(moved.zero_)

    def activated(self, program: Program, space: Workspace, n: int, half: int) -> None:
        """Keep the slope."""
        f = self.settling.activations[n]
        program.add(f.steepness(space.state[n][half], space.steepness[n][half]))

    def advanced(self, program: Program, space: Workspace, n: int, half: int) -> None:
        """Set the change times the slope, and the sum of all since the phase began."""
        super().advanced(program, space, n, half)
        change = space.change[n][half]
        program.add(change.mul_, space.steepness[n][half])
        program.add(space.moved[n].add_, change)

    def total(self, program: Program, space: Workspace, n: int, end: torch.Tensor) -> None:
        """Nothing to set: it is kept as it grows."""
