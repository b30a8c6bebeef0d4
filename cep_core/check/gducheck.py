"""Hold a network and a rule, yours or ours, against Theorem 1, the GDU property.

In the manner of a gradient checker, but judged by order: the updates of the nudged phase must
approach minus the gradients of BPTT in proportion to ``beta`` and to ``kappa``, and at a fixed
``kappa`` they must approach the gradients of the augmented network that C-EP then follows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from cep_core.arrays import Parameters, State
from cep_core.check.augmented import AugmentedNetwork
from cep_core.check.bptt import nabla
from cep_core.check.causes import likely_causes
from cep_core.check.delta import delta, followed_gradients
from cep_core.check.kinks import nearest_kink
from cep_core.check.measures import angle_of_totals, relmse_by_name
from cep_core.check.orders import OrderVerdict, judge_order
from cep_core.check.processes import Processes
from cep_core.check.verdicts import Check, Verdict, combine
from cep_core.losses import Loss, SquaredError
from cep_core.networks import Network
from cep_core.phases import FreePhase, free_phase
from cep_core.problem import Problem
from cep_core.rules import C_EP, Rule

DEFAULT_BETAS = (1e-2, 1e-3, 1e-4, 1e-5)
KINK = 1e-3
"""Relative difference between the updates of +beta and -beta, beta vanishing, that means a kink."""

VISIBLE = 1e-2
"""Relative change of the updates that the largest ``kappa`` of the sweep is chosen to make."""


class GDUError(AssertionError):
    """The property does not hold, or could not be decided; the message has the numbers."""


@dataclass(frozen=True)
class GDUResult:
    """Outcome of :func:`gducheck`.

    Attributes:
        verdict: pass, fail or inconclusive.
        checks: one per sweep: in beta, in kappa, and in beta at fixed kappa (continual rules).
        relmse: RelMSE of every layer and parameter at the smallest resolved beta, ``kappa = 0``.
        angle: angle in degrees between the total update and minus the total gradient, there.
        free: the free phase: steps, residual.
        causes: likely causes of anything but a pass, most telling first.
    """

    verdict: Verdict
    checks: tuple[Check, ...]
    relmse: dict[str, float]
    angle: float
    free: FreePhase
    causes: tuple[str, ...]

    def __str__(self) -> str:
        """A short table of the sweeps, the layers and the causes."""
        lines = [f"GDU property: {self.verdict}"]
        lines += [f"  {c.name}: {c.verdict} - {c.reason}" for c in self.checks]
        if self.relmse:
            listed = ", ".join(f"{name} {value:.1e}" for name, value in self.relmse.items())
            lines.append(f"  RelMSE: {listed}; angle of the totals {self.angle:.2e} degrees")
        lines.append(f"  free phase: {self.free.steps} steps, residual {self.free.residual:.1e}")
        lines += [f"  likely cause: {cause}" for cause in self.causes]
        return "\n".join(lines)


@dataclass(frozen=True)
class _Bench:
    """Everything that stays the same over the sweeps."""

    network: Network
    rule: Rule
    x: torch.Tensor
    y: torch.Tensor
    parameters: Parameters
    steady: State
    steps: int
    residual: float
    loss: Loss | None
    objective: Loss | None

    @property
    def problem(self) -> Problem:
        return Problem(
            self.network, self.x, self.y, self.parameters, self.loss or SquaredError(), self.steady
        )

    def delta(self, beta: float, kappa: float) -> Processes:
        return delta(self.problem, self.rule, beta=beta, kappa=kappa, steps=self.steps)

    def nabla(self, network: Network) -> Processes:
        found = nabla(replace(self.problem, network=network), steps=self.steps, loss=self.objective)
        modified = self.objective is not None
        return followed_gradients(self.problem, found, modified_loss=modified)

    def noise(self, beta: float, gradients: Processes) -> float:
        """Round-off and residual, divided by beta, relative to the smallest gradient compared."""
        size = max(1.0, *(float(s.abs().max()) for s in self.steady))
        absolute = 32 * torch.finfo(torch.float64).eps * size + self.residual
        scale = abs(beta * float(self.network.time_scale))
        return absolute / (scale * max(_norm(gradients.state), 1e-300))


def _norm(tensors: Sequence[torch.Tensor]) -> float:
    return math.sqrt(sum(float(t.square().sum()) for t in tensors))


def worst_error(updates: Processes, gradients: Processes) -> tuple[float, str]:
    """Largest ``||Delta + nabla|| / ||nabla||`` over layers and parameters, and where it is.

    A gradient below 1e-9 of its kind's (neurons, parameters) counts as that, so that a tensor
    without a gradient must have no update either.
    """
    worst = (0.0, "")
    for ours, theirs in (
        ({f"s_{n}": s for n, s in enumerate(updates.state)}, gradients.by_name),
        (updates.parameters, gradients.parameters),
    ):
        whole = _norm([theirs[name] for name in ours])
        for name, process in ours.items():
            norm = max(_norm([theirs[name]]), 1e-9 * whole)
            gap = _norm([process + theirs[name]])
            error = gap / norm if norm else (0.0 if gap == 0 else math.inf)
            if not error <= worst[0]:
                worst = (error, name)
    return worst


def gducheck(
    network: Network,
    x: torch.Tensor,
    y: torch.Tensor,
    parameters: Parameters,
    *,
    rule: Rule = C_EP,
    start: State | None = None,
    steps: int = 10,
    betas: Sequence[float] = DEFAULT_BETAS,
    free_steps: int = 20_000,
    tolerance: float = 1e-13,
    loss: Loss | None = None,
    objective: Loss | None = None,
    raise_unless_pass: bool = False,
) -> GDUResult:
    """Decide whether ``network`` with ``rule`` has the GDU property, in float64.

    Args:
        network: a layered network, or a primitive function of your own as a
            :class:`cep_core.networks.primitive.PrimitiveNetwork`.
        x: input, shape ``(B, ...)``, float64.
        y: target, shape of the output layer's state.
        parameters: ``theta``, float64 tensors by name.
        rule: the learning rule; anything with the fields and the ``increment`` of
            :class:`cep_core.rules.Rule`.
        start: first state of the free phase; required unless the network is layered.
        steps: ``K``, transitions of the nudged phase that are compared.
        betas: decreasing nudging strengths of the sweep.
        free_steps: most transitions of the free phase.
        tolerance: largest change per transition at which the free phase counts as settled.
        loss: loss whose gradient nudges the output; the squared error unless given.
        objective: loss that BPTT differentiates, where it is not the one that nudges: see
            :func:`cep_core.losses.loss_followed_by_outside_nudge`.
        raise_unless_pass: raise instead of returning anything but a pass.

    Raises:
        GDUError: with ``raise_unless_pass``, the verdict is fail or inconclusive.
        ValueError: ``steps`` or ``betas`` are unusable.
    """
    if steps < 1:
        msg = f"steps: expected a positive count, found {steps}"
        raise ValueError(msg)
    free = free_phase(network, x, parameters, steps=free_steps, tolerance=tolerance, start=start)
    bench = _Bench(
        network, rule, x, y, parameters, free.state, steps, free.residual, loss, objective
    )
    doubt = _unsettled(bench, free, min(betas)) or _void(bench, min(betas))
    if doubt:
        check = Check("settled, smooth, in float64", doubt, Verdict.INCONCLUSIVE, reason=doubt)
        result = GDUResult(Verdict.INCONCLUSIVE, (check,), {}, math.nan, free, (doubt,))
    else:
        result = _sweeps(bench, free, betas)
    if raise_unless_pass and result.verdict is not Verdict.PASS:
        raise GDUError(str(result))
    return result


def _unsettled(bench: _Bench, free: FreePhase, beta: float) -> str:
    """Why the steady state cannot be relied on; empty if it can."""
    tensors = {"x": bench.x, "y": bench.y, **bench.parameters}
    low = [name for name, t in tensors.items() if t.dtype != torch.float64]
    if low:
        return f"{', '.join(low)}: not float64, whose precision the comparison needs"
    if not all(bool(s.isfinite().all()) for s in free.state):
        return f"the free phase diverges within {free.steps} steps"
    scale = beta * float(bench.network.time_scale)
    if free.residual > VISIBLE * scale:
        return (
            f"the free phase is not settled: residual {free.residual:.1e} after {free.steps} "
            f"steps, against a smallest nudge of {scale:.1e}; allow more free_steps"
        )
    return ""


def _void(bench: _Bench, beta: float) -> str:
    """Why there is nothing to compare at the steady state; empty if there is."""
    near = nearest_kink(bench.network, bench.x, bench.steady, bench.parameters)
    if near.distance <= 10 * beta:
        return (
            f"a kink at the operating point: a unit of layer {near.layer} is {near.distance:.1e} "
            f"from the kink of {near.activation} at {near.kink:g}"
        )
    gradients = bench.nabla(bench.network)
    size = _norm(gradients.state)
    hidden = bench.noise(beta, gradients) > 1
    if hidden or _norm(list(gradients.parameters.values())) == 0:
        return (
            f"the gradient is zero up to round-off ({size:.1e}): nothing to compare "
            "(target reached, or units saturated)"
        )
    plus, minus = bench.delta(beta, 0.0), bench.delta(-beta, 0.0)
    gap = _norm([a - b for a, b in zip(plus.state, minus.state, strict=True)])
    if gap > KINK * size:
        halves = [bench.delta(s * beta / 2, 0.0) for s in (1, -1)]
        half = _norm([a - b for a, b in zip(halves[0].state, halves[1].state, strict=True)])
        if half > gap * 0.75:
            return (
                "a kink at the operating point: the updates of +beta and -beta differ by "
                f"{gap / size:.1e} of the gradient however small beta is"
            )
    return ""


def _sweeps(bench: _Bench, free: FreePhase, betas: Sequence[float]) -> GDUResult:
    gradients = bench.nabla(bench.network)
    in_beta, where = _sweep_beta(bench, gradients, 0.0, betas)
    checks = [_check("in beta, kappa = 0", "Delta -> -nabla as beta -> 0", in_beta, where)]
    if bench.rule.continual:
        checks += _kappa_checks(bench, gradients, betas, right_at_zero=in_beta.verdict)
    finest = bench.delta(betas[-1], 0.0)
    verdict = combine(c.verdict for c in checks)
    causes = (
        ()
        if verdict is Verdict.PASS
        else likely_causes(
            bench.network,
            bench.x,
            bench.parameters,
            bench.steady,
            {beta: bench.delta(beta, 0.0) for beta in (betas[0], betas[-1])},
            gradients,
            failed=[c.name for c in checks if c.verdict is Verdict.FAIL],
        )
    )
    return GDUResult(
        verdict,
        tuple(checks),
        relmse_by_name(finest, gradients),
        angle_of_totals(finest, gradients),
        free,
        tuple(causes),
    )


def _check(name: str, statement: str, order: OrderVerdict, where: str) -> Check:
    numbers = {"order": order.order, "smallest error": order.smallest, "worst at": where}
    return Check(name, statement, order.verdict, numbers, f"{order.reason}, worst at {where}")


def _sweep_beta(
    bench: _Bench, gradients: Processes, kappa: float, betas: Sequence[float]
) -> tuple[OrderVerdict, str]:
    found = [worst_error(bench.delta(beta, kappa), gradients) for beta in betas]
    noise = [bench.noise(beta, gradients) for beta in betas]
    return judge_order(betas, [e for e, _ in found], noise=noise), found[-1][1]


def _kappa_checks(
    bench: _Bench, gradients: Processes, betas: Sequence[float], *, right_at_zero: Verdict
) -> list[Check]:
    """The sweep in kappa at small beta, and the one in beta at fixed kappa."""
    beta = min(betas)
    still = bench.delta(beta, 0.0)
    whole = _norm(gradients.state)
    kappa, effect = 1e-3, 0.0
    for _ in range(6):
        moved = bench.delta(beta, kappa)
        effect = _norm([a - b for a, b in zip(moved.state, still.state, strict=True)]) / whole
        if not math.isfinite(effect) or effect > 100 * VISIBLE:
            kappa /= 100
        elif effect < VISIBLE / 10:
            kappa *= 10 if effect == 0 else min(100.0, VISIBLE / effect)
        else:
            break
    names = ("in kappa, small beta", "in beta, fixed kappa")
    statements = (
        "Delta -> -nabla as kappa -> 0",
        "Delta -> -nabla of the augmented network as beta -> 0 at fixed kappa",
    )
    if not effect > 10 * bench.noise(beta, gradients):
        reason = (
            f"the changing parameters do not show in {bench.steps} steps (effect {effect:.1e} at "
            f"kappa {kappa:.0e}): the rule is not applied, or more steps are needed"
        )
        return [
            Check(name, statement, Verdict.INCONCLUSIVE, {"effect": effect}, reason)
            for name, statement in zip(names, statements, strict=True)
        ]
    augmented = AugmentedNetwork(
        bench.network, kappa, bench.x, bench.steady, bench.parameters, bench.rule.vector_field
    )
    at_kappa, where = _sweep_beta(bench, bench.nabla(augmented), kappa, betas)
    fixed = _check(names[1], statements[1], at_kappa, where)
    if right_at_zero is not Verdict.PASS:
        reason = "not judged: the updates do not approach -nabla at kappa = 0"
        return [Check(names[0], statements[0], Verdict.INCONCLUSIVE, reason=reason), fixed]
    kappas = [kappa, kappa / 10, kappa / 100]
    floor, _ = worst_error(still, gradients)
    found = [worst_error(bench.delta(beta, k), gradients) for k in kappas]
    noise = [bench.noise(beta, gradients) + floor] * len(kappas)
    in_kappa = judge_order(kappas, [e for e, _ in found], noise=noise)
    return [_check(names[0], statements[0], in_kappa, found[-1][1]), fixed]
