"""Networks of directed blocks: every direction has weights of its own, or none (2309.02214).

The pre-activations follow ``u <- W r + B x + b``, ``r = sigma(u)``, all layers at once from
``u = 0``, nudged by adding to ``u``: the prototypical setting with the nudge inside the activation,
and its state is the activity ``r``. ``W`` has one block per connection. Forward blocks come with
the biases; a block that leads backward has none. Layers are counted from the output.

In activity coordinates the free state solves ``D^{-1} r' = ...``: with ``D = diag sigma'(u)`` and
``M = D^{-1} - W``, the response of ``r`` to a nudge ``c`` is ``M^{-1} c``, and the error signal of
back-propagation through the steady state is ``M^{-T} c``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch

from cep_core.arrays import Array, Parameters, State
from cep_core.networks.edges import Bias, Dense, Edge, bias, chain, coupling, weight
from cep_core.networks.prototypical import Nudge, Prototypical

_CUT_OFF = 0.87962566103423978
"""Standard deviation of a standard normal number cut off at two."""


def lecun_normal(rows: int, fan_in: int, generator: torch.Generator) -> torch.Tensor:
    """Draw a matrix of shape ``(rows, fan_in)`` and variance ``1 / fan_in``, float64.

    Normal, cut off at two standard deviations: the initialisation of LeCun et al. (1998) as Flax
    has it.
    """
    drawn = torch.empty(rows, fan_in, dtype=torch.float64)
    torch.nn.init.trunc_normal_(drawn, a=-2.0, b=2.0, generator=generator)
    return drawn / (_CUT_OFF * math.sqrt(fan_in))


def loop(layers: int) -> tuple[Edge, ...]:
    """Edges of layers that feed forward, and of one from the output to the first hidden layer.

    No pair of layers is connected both ways, if there are three or more.

    Args:
        layers: number of layers, the input not counted; 2 at least.

    Raises:
        ValueError: there are fewer.

    """
    if layers < 2:  # noqa: PLR2004 - a way back needs two ends
        raise ValueError(f"layers: expected 2 at least, found {layers}")
    edges: list[Edge] = [Dense(layers - 1, "x"), Bias(layers - 1)]
    for n in reversed(range(layers - 1)):
        edges += [Dense(n, n + 1, tied=False), Bias(n)]
    return (*edges, Dense(layers - 1, 0, tied=False))


def reciprocal(layers: int) -> tuple[Edge, ...]:
    """Edges of layers that feed forward and backward, each direction with weights of its own."""
    return chain(layers, (True,) * (layers - 1))


@dataclass(frozen=True)
class Given:
    """What a layer receives from outside, computed beforehand; it has no parameters.

    Attributes:
        target: the receiving layer.

    """

    target: int
    source: Literal["x"] = "x"
    tied: bool = False
    names: tuple[str, ...] = ()

    def forward(self, source: Array, parameters: Parameters) -> Array:
        """What was given."""
        return source

    def adjoint(self, signal: Array, at: Array, parameters: Parameters) -> Array:
        """The signal itself."""
        return signal

    def gradient(
        self, source: Array, signal: Array, at: Array, parameters: Parameters
    ) -> Parameters:
        """Nothing is learned."""
        return {}

    def target_shape(
        self, source: tuple[int, ...] | None, parameters: Parameters
    ) -> tuple[int, ...] | None:
        """That of what is given."""
        return source

    def initial(self, sizes: Sequence[int], generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Nothing is drawn."""
        return {}


@dataclass(frozen=True)
class Directed(Prototypical):
    """Layers of activities ``r <- sigma(W r + B x + b)`` with directed blocks ``W``.

    Attributes:
        activations: one per layer, output first.
        nudge: always inside the activation.
        edges: :func:`reciprocal`, :func:`loop`, or others; :func:`reciprocal` unless given.

    Raises:
        ValueError: at construction, with the nudge outside.

    """

    nudge: Nudge = "inside"

    def __post_init__(self) -> None:
        """Fill in the edges."""
        if self.nudge != "inside":
            raise ValueError(f"nudge: expected inside in a directed network, found {self.nudge}")
        if self.edges is None:
            object.__setattr__(self, "edges", reciprocal(len(self.activations)))

    def zero_state(self, x: Array, parameters: Parameters) -> State:
        """The activities of the pre-activations 0, where the authors' free phase begins."""
        zero = super().zero_state(x, parameters)
        return tuple(f(z) for f, z in zip(self.activations, zero, strict=True))

    def driven(self, x: Array, parameters: Parameters) -> tuple[Directed, Array]:
        """The same network for one input, what the input sends being computed once.

        Returns:
            A network to run the phases with, and its input, shape ``(B, size)``.

        Raises:
            ValueError: the input enters more than one layer.

        """
        edges = self.connections(parameters)
        from_input = [edge for edge in edges if edge.source == "x"]
        if len({edge.target for edge in from_input}) != 1:
            raise ValueError("edges: expected the input to enter one layer, found others")
        target = from_input[0].target
        held = [e for e in edges if e.target == target and not isinstance(e.source, int)]
        drive = sum(e.forward(None if e.source is None else x, parameters) for e in held)
        kept = tuple(edge for edge in edges if edge not in held)
        return replace(self, edges=(*kept, Given(target))), drive

    def linearised(
        self, x: Array, state: State, parameters: Parameters, vector: State, nudge: Array
    ) -> tuple[State, State]:
        """``F(s)`` and its derivative along ``vector`` and along a nudge: ``D (W v - nudge)``.

        What forward-mode differentiation gives, at the price of one step and one product.
        """
        sums = self.arguments(x, state, parameters)
        forth = list(coupling(self.connections(parameters), vector, parameters, at=state))
        forth[0] = forth[0] - nudge
        slopes = (f.slope(a) for f, a in zip(self.activations, sums, strict=True))
        after = tuple(f(a) for f, a in zip(self.activations, sums, strict=True))
        return after, tuple(v * d for v, d in zip(forth, slopes, strict=True))

    def initial_parameters(
        self,
        sizes: Sequence[int],
        *,
        generator: torch.Generator,
        dtype: torch.dtype = torch.float64,
        backward_angle: float | None = None,
    ) -> dict[str, torch.Tensor]:
        """LeCun's normal weights and zero biases; backward weights at an angle to forward ones.

        Weights have variance ``1 / fan_in``, normal and cut off at two standard deviations. With an
        angle ``alpha`` each backward block that has a forward one is mixed with its transpose,
        ``sin(alpha) W_back + cos(alpha) W_forward^T``: symmetric at 0, independent at 90 degrees.
        Numbers are drawn in float64 in the order of the edges, whatever the angle.

        Args:
            sizes: layer sizes, input first.
            generator: source of randomness, on the CPU.
            dtype: dtype of the result.
            backward_angle: in degrees, 0 to 90; None for independent blocks.

        Raises:
            ValueError: the sizes are not one per layer and the input, or the angle is outside.

        """
        if len(sizes) != len(self.activations) + 1 or min(sizes) < 1:
            expected = f"{len(self.activations) + 1} positive ones, input first"
            raise ValueError(f"sizes: expected {expected}, found {list(sizes)}")
        if backward_angle is not None and not 0 <= backward_angle <= 90:  # noqa: PLR2004 - degrees
            raise ValueError(f"backward_angle: expected 0 to 90 degrees, found {backward_angle}")
        from_output = list(sizes)[::-1]
        found: dict[str, torch.Tensor] = {}
        for edge in self.connections({}):
            n, m = edge.target, edge.source
            if m is None:
                found[bias(n)] = torch.zeros(from_output[n], dtype=torch.float64)
                continue
            fan_in = from_output[-1 if m == "x" else int(m)]
            found[weight(n, m)] = lecun_normal(from_output[n], fan_in, generator)
        if backward_angle is not None:
            mix = math.radians(backward_angle)
            for n, m in self.backward_blocks():
                forward = found[weight(m, n)].T
                found[weight(n, m)] = (
                    math.sin(mix) * found[weight(n, m)] + math.cos(mix) * forward
                ).contiguous()
        return {name: value.to(dtype) for name, value in found.items()}

    def backward_blocks(self) -> list[tuple[int, int]]:
        """Target and source of every block that leads away from the output and has a partner."""
        between = {(e.target, e.source) for e in self.connections({}) if isinstance(e.source, int)}
        return sorted((n, m) for n, m in between if n > m and (m, n) in between)
