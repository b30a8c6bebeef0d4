"""What max-pooling leaves undecided at a steady state: moving ties, and rounding's choice."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from cep_core.arrays import Array, Parameters, State
from cep_core.networks.convolution import Convolution
from cep_core.networks.edges import Edge
from cep_core.networks.network import Network

ROUNDING = 64 * torch.finfo(torch.float64).eps
"""Relative gap between the two largest entries of a window that counts as none."""

JITTER = 1e-14
"""Of the first state, in the test of what rounding chooses."""

APART = 1e-6
"""Distance of two steady states that are not one."""


def has_winners(edges: Sequence[Edge]) -> bool:
    """Whether a maximum is taken over what neurons send."""
    return any(_pooled(edge) for edge in edges)


def _pooled(edge: Edge) -> bool:
    winners = isinstance(edge, Convolution) and hasattr(edge.pooling, "winners")
    return winners and isinstance(edge.source, int)


def moving_ties(
    edges: Sequence[Edge], signals: State, slopes: State, parameters: Parameters
) -> str:
    """Say which windows tie although their entries can move apart; empty if none does.

    A window over units that do not move (saturated ones; blank background behind a clamp) may tie
    without harm: its value is smooth, and its first entry wins as before.

    Args:
        edges: of the network.
        signals: what the neurons send.
        slopes: of their activations; a unit with slope 0 does not move.
        parameters: ``theta``.

    """
    for edge in edges:
        if not _pooled(edge):
            continue
        assert isinstance(edge, Convolution)
        assert isinstance(edge.source, int)
        source, moving = signals[edge.source], (slopes[edge.source] != 0).to(torch.float64)
        found = tied_windows(edge, source, moving, parameters)
        count = int(found.sum())
        if count:
            index = tuple(int(i) for i in found.nonzero()[0][1:])
            return (
                f"a tie in max-pooling: {count} of {found.numel()} windows of s_{edge.target} have "
                f"two largest entries, over units that move (the first of them is {index}); which "
                "one wins after an ever so small nudge is not determined"
            )
    return ""


def tied_windows(
    edge: Convolution, source: Array, moving: Array, parameters: Parameters
) -> torch.Tensor:
    """Which windows have two largest entries of which one can move, bool ``(B, *shape)``."""
    members = torch.stack(list(edge.members(edge.forward_maps(source, parameters))))
    largest = members.max(0).values
    tied = (largest - members) <= ROUNDING * members.abs().max(0).values.clamp_min(1)
    ones = {edge.name: torch.ones_like(parameters[edge.name])}
    movable = torch.stack(list(edge.members(edge.forward_maps(moving, ones)))) > 0
    return (tied.sum(0) > 1) & (tied & movable).any(0)


def chosen_by_rounding(
    network: Network, x: Array, start: State, steady: State, parameters: Parameters, steps: int
) -> str:
    """Say whether a jitter of the first state leads to another steady state; empty if not."""
    generator = torch.Generator().manual_seed(0)
    state: State = tuple(
        s + JITTER * torch.randn(s.shape, generator=generator, dtype=s.dtype).to(s.device)
        for s in start
    )
    with torch.no_grad():
        for _ in range(steps):
            state = network.transition(x, state, parameters)
    apart = max(float((a - b).abs().max()) for a, b in zip(state, steady, strict=True))
    if apart <= APART:
        return ""
    return (
        f"rounding chooses the steady state: a jitter of {JITTER:.0e} in the start changes it by "
        f"{apart:.1e}, because windows of max-pooling tie on the way; give a start without ties"
    )
