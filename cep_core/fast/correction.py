"""The corrected nudged phase: the asymmetry ``(J - J^T)(s_t - s_*)``, taken out of every state.

``J = D W`` with ``D = diag sigma'(a)`` at the steady state and the initial parameters, so that it
is two products per edge and step, with weights that are kept while the nudged phase changes them.
"""

from __future__ import annotations

import torch

from cep_core.fast.program import Program
from cep_core.fast.settling import Settling
from cep_core.fast.workspace import BOTH, FIRST, SECOND, Rows, Workspace


class Correction:
    """Writes the correction of one network's nudged phase into a program.

    Attributes:
        settling: the network.
        inside: whether the nudge is inside the activation: ``D (W - W^T)`` in place of ``J - J^T``.
        kept: the weights at the beginning of the phase, as :attr:`Weights.into`.

    """

    def __init__(self, settling: Settling, *, inside: bool) -> None:
        """Make room for the weights."""
        self.settling = settling
        self.inside = inside
        self.kept = {edge: into.clone() for edge, into in settling.weights.into.items()}

    def begin(self, program: Program, space: Workspace) -> None:
        """Keep the weights and the slopes at ``space.rest``, which every layer's state holds."""
        settling = self.settling
        for edge, into in settling.weights.into.items():
            program.add(self.kept[edge].copy_, into)
        for group, half in ((settling.even, SECOND), (settling.odd, FIRST)):
            settling.fields(program, space, group, half, space.field)
            for n in group:
                f, slope = settling.activations[n], space.rest_slope[n]
                program.add(f.outer(space.field[n][half], slope))
                program.add(f.steepness(slope, slope))
                program.add(slope.mul_, f.gain)
        for n in settling.even:
            program.add(space.asymmetry[n][SECOND].zero_)

    def prepare(
        self, program: Program, space: Workspace, group: tuple[int, ...], part: int
    ) -> None:
        """Compute the correction of a group of layers from the states of the other."""
        settling = self.settling
        for m in settling.odd if group is settling.even else settling.even:
            moved, rest = _beside(space.displacement[m], space.rest[m], part)
            state, _ = _beside(space.state[m], space.rest[m], part)
            program.add(torch.sub, state, rest, out=moved)
            if not self.inside:
                sloped, slope = _beside(space.sloped[m], space.rest_slope[m], part)
                program.add(torch.mul, moved, slope, out=sloped)
        sent = space.displacement if self.inside else space.sloped
        for n in group:
            out = space.asymmetry[n][part]
            neighbours = settling.weights.neighbours(n)
            for m in neighbours:
                into, moved = self.kept[n, m], space.displacement[m][part]
                program.product(out, moved, into, replacing=m == neighbours[0])
            asymmetry, slope = _beside(space.asymmetry[n], space.rest_slope[n], part)
            if not self.inside:
                program.add(asymmetry.mul_, slope)
            for m in neighbours:
                program.product(out, sent[m][part], self.kept[m, n].mT, alpha=-1)
            if self.inside:
                program.add(asymmetry.mul_, slope)

    def take_out(self, program: Program, space: Workspace, n: int, half: int) -> None:
        """Correct one half of a layer's new states."""
        program.add(space.state[n][half].sub_, space.asymmetry[n][half])


def _beside(rows: Rows, single: torch.Tensor, part: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Some rows, and what there is once for every sample, in shapes that go together."""
    if part == BOTH:
        seeds, batch, size = single.shape
        return rows[BOTH].view(seeds, 2, batch, size), single.unsqueeze(1)
    return rows[part], single
