"""Causes of a failed comparison, each named only where its own test finds it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from cep_core.check.confirmed import Slopes
from cep_core.check.correction import fault_of_the_correction
from cep_core.check.dynamics import asymmetry_of_the_jacobian
from cep_core.check.limits import NOT_FINITE
from cep_core.check.sweeps import Bench, Sweep
from cep_core.check.verdicts import Verdict
from cep_core.structures import batch_of

_TELLING = 1e-2
"""What may be left of a difference that a cause explains, relative."""

_EXACT = 1e-3
_NO_GAP = 1e-6
_NOTHING = 1e-12

Tensors = Mapping[Any, torch.Tensor]


@dataclass(frozen=True)
class Evidence:
    """What the causes are read from.

    Attributes:
        bench: what was compared.
        swept: at ``kappa = 0``.
        slopes: of the loss against finite differences.
        total: verdict of the totals.
        parameters: verdict of the parameters at ``kappa = 0``.
        neurons: verdict of the neurons there.
        at_kappa: verdict of the parameters at a fixed ``kappa``, if it was judged.
        moving: parameters that the rule changes where the state stays as it is.
        constant: parameters whose increments are as large however small the nudge.
        adrift: how far a nudge of 0 moves the state from its rest.
        order: evidence that layers are updated one after another, where that explains the verdicts.

    """

    bench: Bench
    swept: Sweep
    slopes: Slopes
    total: Verdict
    parameters: Verdict
    neurons: Verdict
    at_kappa: Verdict | None
    moving: tuple[str, ...] = ()
    constant: tuple[str, ...] = ()
    adrift: float = 0.0
    order: str = ""

    @property
    def wrong_parameters(self) -> list[str]:
        """Names of the parameters that fail and whose gradient is that of the loss."""
        names = [p.name for p in self.swept.parameters if p.verdict is Verdict.FAIL]
        return [n for n in names if self.slopes.parameters[n].agrees]

    def neurons_descend(self) -> bool:
        """Whether the neurons follow minus their gradients, or a positive multiple of it."""
        if self.neurons is Verdict.PASS:
            return True
        ours = dict(enumerate(self.swept.limit().state))
        theirs = dict(enumerate(self.swept.gradients.state))
        factor, left = best_factor(_flat(ours), -_flat(theirs))
        return factor > 0 and left < _TELLING


def likely_causes(evidence: Evidence) -> list[str]:
    """What explains the difference between updates and gradients, most telling first."""
    bench, limit = evidence.bench, evidence.swept.limit()
    gradients = evidence.swept.gradients
    causes = _of_the_gradient(evidence.slopes)
    broken = _not_finite(evidence)
    if broken:
        return [*causes, broken]
    if evidence.adrift:
        text = (
            f"a nudge of 0 moves the state (by {evidence.adrift:.1e}) where none at all leaves it: "
            "the nudged transition is not the free one with a nudge subtracted"
        )
        return [*causes, text]
    wrong = evidence.wrong_parameters
    if wrong and bench.objective is None:
        causes += bench.dynamics.departures
    causes += _of_the_loss(bench)
    if evidence.order:
        return [*causes, f"{evidence.order}: the updates are wrong step by step, right in total"]
    states = dict(zip(bench.names, limit.state, strict=True))
    wanted = dict(zip(bench.names, gradients.state, strict=True))
    scaling = ""
    if evidence.neurons is Verdict.FAIL:
        scaling = slope_per_unit(states, wanted, evidence.parameters)
        ours = {n: limit.parameters[n] for n in wrong}
        theirs = {n: gradients.parameters[n] for n in wrong}
        explained = bool(wrong and _common_shape("", evidence, ours, theirs))
        told = bool(scaling)
        causes += _of_the_neurons(evidence, states, wanted, scaled=told, explained=explained)
    if wrong:
        causes += _of_the_parameters(evidence, limit.parameters, wrong, scaled=bool(scaling))
    if evidence.moving:
        causes.append(
            f"the rule changes {', '.join(evidence.moving)} where nothing moves: its increments do "
            "not vanish with the nudge (a decay of the weights, a constant, a memory)"
        )
    constant = [name for name in evidence.constant if name not in evidence.moving]
    if constant:
        causes.append(
            f"the increments of {', '.join(constant)} are as large at the smallest beta as at the "
            "largest: they do not vanish with the nudge (a sign, a normalisation, noise)"
        )
    if evidence.at_kappa is Verdict.FAIL and evidence.parameters is Verdict.PASS:
        causes.append(
            "right at kappa = 0 and wrong at kappa != 0: the parameters are applied with the "
            "wrong sign or scale, a step late, or not at all"
        )
    return list(dict.fromkeys(causes))


def _not_finite(evidence: Evidence) -> str:
    swept = evidence.swept
    parameters, neurons = (
        [limit.name for limit in limits if limit.reason == NOT_FINITE]
        for limits in (swept.parameters, swept.neurons)
    )
    if neurons:
        return (
            f"the nudged phase leaves the finite numbers in {', '.join(neurons)}: it diverges, or "
            "computes something that is not defined there"
        )
    return f"the rule's increments of {', '.join(parameters)} are not finite" if parameters else ""


def _of_the_gradient(slopes: Slopes) -> list[str]:
    lying = {name: slope for name, slope in slopes.parameters.items() if not slope.agrees}
    if not lying and not slopes.state.agrees:
        lying = {"the state": slopes.state}
    return [
        f"{name}: the gradient of BPTT is not that of the loss ({slope.automatic:.3g} along a "
        f"random direction, {slope.finite:.3g} by finite differences): something between is "
        "detached, or has a straight-through or wrong backward"
        for name, slope in lying.items()
    ]


def _of_the_loss(bench: Bench) -> list[str]:
    """The gradient of the loss against the derivative of its value."""
    problem, output = bench.problem, bench.problem.rest[0]
    if bench.objective is not None:
        return []
    with torch.enable_grad():
        at = output.detach().requires_grad_()
        value = problem.loss.value(at, problem.y)
        if not value.requires_grad:
            return []
        (derivative,) = torch.autograd.grad(value, at, allow_unused=True, materialize_grads=True)
    given = problem.loss.gradient(output, problem.y)
    if max(float(given.norm()), float(derivative.norm())) <= _NOTHING * (1 + float(output.norm())):
        return []
    factor, left = best_factor(given, derivative)
    if left > _NO_GAP or abs(factor - 1) < _NO_GAP:
        return [] if left <= _NO_GAP else ["the gradient of the loss is not that of its value"]
    times = f"{factor:.4g} times the derivative of its value{_meaning(factor, bench)}"
    wrong = "the sign is flipped" if abs(factor + 1) < _EXACT else "a factor is wrong"
    return [f"the gradient of the loss is {times}: {wrong}"]


def _of_the_neurons(
    evidence: Evidence, states: Tensors, wanted: Tensors, *, scaled: bool, explained: bool
) -> list[str]:
    bench = evidence.bench
    if scaled:  # said of the neurons on its own: it excuses the parameters from nothing
        return []
    causes = _common_shape("the neurons' updates", evidence, states, wanted)
    if causes or explained:  # of parameters that are off by a factor nothing else is the cause
        return causes
    first = _gap({n: s[:1] for n, s in states.items()}, {n: g[:1] for n, g in wanted.items()})
    if first > _TELLING:
        causes.append(
            "the first update of the output already differs: the nudge does not enter as "
            "-beta times the gradient of this loss (outside an activation, on another unit)"
        )
    if not evidence.slopes.agree:  # the Jacobian is that of something else
        return causes
    if bench.rule.corrected:
        asymmetry = fault_of_the_correction(bench)
    else:
        asymmetry = asymmetry_of_the_jacobian(bench)
    return [*causes, asymmetry] if asymmetry else causes


def _of_the_parameters(
    evidence: Evidence, limit: Tensors, wrong: Sequence[str], *, scaled: bool
) -> list[str]:
    gradients = evidence.swept.gradients.parameters
    wrong = [n for n in wrong if n not in {*evidence.moving, *evidence.constant}]
    if not wrong:
        return []
    ours, theirs = {n: limit[n] for n in wrong}, {n: gradients[n] for n in wrong}
    causes = _common_shape("the parameters' updates", evidence, ours, theirs)
    if evidence.neurons is not Verdict.PASS and not scaled:
        return causes
    if not causes:
        for name in wrong:
            one = {name: limit[name]}, {name: gradients[name]}
            causes += _common_shape(f"the updates of {name}", evidence, *one)
    text = "the neurons agree and the parameters do not"
    if not causes:
        text += (
            ": the increment is not that of dPhi/dtheta between s_t and s_{t+1} (another pair of "
            "states, a one-sided product, another function than the one that moves the state)"
        )
    return [*causes, f"{text} ({', '.join(wrong)})"]


def _common_shape(what: str, evidence: Evidence, ours: Tensors, theirs: Tensors) -> list[str]:
    """A factor, a missing division by ``beta`` or a shift in time that all tensors share."""
    mine, wanted = _flat(ours), -_flat(theirs)
    if not float(wanted.norm()):
        return []
    fine, coarse = _at_both_ends(evidence, ours)
    factor, left = best_factor(mine, wanted)
    of_fine, _ = best_factor(fine, wanted)
    of_coarse, _ = best_factor(coarse, wanted)
    betas = evidence.bench.betas
    if of_coarse and of_fine:
        shrinks = math.log10(abs(of_fine / of_coarse)) / math.log10(abs(betas[-1] / betas[0]))
        if abs(shrinks - 1) < 0.05:  # noqa: PLR2004 - in proportion to beta
            return [f"{what} vanish with beta: a factor 1/beta is missing"]
    gap = float((mine - wanted).norm() / mine.norm()) if float(mine.norm()) else 1.0
    if gap < _NO_GAP:
        return []
    if left < _TELLING * min(gap, 1.0):  # a factor explains the difference, however small
        everywhere = set(ours) == set(evidence.bench.problem.parameters)
        named = _named(factor, evidence, everywhere=everywhere)
        return [f"{what} are {factor:.6g} times minus the gradients: {named}"]
    for shift, word in ((1, "late"), (-1, "early")):
        if len(wanted) <= 2:  # noqa: PLR2004 - two steps that overlap
            break
        a = mine[shift:] if shift > 0 else mine[:shift]
        b = wanted[:-shift] if shift > 0 else wanted[-shift:]
        if float(b.norm()) and float((a - b).norm() / b.norm()) < _TELLING:
            return [f"{what} are those of one step {word}: a time index is off"]
    return []


def _at_both_ends(evidence: Evidence, like: Tensors) -> tuple[torch.Tensor, torch.Tensor]:
    found = []
    updates = list(evidence.swept.updates.values())
    for processes in (updates[-1], updates[0]):
        states = dict(zip(evidence.bench.names, processes.state, strict=True))
        found.append(
            _flat({n: processes.parameters[n] if n not in states else states[n] for n in like})
        )
    return found[0], found[1]


def _named(factor: float, evidence: Evidence, *, everywhere: bool) -> str:
    if abs(factor) < _TELLING:
        return "there is no update"
    energy = " (an energy E in place of Phi = -E?)" if evidence.neurons_descend() else ""
    if abs(factor + 1) < _TELLING:
        return f"the sign is flipped{energy}"
    meaning = _meaning(abs(factor), evidence.bench) if everywhere else ""
    if factor < 0:
        return f"the sign is flipped{energy} and a factor is wrong{meaning}"
    return f"a factor is wrong{meaning}"


def _meaning(factor: float, bench: Bench) -> str:
    """What a factor may be, from the numbers of the problem."""
    problem = bench.problem
    batch = batch_of(problem.x, problem.rest)
    output = problem.rest[0].numel()
    known = {
        "the number of samples (a sum over the mini-batch against a mean?)": batch,
        "the number of samples times output units (a reduction by mean against a sum?)": output,
        "the number of output units (a reduction by mean against a sum?)": output // max(batch, 1),
        "the time scale dt of the nudge": float(problem.network.time_scale),
    }
    for text, number in known.items():
        for value in (number, 1 / number if number else 0.0):
            if value not in {0.0, 1.0} and abs(factor / value - 1) < _EXACT:
                return f"; it is {text}" if value == number else f"; it is one over {text}"
    return ""


def slope_per_unit(states: Tensors, wanted: Tensors, parameters: Verdict) -> str:
    """Whether every neuron follows its gradient times a number of its own, and which numbers.

    One number for all is taken for a step only where the parameters are right: otherwise it may be
    a factor of the nudge.
    """
    told, bounds = [], []
    for name, update in states.items():
        descent = -wanted[name]
        square = descent.square().sum(0)
        alive = square > _ZERO_SQUARE * max(float(square.max()), 1e-300)
        times = int((descent.abs() > _EXACT * descent.abs().amax(0)).sum())
        if not bool(alive.any()):
            continue
        if times < 1.5 * int(alive.sum()):  # too few steps for a slope of each unit
            return ""
        slope = torch.where(alive, (update * descent).sum(0) / square.clamp(min=1e-300), 0.0)
        left = float((update - slope * descent).norm())
        if not left <= _EXACT * max(float(update.norm()), _EXACT * float(descent.norm())):
            return ""
        low, high = float(slope[alive].min()), float(slope[alive].max())
        same = high - low < _EXACT * abs(high)
        told.append(f"{high:.3g} on {name}" if same else f"{low:.3g} to {high:.3g} on {name}")
        bounds += [low, high]
    if not told or min(bounds) < -_EXACT:
        return ""
    if max(bounds) - min(bounds) < _EXACT * max(bounds) and parameters is not Verdict.PASS:
        return ""
    steps = all(" to " not in text for text in told)
    kind = "a step per layer" if steps else "an activation, a clamp or steps"
    text = (
        f"{kind} after the gradient: the neurons follow minus their gradients times a slope "
        f"({', '.join(told)})"
    )
    right = parameters is Verdict.PASS
    return f"{text}, the parameters their own gradients" if right else text


_ZERO_SQUARE = 1e-20


def _flat(tensors: Tensors) -> torch.Tensor:
    return torch.cat([t.reshape(len(t), -1) for t in tensors.values()], dim=1)


def best_factor(ours: torch.Tensor, wanted: torch.Tensor) -> tuple[float, float]:
    """Least-squares factor ``c`` of ``ours = c * wanted`` and what is left, relative to ours."""
    square = float(wanted.square().sum())
    factor = float((ours * wanted).sum()) / square if square else 0.0
    norm = float(ours.norm())
    return factor, float((ours - factor * wanted).norm()) / norm if norm else 0.0


def _gap(ours: Tensors, theirs: Tensors) -> float:
    gap = sum(float((ours[n] + b).square().sum()) for n, b in theirs.items())
    norm = sum(float(b.square().sum()) for b in theirs.values())
    return math.sqrt(gap / norm) if norm else math.inf
