"""From the limits of a sweep to verdicts: what moves at rest, and what kappa shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch

from cep_core.check.limits import Limit
from cep_core.check.measures import relative_error
from cep_core.check.sweeps import (
    Bench,
    Kappa,
    Sweep,
    change_of,
    scaled,
    sizes_of,
    sweep,
    verdict_of,
    visible_kappa,
    worst_of,
)
from cep_core.check.verdicts import Check, Verdict, combine
from cep_core.phases import largest_change

ByKappa = dict[str, dict[float, float]]
"""Relative error of every tensor with a gradient, at every ``kappa`` of the sweep."""

_LINEAR = 0.75
"""Least order in kappa of a right rule, 1 being expected."""

_TOO_FAR = 1e3
"""Relative change of the gradients by a kappa that is no longer a small one."""

_APART, _AS_LARGE, _NO_ROUNDING = 0.1, 0.3, 1e-8
"""Increments of this share of the largest, at a beta that far from it, do not vanish with beta."""

Outcome = tuple[list[Check], Verdict | None, Verdict | None, ByKappa]


def moved_at_rest(bench: Bench) -> tuple[str, ...]:
    """Parameters that the rule changes where the state stays as it is, far above rounding."""
    problem = bench.problem
    bench.fresh()
    with torch.no_grad():
        found = bench.rule.increment(
            problem.network, problem.x, problem.parameters, problem.rest, problem.rest
        )
    least = _least(bench)
    return tuple(n for n, i in found.items() if i.numel() and float(i.abs().max()) > least)


def undiminished(bench: Bench, swept: Sweep) -> tuple[str, ...]:
    """Parameters hidden by noise whose increments are as large at the smallest beta as before.

    Rounding and the residual are too, and far smaller than what the increments are differences of.
    """
    (large, coarse), (small, fine) = (list(swept.updates.items())[n] for n in (0, -1))
    if abs(small / large) > _APART:
        return ()
    sizes, _ = sizes_of(bench)
    found = []
    for limit in swept.parameters:
        if limit.verdict is Verdict.INCONCLUSIVE:
            name = limit.name
            before, after = (
                float(u.parameters[name].norm()) * abs(beta)
                for beta, u in ((large, coarse), (small, fine))
            )
            if after > max(_AS_LARGE * before, _NO_ROUNDING * sizes.get(name, 0.0)):
                found.append(name)
    return tuple(found)


def moved_without_a_nudge(bench: Bench) -> float:
    """How far a nudge of 0 moves the state where none at all leaves it; 0 where it does not."""
    problem, dynamics = bench.problem, bench.dynamics
    bench.fresh()
    with torch.no_grad():
        nothing = torch.zeros_like(problem.rest[0])
        nudged = dynamics.transition(problem.x, problem.rest, problem.parameters, nothing)
        free = dynamics.transition(problem.x, problem.rest, problem.parameters)
    moved = largest_change(free, nudged)
    return 0.0 if moved <= _least(bench) else moved


def _least(bench: Bench) -> float:
    """A movement that would show in the updates of the smallest nudge."""
    return 1e-3 * abs(bench.betas[-1] * float(bench.problem.network.time_scale))


def in_kappa(bench: Bench, swept: Sweep, still: Verdict, kappa: Kappa | None) -> Outcome:
    """The checks in beta and kappa, the verdicts at a fixed kappa, and the errors by kappa."""
    checks = [_check("in beta, kappa = 0", "Delta -> -nabla as beta -> 0", swept.parameters, still)]
    if not bench.rule.continual:
        return checks, None, None, {}
    names = ("in kappa, small beta", "in beta, fixed kappa")
    statements = (
        "Delta -> -nabla as kappa -> 0",
        "Delta -> -nabla of the augmented network as beta -> 0 at fixed kappa",
    )

    def both(verdict: Verdict, reason: str, numbers: dict[str, float] | None = None) -> list[Check]:
        listed = zip(names, statements, strict=True)
        return [Check(name, said, verdict, dict(numbers or {}), reason) for name, said in listed]

    if still is not Verdict.PASS:
        reason = "not judged: the updates do not approach -nabla at kappa = 0"
        checks += both(Verdict.NOT_RUN, reason)
        return checks, None, None, {}
    gradients = swept.gradients
    if kappa is None:
        kappa, expected = visible_kappa(bench, gradients)
    else:
        expected = change_of(gradients, bench.nabla(kappa))
    if expected < 1e-9:  # noqa: PLR2004 - round-off
        reason = f"nothing depends on kappa within {bench.steps} steps"
        checks += both(Verdict.NOT_RUN, reason)
        return checks, None, None, {}
    largest = max(map(abs, kappa.values())) if isinstance(kappa, Mapping) else abs(kappa)
    if not expected < _TOO_FAR:
        reason = (
            f"at kappa {largest:.0e} the gradients of the moving parameters' network are "
            f"{expected:.0e} times those at kappa = 0: unstable, take a smaller one"
        )
        checks += both(Verdict.INCONCLUSIVE, reason)
        return checks, Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE, {}
    beta = bench.betas[-1]
    at_rest, moved = swept.updates[beta], bench.delta(beta, kappa)
    effect = change_of(at_rest, moved)
    if not effect > 1e-3 * expected:
        reason = (
            f"the changing parameters do not show in {bench.steps} steps (effect {effect:.1e} at "
            f"kappa {largest:.0e}, expected {expected:.1e}): the rule is not applied"
        )
        checks += both(Verdict.INCONCLUSIVE, reason, {"effect": effect})
        return checks, Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE, {}
    fixed = sweep(bench, kappa, known={beta: moved})
    wanted = dict(zip(bench.names, gradients.state, strict=True)) | gradients.parameters
    errors: ByKappa = {name: {} for name, g in wanted.items() if bool(g.any())}
    changes = []
    for share in (1.0, 0.1, 0.01):
        updates = moved if share == 1 else bench.delta(beta, scaled(kappa, share))
        found = dict(zip(bench.names, updates.state, strict=True)) | updates.parameters
        for name, by_kappa in errors.items():
            by_kappa[largest * share] = relative_error(found[name], wanted[name])
        changes.append(change_of(at_rest, updates))
    of_parameters = [e for name in gradients.parameters for e in errors.get(name, {}).values()]
    checks.append(_kappa_check(names[0], statements[0], of_parameters, changes, bench.order))
    checks.append(_check(names[1], statements[1], fixed.parameters, verdict_of(fixed.parameters)))
    at_kappa = combine([c.verdict for c in checks[1:]])
    return checks, at_kappa, verdict_of(fixed.neurons), errors


def _kappa_check(
    name: str,
    statement: str,
    errors: Sequence[float],
    changes: Sequence[float],
    expected: float,
) -> Check:
    """The change that kappa makes vanishes with it, and with it the error that it adds."""
    smallest = min(errors, default=0.0)
    order = math.nan
    if all(0 < c < math.inf for c in changes):
        order = math.log10(changes[0] / changes[-1]) / 2
    numbers = {"order": order, "smallest error": smallest, "worst at": "all"}
    if not all(math.isfinite(e) for e in errors):
        reason = "the nudged phase diverges at this kappa: take a smaller one"
        return Check(name, statement, Verdict.INCONCLUSIVE, numbers, reason)
    right = order >= _LINEAR * expected or changes[-1] < 1e-6  # noqa: PLR2004 - nothing is left
    reason = f"falls with order {order:.2f} to {smallest:.1e}"
    if right:
        return Check(name, statement, Verdict.PASS, numbers, reason)
    reason = f"order {order:.2f} in kappa, expected {expected:g}: not yet asymptotic"
    return Check(name, statement, Verdict.INCONCLUSIVE, numbers, reason)


def _check(name: str, statement: str, limits: Sequence[Limit], verdict: Verdict) -> Check:
    worst = worst_of(limits)
    smallest = min((_known(e) for e in worst.errors), default=math.inf)
    numbers = {"order": worst.order, "smallest error": smallest, "worst at": worst.name}
    return Check(name, statement, verdict, numbers, f"{worst.name} {worst.reason}")


def _known(value: float) -> float:
    return value if math.isfinite(value) else 0.0
