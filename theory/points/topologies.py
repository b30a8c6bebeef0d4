"""Graphs of layers other than a chain: one with a skip, one with a lateral connection, loops."""

from __future__ import annotations

from cep_core.networks import Bias, Dense, Edge, chain


def with_skip(layers: int) -> tuple[Edge, ...]:
    """A chain, and a tied edge past the layer below the output."""
    return (*chain(layers), Dense(0, 2))


def with_lateral(layers: int) -> tuple[Edge, ...]:
    """A chain, and a tied edge from layer 1 to itself: the matrix ``W + W^T``."""
    return (*chain(layers), Dense(1, 1))


def ring(layers: int, *, tied: bool) -> tuple[Edge, ...]:
    """A chain closed by an edge from the output to the layer next to the input.

    Tied, every edge carries both ways. Not tied, signals go round in one direction only and there
    is no reciprocal pair at all.
    """
    last = layers - 1
    inwards = [Dense(n, n + 1, tied=tied) for n in range(last)]
    biases = [Bias(n) for n in range(layers)]
    return (Dense(last, "x", tied=False), *inwards, Dense(last, 0, tied=tied), *biases)
