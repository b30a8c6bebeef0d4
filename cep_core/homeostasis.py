"""Jacobian homeostasis: a loss that grows with the asymmetry of the Jacobian (2309.02214).

For each sample and standard normal ``eps``, ``l = (|J eps|^2 - eps^T J^2 eps) / n`` with ``n``
neurons in all. Its mean over ``eps`` is ``2 |A|_F^2 / n``, ``A = (J - J^T) / 2``, and one draw has
the variance ``2 |sym(J^T J - J^2)|_F^2 / n^2``, so that a draw may be negative. The free state is
held fixed in it: its gradient is that in the weights alone.

In activity coordinates ``J = W - D^{-1}``, ``D = diag sigma'(u)``. The authors' code bypasses the
activation, ``J = W - I``: the antisymmetric part and so the mean are the same, but not the
variance, in which ``D^{-1}`` is large where neurons saturate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from cep_core.arrays import Array, Parameters, State
from cep_core.networks.edges import Dense, Edge, coupling
from cep_core.networks.layered import Layered
from cep_core.problem import Problem

JacobianOf = Literal["activity", "published"]
"""``J = W - D^{-1}``, or the authors' ``W - I``."""


@dataclass(frozen=True)
class HomeostaticLoss:
    """The loss, or an estimate of it, and its gradient in the weights.

    Attributes:
        value: mean over samples; of draws, over these too.
        gradient: by name, of the weights between neurons.

    """

    value: float
    gradient: Parameters


def hutchinson_loss(
    network: Layered,
    problem: Problem,
    draws: Sequence[State],
    jacobian: JacobianOf = "activity",
) -> HomeostaticLoss:
    """Estimate the homeostatic loss and its gradient with given normal numbers.

    Per draw the gradient in ``W`` is ``[2 (J eps) eps^T - eps (J eps)^T - (J^T eps) eps^T] / n``.

    Args:
        network: layers whose edges are linear in what they send.
        problem: parameters, input and the free state.
        draws: one ``eps`` per draw, each shaped as the state.
        jacobian: ``"activity"``, or ``"published"`` for the authors' bypass.

    Raises:
        ValueError: no draw is given.

    """
    if not draws:
        raise ValueError("draws: expected one at least, found none")
    edges = network.connections(problem.parameters)
    decay = tuple(torch.cat([d] * len(draws)) for d in _decay(network, problem, jacobian))
    eps = tuple(torch.cat(layers) for layers in zip(*draws, strict=True))
    count = sum(e[0].numel() for e in eps) * len(eps[0])
    total, gradient = quadratic_form(edges, problem.parameters, decay, eps)
    return HomeostaticLoss(float(total) / count, {n: g / count for n, g in gradient.items()})


def quadratic_form(
    edges: Sequence[Edge], parameters: Parameters, decay: State, eps: State
) -> tuple[Array, Parameters]:
    """``|J eps|^2 - eps^T J^2 eps`` summed over rows, and its gradient, in any number system.

    Args:
        edges: of the network, linear in what they send.
        parameters: ``theta``.
        decay: the diagonal of ``J`` with its sign changed, shaped as ``eps``.
        eps: one array of shape ``(rows, size_n)`` per layer, output first.

    Returns:
        The value, and its derivative in the weights between neurons by name.

    """
    leak = tuple(e * d for e, d in zip(eps, decay, strict=True))
    forth = _minus(coupling(edges, eps, parameters, at=eps), leak)
    back = _minus(coupling(edges, eps, parameters, at=eps, transposed=True), leak)
    value = sum((f * f - b * f).sum() for f, b in zip(forth, back, strict=True))
    left = tuple(f * 2 - b for f, b in zip(forth, back, strict=True))
    found: Parameters = {}
    for post, pre in ((left, eps), (tuple(e * -1 for e in eps), forth)):
        for name, g in _between_neurons(edges, post, pre, parameters).items():
            found[name] = found[name] + g if name in found else g
    return value, found


def normal_draws(state: State, draws: int, generator: torch.Generator) -> list[State]:
    """So many standard normal ``eps``, each shaped as the state, drawn on the CPU."""
    return [
        tuple(torch.randn(s.shape, generator=generator, dtype=s.dtype).to(s.device) for s in state)
        for _ in range(draws)
    ]


def _decay(network: Layered, problem: Problem, jacobian: JacobianOf) -> State:
    """Diagonal of ``J``, with its sign changed."""
    if jacobian == "published":
        return tuple(torch.ones_like(s) for s in problem.rest)
    slopes = network.slopes(problem.x, problem.rest, problem.parameters)
    return tuple(1 / slope for slope in slopes)


def _between_neurons(
    edges: Sequence[Edge], post: State, pre: State, parameters: Parameters
) -> Parameters:
    """Derivative of ``post^T W pre`` in the weights between neurons, summed over the rows."""
    found: Parameters = {}

    def add(part: Parameters) -> None:
        for name, value in part.items():
            found[name] = found[name] + value if name in found else value

    for edge in edges:
        n, m = edge.target, edge.source
        if not isinstance(m, int):
            continue
        add(edge.gradient(pre[m], post[n], pre[m], parameters))
        if edge.tied:
            add(edge.gradient(post[m], pre[n], post[m], parameters))
    return found


def _minus(one: State, other: State) -> State:
    return tuple(a - b for a, b in zip(one, other, strict=True))


def blocks(edges: Sequence[Edge], parameters: Parameters) -> dict[tuple[int, int], Array]:
    """The matrix ``W`` between all neurons, block by block: target and source, ``(size, size)``.

    Raises:
        TypeError: an edge between neurons is not dense.

    """
    found: dict[tuple[int, int], Array] = {}

    def add(n: int, m: int, block: Array) -> None:
        found[n, m] = found[n, m] + block if (n, m) in found else block

    for edge in edges:
        if not isinstance(edge.source, int):
            continue
        if not isinstance(edge, Dense):
            raise TypeError(
                f"edges: expected dense ones between neurons, found {type(edge).__name__}: use "
                "hutchinson_loss"
            )
        add(edge.target, edge.source, parameters[edge.name])
        if edge.tied:
            add(edge.source, edge.target, parameters[edge.name].T)
    return found


def antisymmetric_loss(network: Layered, parameters: Parameters) -> HomeostaticLoss:
    """The mean of the homeostatic loss over all ``eps``, in closed form: ``2 |A|_F^2 / n``.

    Its gradient in a block is ``(2 / n) (W - W^T)`` there: descending at a rate ``eta`` with the
    coefficient ``c`` multiplies ``W - W^T`` by ``1 - 4 eta c / n`` where both blocks exist. Where a
    block has no partner it is ``(2 / n) W``: weight decay.

    Args:
        network: dense edges between neurons.
        parameters: ``theta``.

    Raises:
        TypeError: an edge between neurons is not dense.

    """
    edges = network.connections(parameters)
    found = blocks(edges, parameters)
    neurons = neurons_of(network, parameters)
    odd = {
        (n, m): block - found[m, n].T if (m, n) in found else block
        for (n, m), block in found.items()
    }
    # A block without a partner stands for two of A: the other one is minus its transpose.
    counts = {key: 1 if key[::-1] in found else 2 for key in odd}
    value = sum(float(block.square().sum()) * counts[key] for key, block in odd.items())
    gradient: Parameters = {}
    for edge in edges:
        if isinstance(edge, Dense) and isinstance(edge.source, int):
            part = odd[edge.target, edge.source]
            if edge.tied:
                part = part + odd[edge.source, edge.target].T
            gradient[edge.name] = part * (2 / neurons)
    return HomeostaticLoss(value / (2 * neurons), gradient)


def neurons_of(network: Layered, parameters: Mapping[str, torch.Tensor]) -> int:
    """Number of neurons in all layers together, ``n``."""
    edges = network.connections(dict(parameters))
    sizes = {e.target: parameters[e.names[0]].shape[0] for e in edges if e.names}
    return sum(int(size) for size in sizes.values())
