"""The parameters as the fast engine stores them: every matrix in the order it is multiplied.

A leading dimension runs over seeds: one network is the case of one seed. The signal of layer ``m``
to layer ``n`` is ``s^m @ into[n, m]``, with ``into[n, m]`` of shape ``(seeds, size_m, size_n)`` in
the memory order of layer ``n`` (:mod:`cep_core.fast.matrix`), since a product with a matrix in the
other order takes up to half as long again. For a narrow layer that is the order of the paper's
``W_nm``, which then serves both directions; other tied weights are held twice, and the copy for the
direction upwards is rewritten whenever the first has learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch

from cep_core.arrays import Parameters
from cep_core.fast.matrix import is_narrow, matrix
from cep_core.fast.program import Program
from cep_core.networks import bias, weight


class Weights:
    """Parameters of ``S`` networks of the same shape, laid out for products.

    Attributes:
        layers: number of layers of neurons, the input not counted.
        sizes: their sizes, output first.
        tied: whether the signal downwards uses the transpose of the forward weights.
        into: ``into[n, m]``, shape ``(S, size_m, size_n)``: the signal of layer ``m`` to ``n``.
        drive: the input weights, shape ``(S, size_x, size_N)``.
        biases: one per layer, shape ``(S, 1, size_n)``.

    """

    def __init__(self, several: Sequence[Parameters]) -> None:
        """Lay out a copy of the parameters of one or several networks.

        Raises:
            ValueError: a set lacks a parameter that the first one has, or differs in its shape.

        """
        first = several[0]
        self.names = tuple(first)
        self.layers = sum(name.startswith("b_") for name in first)
        self.sizes = tuple(first[bias(n)].shape[0] for n in range(self.layers))
        self.tied = weight(1, 0) not in first
        zeros = partial(matrix, like=first[bias(0)])
        count, last = len(several), self.layers - 1
        self.into = {
            (n, m): zeros(count, self.sizes[m], self.sizes[n])
            for n in range(self.layers)
            for m in self.neighbours(n)
        }
        self._mirrored = []
        for n in range(self.layers - 1) if self.tied else ():
            if is_narrow(self.sizes[n]):
                self.into[n + 1, n] = self.into[n, n + 1].mT
            else:
                self._mirrored.append(n)
        self.drive = zeros(count, first[weight(last, "x")].shape[1], self.sizes[last])
        self.biases = tuple(zeros(count, 1, size) for size in self.sizes)
        self.load(several)

    def neighbours(self, n: int) -> tuple[int, ...]:
        """Layers whose signal layer ``n`` receives."""
        return tuple(m for m in (n - 1, n + 1) if 0 <= m < self.layers)

    def load(self, several: Sequence[Parameters]) -> None:
        """Copy the parameters of every network in; see :class:`Weights` for the errors."""
        stored = self._stored()
        if len(several) != self.drive.shape[0]:
            msg = f"parameters: expected {self.drive.shape[0]} sets, found {len(several)}"
            raise ValueError(msg)
        for seed, parameters in enumerate(several):
            if parameters.keys() != stored.keys():
                msg = f"parameters: expected {', '.join(stored)}, found {', '.join(parameters)}"
                raise ValueError(msg)
            for name, place in stored.items():
                value = parameters[name]
                if place[seed].shape != value.shape:
                    expected, found = tuple(place[seed].shape), tuple(value.shape)
                    msg = f"parameter {name}: expected shape {expected}, found {found}"
                    raise ValueError(msg)
        for seed, parameters in enumerate(several):
            for name, place in stored.items():
                place[seed].copy_(parameters[name])
        mirror = Program()
        self.mirror(mirror)
        mirror.run()

    def export(self) -> list[dict[str, torch.Tensor]]:
        """Parameters by name of every network, as contiguous copies."""
        stored = self._stored()
        return [
            {
                name: stored[name][seed].clone(memory_format=torch.contiguous_format)
                for name in self.names
            }
            for seed in range(self.drive.shape[0])
        ]

    def mirror(self, program: Program) -> None:
        """Rewrite the copies for the direction upwards of tied weights that are held twice."""
        for n in self._mirrored:
            program.add(self.into[n + 1, n].copy_, self.into[n, n + 1].mT)

    def tensors(self) -> list[torch.Tensor]:
        """Everything that learning changes; weights that serve both directions occur twice."""
        return [*self.into.values(), self.drive, *self.biases]

    def _stored(self) -> dict[str, torch.Tensor]:
        """Views, by the parameters' names and in their shapes after the seeds, of what is held."""
        views: dict[str, torch.Tensor] = {}
        for n in range(self.layers):
            views[bias(n)] = self.biases[n].squeeze(1)
            for m in self.neighbours(n):
                if m > n or not self.tied:
                    views[weight(n, m)] = self.into[n, m].mT
        views[weight(self.layers - 1, "x")] = self.drive.mT
        return views
