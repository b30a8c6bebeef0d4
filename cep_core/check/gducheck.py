"""Hold a network and a rule, yours or ours, against Theorem 1, the GDU property.

In the manner of a gradient checker, but judged by limits: the updates of the nudged phase must
approach minus the gradients of BPTT in proportion to ``beta`` and to ``kappa``, and at a fixed
``kappa`` they must approach the gradients of the augmented network that C-EP then follows. Three
verdicts: the parameters at every step, the neurons, the parameters in total.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from cep_core.check.arguments import check_counts, checked_betas, checked_kappa
from cep_core.check.causes import Evidence, likely_causes, slope_per_unit
from cep_core.check.confirmed import Slopes, confirmed, confirmed_in_total, refused, slopes_of
from cep_core.check.correction import without_correction
from cep_core.check.dynamics import order_of_updating
from cep_core.check.failures import of_the_user
from cep_core.check.free import Settling, settle
from cep_core.check.guards import Untouched
from cep_core.check.judge import (
    in_kappa,
    moved_at_rest,
    moved_without_a_nudge,
    undiminished,
)
from cep_core.check.limits import Limit
from cep_core.check.measures import angle_of_totals
from cep_core.check.prepare import Prepared, prepare
from cep_core.check.processes import Processes
from cep_core.check.result import GDUResult, Part, part_of, reason_of
from cep_core.check.sideeffects import Findings, Probe, directions, is_rough, look
from cep_core.check.sweeps import VISIBLE, Bench, Estimator, Kappa, norm_of, sweep, verdict_of
from cep_core.check.totals import totals_of
from cep_core.check.verdicts import Check, Verdict, combine
from cep_core.check.void import kinked, nothing_to_compare, wrongly_started
from cep_core.phases import FreePhase
from cep_core.rules import C_EP, Rule

DEFAULT_BETAS = (1e-2, 1e-3, 1e-4, 1e-5)


class GDUError(AssertionError):
    """The property does not hold, or could not be decided; the message has the numbers."""


def gducheck(
    network: Any,
    x: Any,
    y: Any,
    parameters: Any = None,
    *,
    rule: Rule | str | Any = C_EP,
    start: Any = None,
    steps: int = 10,
    betas: Sequence[float] = DEFAULT_BETAS,
    kappa: Kappa | None = None,
    estimator: Estimator = "one-sided",
    free_steps: int = 20_000,
    tolerance: float = 1e-13,
    loss: Any = None,
    objective: Any = None,
    raise_unless_pass: bool = False,
) -> GDUResult:
    """Decide whether ``network`` with ``rule`` has the GDU property, in float64.

    Nothing that is given, or that the functions can reach, is changed: tensors, buffers, lists and
    random states are afterwards as they were before, after an exception too.

    Args:
        network: a layered network, or a function of your own as a
            :class:`cep_core.networks.primitive.PrimitiveNetwork`, ``EnergyNetwork`` or
            ``VectorFieldNetwork``, or anything with the members of
            :class:`cep_core.networks.Network`.
        x: input, shape ``(B, ...)``, of any dtype; None for a network without one.
        y: target, as the loss takes it; the shape of the output for the squared error.
        parameters: ``theta``: float64 tensors by name, in a list, or nested; those of the module
            that computes the primitive function unless given.
        rule: the learning rule or its name; anything with the fields and the ``increment`` of
            :class:`cep_core.rules.Rule`. It sees states as tuples and parameters by name. With a
            corrected rule (``"corrected C-VF"``) the result says by how much the plain one misses.
        start: first state of the free phase: a tensor, or tensors in tuples, lists and
            dictionaries, the output first; required unless the network is layered.
        steps: ``K``, transitions of the nudged phase that are compared.
        betas: nudging strengths of the sweep, of either sign, decreasing in size.
        kappa: ratio ``eta / beta'`` of the sweeps of a continual rule, one or one per parameter;
            chosen so that it shows unless given.
        estimator: ``"one-sided"``, or ``"centred"`` for the mean of the updates of ``beta`` and
            ``-beta``, whose error is of order 2.
        free_steps: most transitions of the free phase.
        tolerance: largest change per transition at which the free phase counts as settled.
        loss: loss whose gradient nudges the output: a function ``loss(output, y)``, a module, or an
            object with ``value`` and ``gradient``; the squared error unless given.
        objective: loss that BPTT differentiates, where it is not the one that nudges: see
            :func:`cep_core.losses.loss_followed_by_outside_nudge`.
        raise_unless_pass: raise instead of returning anything but a pass.

    Raises:
        GDUError: with ``raise_unless_pass``, the verdict is fail or inconclusive.
        ValueError: a shape or a number cannot be used.
        TypeError: something is not of a kind that can be used.

    """
    check_counts(steps=steps, free_steps=free_steps, tolerance=tolerance, estimator=estimator)
    nudges = checked_betas(betas)
    with (
        torch.inference_mode(mode=False),
        Untouched(
            network=network,
            x=x,
            y=y,
            parameters=parameters,
            rule=rule,
            start=start,
            loss=loss,
            objective=objective,
        ) as guard,
    ):
        ready = prepare(network, x, y, parameters, rule, start, loss, objective)
        ratio = checked_kappa(kappa, ready.problem.parameters)
        bench = Bench(
            ready.problem,
            ready.rule,
            ready.objective,
            steps,
            nudges,
            estimator,
            ready.states.names,
            guard.restore,
        )
        result = _checked(bench, ready, guard, free_steps, tolerance, ratio)
    if raise_unless_pass and result.verdict is not Verdict.PASS:
        raise GDUError(str(result))
    return result


def _checked(
    bench: Bench,
    ready: Prepared,
    guard: Untouched,
    free_steps: int,
    tolerance: float,
    kappa: Kappa | None,
) -> GDUResult:
    problem = bench.problem
    if ready.low:
        names = ", ".join(ready.low)
        return _void(
            f"{names}: not float64, whose precision the comparison needs", _not_run(ready), ready
        )
    found = _looked_at(bench, ready, guard)
    notes = [*ready.notes, *found.notes, *_about_unused(found)]
    if is_rough(found):
        found.doubts.append(
            f"the precision: a tensor is lowered from float64 inside the transition "
            f"({found.lowered}), whose rounding ({found.roughness:.0e}) divided by beta hides the "
            "error; compute in float64 throughout"
        )
    if found.doubts:
        return _void(found.doubts[0], _not_run(ready), ready, notes, found.doubts[1:])
    if len(found.unused) == len(problem.parameters):
        return _void(
            "the network does not depend on its parameters: not one of them is used",
            _not_run(ready),
            ready,
            notes,
        )
    needed = VISIBLE * abs(bench.betas[-1] * float(problem.network.time_scale))
    guard.restore()
    settling = settle(
        problem.network,
        problem.x,
        problem.parameters,
        ready.start,
        steps=free_steps,
        tolerance=tolerance,
        needed=needed,
    )
    if settling.trouble:
        more = wrongly_started(bench, ready.start, settling)
        return _void(settling.trouble, settling.free, ready, notes, more)
    reached = settling.free
    doubts = bench.network.doubts(
        problem.x, ready.start, reached.state, problem.parameters, reached.steps
    )
    if doubts:
        return _void(doubts[0], reached, ready, notes, doubts[1:])
    settled = replace(bench, problem=replace(problem, steady=settling.free.state))
    return _compared(settled, ready, settling, found, notes, kappa)


def _looked_at(bench: Bench, ready: Prepared, guard: Untouched) -> Findings:
    """Side effects at a state near the start, where units are not all equal."""
    problem = bench.problem
    drawn = directions(ready.start, seed=9)
    near = tuple(s + 0.1 * d for s, d in zip(ready.start, drawn, strict=True))
    probe = Probe(bench.network, problem.x, problem.parameters, near, ready.batch, guard)
    if not all(bool(s.isfinite().all()) for s in probe.next()):
        probe.state = ready.start
    return look(probe, problem.loss, problem.y)


def _about_unused(found: Findings) -> list[str]:
    return [
        f"{name}: not used by the network (neither the next state nor the primitive function "
        "depends on it), not compared"
        for name in found.unused
    ]


def _compared(
    bench: Bench,
    ready: Prepared,
    settling: Settling,
    found: Findings,
    notes: list[str],
    kappa: Kappa | None,
) -> GDUResult:
    with of_the_user("transition"):
        raw = bench.raw_nabla()
    gradients = bench.followed(raw)
    swept = sweep(bench, gradients=gradients)
    kink = kinked(bench, swept)
    if kink:
        return _void(kink, settling.free, ready, notes)
    notes = notes + _about_the_rule(bench, gradients)
    if verdict_of(swept.parameters) is Verdict.INCONCLUSIVE and all(
        limit.verdict is Verdict.NOT_RUN for limit in (*swept.parameters, *swept.neurons)
    ):
        return _void(nothing_to_compare(bench, settling, gradients), settling.free, ready, notes)
    slopes = slopes_of(bench, raw)
    moving = moved_at_rest(bench)
    swept = confirmed(bench, swept, slopes)
    constant = undiminished(bench, swept)
    adrift = moved_without_a_nudge(bench)
    refuse = partial(refused, rule=bench.rule, moving={*moving, *constant}, adrift=adrift > 0)
    limits = refuse(swept.parameters)
    swept = replace(swept, parameters=limits, neurons=refuse(swept.neurons))
    still = verdict_of(limits)
    neurons = verdict_of(swept.neurons)
    checks, at_kappa, neurons_at_kappa, errors = in_kappa(bench, swept, still, kappa)
    totals = totals_of(bench, swept)
    in_total = refuse(confirmed_in_total(bench, totals.limits, swept, slopes))
    total = _total_part(in_total, totals.steps, slopes)
    verdict = combine(c.verdict for c in checks if c.verdict is not Verdict.NOT_RUN)
    if not slopes.state.agrees and neurons is Verdict.PASS:
        neurons = Verdict.INCONCLUSIVE
    sweeping = still is Verdict.FAIL and total.verdict is Verdict.PASS
    evidence = Evidence(
        bench,
        swept,
        slopes,
        total.verdict,
        still,
        verdict_of(swept.neurons),
        at_kappa,
        moving,
        constant,
        adrift,
        order_of_updating(bench) if sweeping else "",
    )
    causes = [] if verdict is Verdict.PASS else likely_causes(evidence)
    if verdict is Verdict.INCONCLUSIVE and not causes:
        causes = [_about_doubt(bench, settling, limits, checks, gradients)]
    told = _about_the_neurons(evidence)
    plain = without_correction(bench, gradients)
    overall = combine([neurons, neurons_at_kappa] if neurons_at_kappa else [neurons])
    silent = [p.name for p in limits if p.verdict is Verdict.NOT_RUN and p.name not in found.unused]
    notes += [f"{name}: no signal in {bench.steps} steps, not compared" for name in silent]
    notes += [text for text in (told, plain) if text]
    finest = list(swept.updates.values())[-1]
    return GDUResult(
        verdict,
        part_of(limits, verdict, _reason(checks, limits)),
        part_of(swept.neurons, overall, reason_of(swept.neurons)),
        total,
        tuple(checks),
        {limit.name: limit.relmse for limit in (*swept.neurons, *limits)},
        angle_of_totals(finest, gradients),
        settling.free,
        tuple(causes),
        tuple(dict.fromkeys(notes)),
        bench.betas,
        errors,
    )


def _about_doubt(
    bench: Bench,
    settling: Settling,
    limits: Sequence[Limit],
    checks: Sequence[Check],
    gradients: Processes,
) -> str:
    """Why it cannot be told, where nothing is wrong as far as it is known."""
    if all(limit.verdict is Verdict.NOT_RUN for limit in limits):
        return nothing_to_compare(bench, settling, gradients)
    hidden = [limit.name for limit in limits if limit.verdict is Verdict.INCONCLUSIVE]
    if hidden:
        return (
            f"round-off, or an unsettled state (residual {settling.free.residual:.1e}), hides the "
            f"updates of {', '.join(hidden)}: settle further, or take other betas"
        )
    return next(c.reason for c in checks if c.verdict is Verdict.INCONCLUSIVE)


def _reason(checks: Sequence[Check], limits: Sequence[Limit]) -> str:
    worst = [c for c in checks if c.verdict not in {Verdict.PASS, Verdict.NOT_RUN}]
    return f"{worst[0].reason} ({worst[0].name})" if worst else reason_of(limits)


def _about_the_neurons(evidence: Evidence) -> str:
    if evidence.neurons is not Verdict.FAIL or evidence.order:
        return ""
    names = evidence.bench.names
    states = dict(zip(names, evidence.swept.limit().state, strict=True))
    wanted = dict(zip(names, evidence.swept.gradients.state, strict=True))
    return slope_per_unit(states, wanted, evidence.parameters)


def _total_part(limits: Sequence[Limit], steps: int, slopes: Slopes) -> Part:
    verdict = verdict_of(limits)
    if not slopes.agree and verdict is Verdict.PASS:
        verdict = Verdict.INCONCLUSIVE
    return part_of(limits, verdict, f"over {steps} steps: {reason_of(limits)}")


def _about_the_rule(bench: Bench, gradients: Processes) -> list[str]:
    whole = norm_of(gradients.parameters.values())
    rule = bench.rule
    notes = [
        f"{name}: {rule.leaves_out} leaves it out: it has no update"
        + (" and a gradient" if norm_of([gradients.parameters[name]]) > 1e-13 * whole else "")
        for name in sorted(rule.left_out)
    ]
    return notes + [
        f"{name}: the rule {rule.name} returns its increments as {dtype}: their precision is lower"
        for name, dtype in rule.lowered.items()
    ]


def _not_run(ready: Prepared) -> FreePhase:
    return FreePhase(ready.start, 0, math.nan, converged=False)


def _void(
    doubt: str,
    free: FreePhase,
    ready: Prepared,
    notes: Sequence[str] = (),
    more: Sequence[str] = (),
) -> GDUResult:
    """Inconclusive, with the one reason that makes every comparison void."""
    check = Check("settled, smooth, in float64", doubt, Verdict.INCONCLUSIVE, reason=doubt)
    part = Part(Verdict.INCONCLUSIVE, "not compared")
    return GDUResult(
        Verdict.INCONCLUSIVE,
        part,
        part,
        part,
        (check,),
        {},
        math.nan,
        free,
        (doubt, *more),
        tuple(notes) or tuple(ready.notes),
    )
