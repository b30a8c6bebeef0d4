"""What a network does beside computing its next state: each is tested for before the check runs.

Every finding is either harmless once it is known (a *note*: it is said, and undone) or makes the
comparison void (a *doubt*: the answer is inconclusive).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from cep_core.arrays import Parameters, State
from cep_core.check.adapted import AdaptedNetwork
from cep_core.check.guards import Untouched, random_state, same_random_state
from cep_core.check.verdicts import Verdict
from cep_core.losses import Loss

_ROUND_OFF = 1e-12
"""Relative difference that another order of summation may make."""

_SIZES = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
_ROUGH = 1e-11
_CURVED = 10.0
"""Second derivative, relative, above which a second difference is not taken for a curvature."""


@dataclass
class Findings:
    """What was found.

    Attributes:
        notes: true and harmless.
        doubts: why a comparison would prove nothing.
        unused: parameters that change neither a transition nor the primitive function.
        lowered: the function that lowers the precision inside, empty if none does.
        roughness: largest second difference that is no curvature, relative to the state.

    """

    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    lowered: str = ""
    roughness: float = 0.0

    @property
    def verdict(self) -> Verdict | None:
        """Inconclusive if anything is in doubt."""
        return Verdict.INCONCLUSIVE if self.doubts else None


class _Watch(TorchFunctionMode):
    """Sees every function of PyTorch that is called, and where the precision is lowered."""

    def __init__(self) -> None:
        super().__init__()
        self.lowered = ""
        self.called: set[str] = set()

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call the function and look at the precision before and after."""
        found = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        self.called.add(name)
        if (
            isinstance(found, torch.Tensor)
            and found.is_floating_point()
            and found.dtype != torch.float64
            and any(isinstance(a, torch.Tensor) and a.dtype == torch.float64 for a in args)
        ):
            self.lowered = f".{name}(), {str(found.dtype).removeprefix('torch.')}"
        return found


@dataclass
class Probe:
    """One network at one state, asked in several ways.

    Attributes:
        network: adapted.
        x: input.
        parameters: by name.
        state: where it is asked.
        batch: number of samples; None without a dimension for them.
        guard: restores what the network can reach.

    """

    network: AdaptedNetwork
    x: Any
    parameters: Parameters
    state: State
    batch: int | None
    guard: Untouched

    def next(self, **other: Any) -> State:
        """The next state, with other arguments where given; nothing is recorded."""
        asked = {"x": self.x, "state": self.state, "parameters": self.parameters} | other
        self.guard.restore()
        with torch.no_grad():
            new = self.network.transition(**asked)
        return tuple(s.detach().clone() for s in new)

    def moved(self, size: float = 0.1) -> State:
        """A state nearby."""
        return tuple(s + size * d for s, d in zip(self.state, directions(self.state), strict=True))


def directions(tensors: Any, seed: int = 0) -> list[torch.Tensor]:
    """Normal numbers shaped as the tensors, the same in every run and on every device."""
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(t.shape, generator=generator, dtype=torch.float64).to(t.device, t.dtype)
        for t in tensors
    ]


def look(probe: Probe, loss: Loss, y: Any) -> Findings:
    """Test for everything that is known to make a comparison void or that a user should know."""
    found = Findings()
    with _Watch() as watch:
        first = probe.next()
    _repeat(probe, first, found, watch.called)
    if not found.doubts:
        _gradient_mode(probe, first, found)
        _batch(probe, first, found)
        _loss_coupling(probe, loss, y, found)
        found.unused = [name for name in probe.parameters if not _matters(probe, first, name)]
    found.lowered = watch.lowered
    found.roughness = _roughness(probe) if watch.lowered else 0.0
    return found


def _repeat(probe: Probe, first: State, found: Findings, called: set[str]) -> None:
    probe.guard.restore()
    asked = (probe.x, probe.state, probe.parameters)
    before = random_state()
    with torch.no_grad():
        results = [tuple(s.clone() for s in probe.network.transition(*asked)) for _ in range(2)]
    drawn = not same_random_state(before, random_state())
    changed = probe.guard.changed()
    probe.guard.restore()
    differs = _difference(results[0], results[1]) > _ROUND_OFF
    if differs or _difference(first, results[0]) > _ROUND_OFF:
        if drawn:
            drop = " (dropout)" if any("dropout" in name for name in called) else ""
            cause = f"the transition is random{drop}: two calls with the same arguments differ"
        else:
            where = f" ({', '.join(changed[:3])})" if changed else ""
            cause = (
                "the transition has a hidden state"
                f"{where}: two calls with the same arguments differ"
            )
        found.doubts.append(cause)
    elif drawn:
        found.notes.append("the transition draws random numbers that do not change its result")
    elif changed:
        found.notes.append(
            f"the transition changes {', '.join(changed[:3])}: put back after the check"
        )


def _gradient_mode(probe: Probe, first: State, found: Findings) -> None:
    probe.guard.restore()
    with torch.enable_grad():
        leaves = tuple(s.detach().requires_grad_() for s in probe.state)
        new = probe.network.transition(probe.x, leaves, probe.parameters)
    if _difference(first, [s.detach() for s in new]) > _ROUND_OFF:
        found.doubts.append(
            "the transition gives another state where gradients are recorded: what is "
            "differentiated is not what runs"
        )


def _batch(probe: Probe, first: State, found: Findings) -> None:
    """Whether a sample's next state depends on the others, or on how many there are."""
    if probe.batch is None or probe.batch < 2:  # noqa: PLR2004 - a sample and another one
        return
    moved = tuple(
        torch.cat([m[:1], s[1:]]) for m, s in zip(probe.moved(), probe.state, strict=True)
    )
    others = probe.next(state=moved)
    coupling = _difference([s[1:] for s in first], [s[1:] for s in others])
    if coupling > _ROUND_OFF:
        found.doubts.append(
            f"the samples of the mini-batch are coupled (relative change {coupling:.1e} of one by "
            "another): a batch statistic inside; there is no state and no gradient of one sample"
        )
        return
    half = max(1, probe.batch // 2)
    try:
        x = probe.x[:half] if isinstance(probe.x, torch.Tensor) else probe.x
        alone = probe.next(x=x, state=tuple(s[:half] for s in probe.state))
    except Exception:  # noqa: BLE001 - a network may be made for one size of mini-batch
        return
    change = _difference([s[:half] for s in first], alone)
    if change > _ROUND_OFF:
        found.notes.append(
            f"the next state of a sample depends on the size of the mini-batch (relative change "
            f"{change:.1e} with {half} of {probe.batch} samples): a mean over samples in place of "
            "a sum; what is found here holds for mini-batches of this size"
        )


def _loss_coupling(probe: Probe, loss: Loss, y: Any, found: Findings) -> None:
    output = probe.state[0]
    if probe.batch is None or probe.batch < 2:  # noqa: PLR2004 - a sample and another one
        return
    moved = torch.cat([probe.moved()[0][:1], output[1:]])
    try:
        with torch.no_grad():
            here, there = (loss.gradient(o, y)[1:] for o in (output, moved))
    except Exception:  # noqa: BLE001 - the loss has been called with the output before
        return
    if _difference([here], [there]) > _ROUND_OFF:
        found.doubts.append(
            "the loss couples the samples of the mini-batch: the nudge of one depends on another"
        )


def _matters(probe: Probe, first: State, name: str) -> bool:
    value = probe.parameters[name]
    (direction,) = directions([value], seed=1)
    size = float(value.abs().max()) if value.numel() else 0.0
    changed = probe.parameters | {name: value + direction * (0.1 * size if size else 0.1)}
    if _difference(first, probe.next(parameters=changed)) > 0:
        return True
    x = probe.x
    if isinstance(x, torch.Tensor) and x.is_floating_point():  # an input may switch it off
        x = x + directions([x], seed=10)[0]
        if _difference(probe.next(x=x), probe.next(x=x, parameters=changed)) > 0:
            return True
    try:
        probe.guard.restore()
        with torch.no_grad():
            found = probe.network.primitive_gradient(probe.x, probe.state, probe.parameters)
    except TypeError:  # a vector field has none
        return False
    return name in found and bool(found[name].abs().max() > 0)


def _roughness(probe: Probe) -> float:
    """Rounding of the transition: what of ``F(s + h u) + F(s - h u) - 2 F(s)`` is no curvature."""
    here = probe.next()
    along = directions(probe.state, seed=2)
    size = max(1.0, *(float(s.abs().max()) for s in here if s.numel()))
    worst = 0.0
    for h in _SIZES:
        sides = [
            probe.next(state=tuple(s + by * d for s, d in zip(probe.state, along, strict=True)))
            for by in (h, -h)
        ]
        second = [a + b - 2 * c for a, b, c in zip(*sides, here, strict=True)]
        bend = max(float(s.abs().max()) for s in second if s.numel()) / size
        if bend > _ROUGH + _CURVED * h * h:
            worst = max(worst, bend)
    return worst


def is_rough(found: Findings) -> bool:
    """Whether a lowered precision shows in the state."""
    return bool(found.lowered) and found.roughness > 0


def _difference(one: Any, other: Any) -> float:
    """Largest relative difference; 0 where both are not a number."""
    worst = 0.0
    for a, b in zip(one, other, strict=True):
        if not a.numel():
            continue
        gap = torch.where((a != a) & (b != b), torch.zeros_like(a), a - b).abs().max()  # noqa: PLR0124 - NaN
        size = max(1.0, float(a.abs().max()))
        worst = max(worst, float(gap) / size)
    return worst


def writes_into(call: Callable[..., Any], *groups: list[torch.Tensor]) -> bool:
    """Whether a call changes the tensors of the groups, which are handed over as they are."""
    before = [[t.detach().clone() for t in group] for group in groups]
    call()
    return any(
        not torch.equal(a, b)
        for old, new in zip(before, groups, strict=True)
        for a, b in zip(old, new, strict=True)
    )
