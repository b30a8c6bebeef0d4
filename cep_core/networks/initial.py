"""Initial parameters of the layered networks (the authors' defaults)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import torch

from cep_core.networks.edges import Edge, chain, weight


def initial_parameters(
    sizes: Sequence[int],
    *,
    generator: torch.Generator,
    dtype: torch.dtype = torch.float64,
    backward_angle: float | None = None,
) -> dict[str, torch.Tensor]:
    """Draw parameters uniformly in ``±1/sqrt(fan_in)``, biases likewise.

    The fan-in is the size of the layer nearer the input. Numbers are drawn in float64 whatever the
    dtype, weight before bias, from the output layer to the input, so that float32 and float64 runs
    of one seed start from the same point up to rounding, and so do EP, C-EP and C-VF.

    Args:
        sizes: layer sizes from input to output, e.g. ``(784, 512, 10)``.
        generator: source of randomness, on the CPU.
        dtype: dtype of the result.
        backward_angle: None for tied weights; otherwise the initial angle ``Psi(theta_f,
            theta_b)`` in degrees: the backward weights start as the transpose of the forward ones
            with each sign flipped with probability ``(1 - cos Psi) / 2``.

    Raises:
        ValueError: fewer than two layers, a size that is not positive, or an angle outside
            [0, 180].

    """
    if len(sizes) < 2 or min(sizes) < 1:  # noqa: PLR2004 - an input and an output at least
        msg = f"sizes: expected at least two positive layer sizes, input first, found {list(sizes)}"
        raise ValueError(msg)
    flip = None if backward_angle is None else flip_probability(backward_angle)
    parameters = initial_of_edges(chain(len(sizes) - 1), sizes, generator=generator)
    if flip is not None:
        for n in range(len(sizes) - 2):
            forward = parameters[weight(n, n + 1)]
            drawn = torch.rand(forward.shape, generator=generator, dtype=torch.float64)
            parameters[weight(n + 1, n)] = (
                forward * torch.where(drawn < flip, -1.0, 1.0)
            ).T.contiguous()
    return {name: value.to(dtype) for name, value in parameters.items()}


def flip_probability(angle: float) -> float:
    """``(1 - cos angle) / 2``: how often a sign is flipped for an angle of weights in degrees.

    Raises:
        ValueError: the angle is not from 0 to 180.

    """
    if not 0 <= angle <= 180:  # noqa: PLR2004 - degrees
        msg = f"backward_angle: expected degrees between 0 and 180, found {angle}"
        raise ValueError(msg)
    return (1 - math.cos(math.radians(angle))) / 2


def initial_of_edges(
    edges: Iterable[Edge],
    sizes: Sequence[int],
    *,
    generator: torch.Generator,
    dtype: torch.dtype = torch.float64,
) -> dict[str, torch.Tensor]:
    """Draw the parameters of every edge in float64, those into the output layer first.

    Args:
        edges: of the network.
        sizes: layer sizes from input to output.
        generator: source of randomness, on the CPU.
        dtype: dtype of the result.

    """
    from_output = list(sizes)[::-1]
    parameters: dict[str, torch.Tensor] = {}
    for edge in sorted(edges, key=lambda e: e.target):
        parameters |= edge.initial(from_output, generator)
    return {name: value.to(dtype) for name, value in parameters.items()}
