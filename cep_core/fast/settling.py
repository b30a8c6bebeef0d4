"""The free phase, two steps to a product.

A layered network is bipartite: the even layers at one time depend on the odd layers at the time
before, and conversely. One synchronous step after another therefore runs two interleaved chains
that never meet: even layers at even times with odd layers at odd times, and the rest. Stacking the
two, ``even = [s_{t}; s_{t+1}]`` over ``odd = [s_{t-1}; s_{t}]``, makes two synchronous steps of all
layers one alternation: the odd layers from the even ones, then the even ones from the odd.

All ``T`` steps are made. In float32 a network rarely repeats its state bit by bit before ``T``, and
with two hidden layers it keeps trembling in the last bits for ever, so that stopping at a repeated
state, which would change nothing, would save nothing either.
"""

from __future__ import annotations

import torch

from cep_core.fast.elementwise import Elementwise
from cep_core.fast.program import Program
from cep_core.fast.weights import Weights
from cep_core.fast.workspace import BOTH, FIRST, SECOND, Rows, Workspace


class Settling:
    """Writes the free phase of ``S`` networks from the zero state into a program.

    Attributes:
        weights: the parameters.
        even, odd: the two groups of layers.
        now: the half of each layer's rows that holds ``s_T`` after a free phase of ``T`` steps.

    """

    def __init__(self, weights: Weights, activations: tuple[Elementwise, ...]) -> None:
        """Take the parameters as they are held, and one activation per layer."""
        self.weights = weights
        self.activations = activations
        self.even = tuple(range(0, weights.layers, 2))
        self.odd = tuple(range(1, weights.layers, 2))
        self.now = tuple(FIRST if n % 2 == 0 else SECOND for n in range(weights.layers))

    def drive(self, program: Program, space: Workspace) -> None:
        """Set the constant part of every field, biases, offsets and the signal of ``space.x``."""
        weights, last = self.weights, self.weights.layers - 1
        for n, (f, b) in enumerate(zip(self.activations, weights.biases, strict=True)):
            offset, constant = torch.full_like(b[:1, :, :1], f.offset), space.constant[n]
            first, second, both = space.base[n]
            program.add(torch.add, offset, b, alpha=f.gain, out=constant)
            if n < last:
                program.add(both.copy_, constant)
            else:
                program.product(first, space.x, weights.drive, plus=constant, alpha=f.gain)
                program.add(second.copy_, first)

    def fields(
        self,
        program: Program,
        space: Workspace,
        group: tuple[int, ...],
        part: int,
        outs: tuple[Rows, ...],
    ) -> None:
        """Fields of a group of layers from the states of the other, for one or both halves.

        They are written into ``outs``: ``space.field``, or ``space.state`` in the place of the
        states that they replace.
        """
        for n in group:
            field, gain = outs[n][part], self.activations[n].gain
            constant = space.base[n][part]
            for m in self.weights.neighbours(n):
                signal, into = space.state[m][part], self.weights.into[n, m]
                program.product(field, signal, into, plus=constant, alpha=gain)
                constant = field
            if constant is not field:
                program.add(field.copy_, constant)

    def update(self, program: Program, space: Workspace, group: tuple[int, ...], part: int) -> None:
        """Next states of a group of layers, in place of the ones before."""
        self.fields(program, space, group, part, space.state)
        for n in group:
            state = space.state[n][part]
            program.add(self.activations[n].outer(state, state))

    def settle(self, program: Program, space: Workspace, steps: int) -> None:
        """Run ``steps`` transitions from the zero state, after :meth:`drive`.

        Afterwards the even layers hold ``[s_T; s_{T+1}]`` and the odd ones ``[s_{T-1}; s_T]``.
        """
        if steps % 2:
            for n, half in enumerate(self.now):
                state = space.state[n][half]
                program.add(self.activations[n].outer(space.base[n][half], state))
            self.update(program, space, self.even, SECOND)
        else:
            for n in self.even:
                earlier, later, _ = space.state[n]
                program.add(earlier.zero_)
                program.add(self.activations[n].outer(space.base[n][SECOND], later))
        for _ in range(steps // 2):
            for group in (self.odd, self.even):
                self.update(program, space, group, BOTH)
