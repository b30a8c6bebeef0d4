"""The total update over the steps against the total gradient.

An order of updating other than all layers at once is wrong at every step and right in total, once
the nudged phase has settled: worth training with, and so judged on its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from cep_core.check.bptt import total_gradient
from cep_core.check.limits import Limit, limit_of
from cep_core.check.processes import Processes
from cep_core.check.sweeps import Bench, Sweep, norm_of, sizes_of, verdict_of
from cep_core.check.verdicts import Verdict
from cep_core.phases import largest_change, nudged_phase
from cep_core.rules import add_scaled

_LONGEST = 400
_SETTLED = 1e-7
_FAR = 0.1
_MEMORY = 3e8
"""Numbers that the graph of a longer unrolled phase may hold, about."""


@dataclass(frozen=True)
class Totals:
    """The totals of every parameter.

    Attributes:
        limits: one per parameter.
        steps: over how many steps.

    """

    limits: tuple[Limit, ...]
    steps: int

    @property
    def verdict(self) -> Verdict:
        """The worst of the parameters."""
        return verdict_of(self.limits)


def totals_of(bench: Bench, swept: Sweep) -> Totals:
    """Totals of the steps that were compared; of a settled phase if those disagree."""
    gradients = {n: g.sum(0, keepdim=True) for n, g in swept.gradients.parameters.items()}
    updates = [
        {n: u.sum(0, keepdim=True) for n, u in by_beta.parameters.items()}
        for by_beta in swept.updates.values()
    ]
    found = Totals(_judged(bench, gradients, updates, swept.gradients), bench.steps)
    if found.verdict is Verdict.PASS or bench.estimator != "one-sided":
        return found
    longer = _settling_steps(bench)
    if longer is None or longer <= bench.steps:
        return found
    wanted = _total_gradients(bench, longer)
    tried = {bench.betas[-2]: _total_updates(bench, bench.betas[-2], longer)}
    if any(_is_far(tried[bench.betas[-2]][name], gradient) for name, gradient in wanted.items()):
        return found
    listed = [tried.get(beta) or _total_updates(bench, beta, longer) for beta in bench.betas]
    settled = Totals(_judged(bench, wanted, listed, swept.gradients), longer)
    return settled if settled.verdict is Verdict.PASS else found


def _is_far(update: torch.Tensor, gradient: torch.Tensor) -> bool:
    """Whether a total is off by so much that no smaller ``beta`` can mend it."""
    norm = float(gradient.norm())
    return norm > 0 and float((update + gradient).norm()) > _FAR * norm


def _judged(
    bench: Bench,
    gradients: dict[str, torch.Tensor],
    updates: list[dict[str, torch.Tensor]],
    each: Processes,
) -> tuple[Limit, ...]:
    sizes, _ = sizes_of(bench)
    whole = norm_of(each.parameters.values())
    return tuple(
        limit_of(
            name,
            bench.betas,
            [u[name] for u in updates],
            gradient,
            order=bench.order,
            size=sizes.get(name, 0.0),
            whole=whole,
        )
        for name, gradient in gradients.items()
    )


def _settling_steps(bench: Bench) -> int | None:
    """Steps after which a nudged phase at ``kappa = 0`` is at rest; None if it keeps moving."""
    problem = bench.problem
    size = sum(s.numel() for s in problem.rest) + sum(
        p.numel() for p in problem.parameters.values()
    )
    most = min(_LONGEST, int(_MEMORY / size))
    beta, first = bench.betas[len(bench.betas) // 2], 0.0
    bench.fresh()
    state = problem.rest
    with torch.no_grad():
        for made in range(1, most + 1):
            nudge = problem.loss.gradient(state[0], problem.y) * beta
            previous, state = (
                state,
                bench.dynamics.transition(problem.x, state, problem.parameters, nudge),
            )
            change = largest_change(previous, state)
            first = max(first, change)
            if change <= _SETTLED * first:
                return made
    return None


def _total_updates(bench: Bench, beta: float, steps: int) -> dict[str, torch.Tensor]:
    bench.fresh()
    problem = bench.problem
    rule = replace(bench.rule, continual=False)
    total = {name: torch.zeros_like(p) for name, p in problem.parameters.items()}
    scale = 1 / (beta * float(problem.network.time_scale))
    bench.network.remembering = not rule.copying
    with torch.no_grad():
        phase = nudged_phase(
            problem.network,
            rule,  # type: ignore[arg-type]
            problem.x,
            problem.y,
            problem.parameters,
            problem.rest,
            beta=beta,
            kappa=0.0,
            steps=steps,
            loss=problem.loss,
        )
        for step in phase:
            total = add_scaled(total, step.increment, scale)
    bench.network.remembering = False
    return {name: value.unsqueeze(0) for name, value in total.items()}


def _total_gradients(bench: Bench, steps: int) -> dict[str, torch.Tensor]:
    """Gradient of the unrolled loss in parameters that all transitions share."""
    bench.fresh()
    found = total_gradient(bench.problem, steps=steps, loss=bench.objective)
    return {name: value.unsqueeze(0) for name, value in found.items()}
