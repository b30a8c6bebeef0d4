"""What the transition itself shows of a wrong network: its order of updating, its Jacobian."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

import torch

from cep_core.arrays import State
from cep_core.check.sideeffects import directions
from cep_core.check.sweeps import Bench

_SYMMETRIC = 1e-6
_DRAWN = range(8)
"""Seeds of the directions along which the asymmetry is estimated."""

_LOOKED_AT = 48
"""Units of one sample between which the Jacobian is looked at entry by entry."""


def order_of_updating(bench: Bench) -> str:
    """Evidence that layers are updated one after another within one transition."""
    problem, names = bench.problem, bench.names
    if len(names) < 2:  # noqa: PLR2004 - one layer has no order
        return ""
    bench.fresh()
    ask = problem.network.transition
    start = "the layers are updated one after another"
    with torch.no_grad():
        here = ask(problem.x, problem.rest, problem.parameters)
        nudge = directions([problem.rest[0]], seed=5)[0] * 1e-3
        there = ask(problem.x, problem.rest, problem.parameters, nudge)
        for name, a, b in list(zip(names, here, there, strict=True))[1:]:
            moved = float((a - b).abs().max())
            if moved > 1e-9:  # noqa: PLR2004 - far above round-off, far below the nudge
                return f"{start}: the nudge of {names[0]} moves {name} within one transition"
        return _reached_by_a_parameter(bench, here, start)


def _reached_by_a_parameter(bench: Bench, here: State, start: str) -> str:
    problem, names = bench.problem, bench.names
    try:
        gradient = problem.network.primitive_gradient(problem.x, problem.rest, problem.parameters)
    except TypeError:
        return ""
    for n, layer in enumerate(names):
        moved = list(problem.rest)
        moved[n] = moved[n] + 1e-3 * directions([moved[n]], seed=6)[0]
        other = problem.network.primitive_gradient(problem.x, tuple(moved), problem.parameters)
        for name, value in problem.parameters.items():
            if name not in gradient or float((other[name] - gradient[name]).abs().max()) > 0:
                continue
            shifted = problem.parameters | {name: value + 1e-3 * directions([value], seed=7)[0]}
            after = problem.network.transition(problem.x, problem.rest, shifted)[n]
            if float((after - here[n]).abs().max()) > 1e-9:  # noqa: PLR2004 - as above
                return f"{start}: {name}, which does not act on {layer}, moves it in one transition"
    return ""


def asymmetry_of_the_jacobian(bench: Bench) -> str:
    """How far ``J`` is from symmetric, and whether slopes of the units explain it.

    ``J = P H`` or ``H P`` with ``H`` symmetric and ``P`` a positive number per unit is what an
    activation leaves behind; weights that are not tied leave what no ``P`` explains.
    """
    size = _relative_asymmetry(bench)
    if size <= _SYMMETRIC:
        return ""
    scaled = _is_scaled(_block(bench))
    if scaled:
        return (
            f"the Jacobian is symmetric only up to a slope per unit (relative asymmetry "
            f"{size:.1e}): a slope of the activation is missing, or stands where the nudge does "
            "not pass it"
        )
    text = (
        f"the Jacobian is not symmetric (relative asymmetry {size:.1e}): F is not the gradient of "
        "a primitive function"
    )
    if scaled is None:
        return f"{text}, or the state is not the variable in which it is"
    return f"{text}, nor is one up to a slope per unit: forward and backward weights are not tied"


def _relative_asymmetry(bench: Bench) -> float:
    """``||J - J^T|| / (2 ||J||)`` at the steady state, Frobenius norms: 0 symmetric, 1 opposite.

    Estimated without forming ``J``: for random ``u`` and ``v`` of length ``sqrt(n)``, the mean of
    ``(u·(J - J^T) v)^2`` is the square of one norm and that of ``||J^T u||^2`` of the other.
    """
    drawn = [directions(bench.problem.rest, seed=seed) for seed in _DRAWN]
    bench.fresh()
    with torch.enable_grad():
        state, new = _recorded(bench)
        pulled = [_pulled(new, state, direction) for direction in drawn]
    u, back = (torch.stack([_flat(part) for part in parts]) for parts in (drawn, pulled))
    longer = math.sqrt(u.shape[1]) / u.norm(dim=1)
    u, back = u * longer[:, None], back * longer[:, None]
    products = back @ u.T
    pairs = len(_DRAWN) * (len(_DRAWN) - 1)
    difference = float((products - products.T).square().sum()) / pairs
    size = float(back.square().sum()) / len(_DRAWN)
    return math.sqrt(difference / size) / 2 if size else 0.0


def _flat(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    return torch.cat([part.reshape(-1) for part in parts])


def _recorded(bench: Bench) -> tuple[State, State]:
    problem = bench.problem
    state = tuple(s.detach().requires_grad_() for s in problem.rest)
    return state, problem.network.transition(problem.x, state, problem.parameters)


def _pulled(new: State, state: State, along: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """``J^T along``; a tensor that does not depend on the state has no part in it."""
    pairs = [(n, d) for n, d in zip(new, along, strict=True) if n.requires_grad]
    return torch.autograd.grad(
        [n for n, _ in pairs],
        state,
        [d for _, d in pairs],
        retain_graph=True,
        allow_unused=True,
        materialize_grads=True,
    )


def _block(bench: Bench) -> torch.Tensor:
    """The Jacobian between some units of the first sample, those that act and are acted upon."""
    rest = bench.problem.rest
    share = max(1, _LOOKED_AT // len(rest))
    of_one = [s.numel() // len(s) if s.ndim > 1 else s.numel() for s in rest]
    taken = [min(share, count) for count in of_one]
    bench.fresh()
    rows = []
    with torch.enable_grad():
        state, new = _recorded(bench)
        for layer, count in enumerate(taken):
            for unit in range(count):
                along = [torch.zeros_like(s) for s in rest]
                along[layer].view(-1)[unit] = 1.0
                pulled = _pulled(new, state, along)
                seen = [p.reshape(-1)[:n] for p, n in zip(pulled, taken, strict=True)]
                rows.append(torch.cat(seen))
    block = torch.stack(rows)
    while True:
        entries = block.abs() > _SYMMETRIC * block.abs().max()
        alive = entries.any(0) & entries.any(1)
        if bool(alive.all()):
            return torch.where(entries, block, 0.0)
        block = block[alive][:, alive]
        if not block.numel():
            return block


def _is_scaled(block: torch.Tensor) -> bool | None:
    """Whether ``block = P H`` with ``P > 0`` diagonal and ``H`` symmetric; None: it does not show.

    The ratios ``J_ij / J_ji = P_i / P_j`` must agree along every way between two units.
    """
    block = block.cpu()
    pairs = block * block.T
    if bool((pairs < 0).any()) or bool(((block == 0) != (block.T == 0)).any()):
        return False
    units = len(block)
    log = torch.full((units,), math.nan, dtype=torch.float64)
    joined = 0
    for first in range(units):
        if not bool(log[first].isnan()):
            continue
        log[first], queue = 0.0, deque([first])
        while queue:
            i = queue.popleft()
            for j in (pairs[i] > 0).nonzero().flatten().tolist():
                if bool(log[j].isnan()):
                    log[j] = log[i] - (block[i, j] / block[j, i]).log()
                    queue.append(j)
                    joined += 1
    edges = int((pairs > 0).triu(1).sum())
    if edges == joined:  # a tree is always scaled
        return None
    scale = log.exp()
    even = block / scale[:, None]
    return bool((even - even.T).abs().max() < _SYMMETRIC * even.abs().max())
