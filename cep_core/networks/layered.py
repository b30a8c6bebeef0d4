"""What the settings of layered networks share: layers, edges between them, and their answers.

Layers are counted from the output: layer 0 is the output, layer ``N`` the one next to the input.
Unless edges are given the layers form a chain: ``W_n_m`` has shape ``(size_n, size_m)`` and
``W_N_x`` shape ``(size_N, size_x)``. A parameter set that holds backward weights ``W_{n+1}_{n}`` of
shape ``(size_{n+1}, size_n)`` uses them for the signal from layer ``n`` to layer ``n+1``; one that
does not uses the transpose of ``W_{n}_{n+1}``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch

from cep_core.activations import Activation
from cep_core.arrays import Array, Parameters, Scalar, State
from cep_core.networks.doubts import chosen_by_rounding, has_winners, moving_ties
from cep_core.networks.edges import Edge, chain, weight
from cep_core.networks.initial import initial_of_edges, initial_parameters
from cep_core.networks.network import Network


def edges_of(layers: int, parameters: Parameters) -> tuple[Edge, ...]:
    """Edges of a chain of dense layers with these parameters."""
    own = tuple(weight(n + 1, n) in parameters for n in range(layers - 1))
    return chain(layers, own)


class Layered:
    """Answers of a network of layers; a setting adds the dynamics and the rest of the contract.

    Attributes:
        activations: one per layer, output first.
        edges: between the layers; a chain of dense ones unless given.

    """

    activations: tuple[Activation, ...]
    edges: tuple[Edge, ...] | None

    def connections(self, parameters: Parameters) -> tuple[Edge, ...]:
        """The edges, those of a chain with these parameters unless given."""
        if self.edges is not None:
            return self.edges
        return edges_of(len(self.activations), parameters)

    def zero_state(self, x: Array, parameters: Parameters) -> State:
        """The state 0 for the samples of ``x``, in the parameters' dtype.

        Raises:
            ValueError: a parameter is missing.

        """
        edges = self.connections(parameters)
        missing = [name for edge in edges for name in edge.names if name not in parameters]
        if missing:
            msg = (
                "start: expected a first state, one tensor per layer, because the parameters are "
                f"not those of a layered network ({', '.join(missing)} missing), found "
                f"{', '.join(parameters)}"
            )
            raise ValueError(msg)
        shapes: dict[int | str, tuple[int, ...]] = {"x": tuple(x.shape[1:])}
        for _ in self.activations:
            for edge in edges:
                source = None if edge.source is None else shapes.get(edge.source)
                shape = edge.target_shape(source, parameters)
                if shape is not None:
                    shapes.setdefault(edge.target, shape)
        like = parameters[edges[0].names[0]]
        return tuple(like.new_zeros((x.shape[0], *shapes[n])) for n in range(len(self.activations)))

    def learning_rates(
        self, parameters: Parameters, by_layer: Sequence[Scalar]
    ) -> dict[str, Scalar]:
        """One rate per layer, output first: ``by_layer[n]`` for ``b_n`` and every edge into ``n``.

        A backward weight ``W_{n+1,n}`` has the rate of its forward one, ``by_layer[n]``.

        Raises:
            ValueError: the number of rates differs from the number of layers.

        """
        layers = len(self.activations)
        if len(by_layer) != layers:
            msg = f"learning rates: expected {layers}, one per layer, found {len(by_layer)}"
            raise ValueError(msg)
        rates: dict[str, Scalar] = {}
        for edge in self.connections(parameters):
            nearest = min(edge.target, edge.source if isinstance(edge.source, int) else edge.target)
            rates |= dict.fromkeys(edge.names, by_layer[nearest])
        return {name: rates[name] for name in parameters}

    def initial_parameters(
        self,
        sizes: Sequence[int],
        *,
        generator: torch.Generator,
        dtype: torch.dtype = torch.float64,
        backward_angle: float | None = None,
    ) -> dict[str, torch.Tensor]:
        """Draw parameters; see :func:`cep_core.networks.initial.initial_parameters`.

        Raises:
            ValueError: the sizes are not one per layer and the input, or are not positive.

        """
        if len(sizes) != len(self.activations) + 1:
            expected = f"{len(self.activations) + 1}, input first"
            raise ValueError(f"sizes: expected {expected}, found {list(sizes)}")
        if self.edges is not None:
            if backward_angle is not None:
                raise ValueError(
                    f"backward_angle: expected none with edges of one's own, found {backward_angle}"
                )
            return initial_of_edges(self.edges, sizes, generator=generator, dtype=dtype)
        return initial_parameters(
            sizes, generator=generator, dtype=dtype, backward_angle=backward_angle
        )

    def doubts(
        self, x: Array, start: State, steady: State, parameters: Parameters, steps: int
    ) -> tuple[str, ...]:
        """Ties of max-pooling that can move, and a steady state that rounding chooses."""
        edges = self.connections(parameters)
        if not has_winners(edges):
            return ()
        _, signals = self.signals(x, steady)
        slopes = self.slopes(x, steady, parameters)
        found = (
            moving_ties(edges, signals, slopes, parameters),
            chosen_by_rounding(cast("Network", self), x, start, steady, parameters, steps),
        )
        return tuple(text for text in found if text)

    def winners(self, x: Array, state: State, parameters: Parameters) -> dict[str, Array]:
        """Index of the winner of every window that a maximum pools, by name of the kernel."""
        drive, signals = self.signals(x, state)
        found: dict[str, Array] = {}
        for edge in self.connections(parameters):
            asked = getattr(edge, "winners", None)
            source = drive if edge.source == "x" else edge.source
            if asked is not None:
                at = signals[source] if isinstance(source, int) else source
                won = asked(at, parameters)
                found |= {} if won is None else {edge.names[0]: won}
        return found

    def signals(self, x: Array, state: State) -> tuple[Array, State]:
        """What the input and every layer send; a setting says."""
        raise NotImplementedError

    def slopes(self, x: Array, state: State, parameters: Parameters) -> State:
        """Slope of every activation where it is evaluated, shaped as a state."""
        arguments = self.arguments(x, state, parameters)
        return tuple(f.slope(a) for f, a in zip(self.activations, arguments, strict=True))

    def arguments(self, x: Array, state: State, parameters: Parameters) -> State:
        """Where each activation is evaluated; a setting says."""
        raise NotImplementedError
