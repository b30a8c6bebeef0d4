"""The comparisons of a check: updates against gradients, as ``beta`` and as ``kappa`` vanish."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch

from cep_core.check.adapted import AdaptedNetwork, AdaptedRule
from cep_core.check.augmented import AugmentedNetwork
from cep_core.check.bptt import nabla
from cep_core.check.delta import delta, followed_gradients
from cep_core.check.limits import Limit, limit_of
from cep_core.check.processes import Processes, mean_of
from cep_core.check.verdicts import Verdict, combine
from cep_core.losses import Loss
from cep_core.networks import AnsweringNetwork, answering
from cep_core.problem import Problem

Estimator = Literal["one-sided", "centred"]
Kappa = float | Mapping[str, float]

VISIBLE = 1e-2
"""Relative change of the gradients that the ``kappa`` of the sweeps is chosen to make."""

_LARGEST_KAPPA = 1e6


@dataclass(frozen=True)
class Bench:
    """Everything that stays the same over the sweeps.

    Attributes:
        problem: settled, its network adapted.
        rule: adapted.
        objective: loss that BPTT differentiates, if it is not the one that nudges.
        steps: ``K``.
        betas: nudging strengths, decreasing in size, of one sign.
        estimator: updates of ``beta`` alone, or the mean of those of ``beta`` and ``-beta``.
        names: of the tensors of the state.
        fresh: puts back what the network and the rule remember; called before every phase.

    """

    problem: Problem
    rule: AdaptedRule
    objective: Loss | None
    steps: int
    betas: tuple[float, ...]
    estimator: Estimator
    names: tuple[str, ...]
    fresh: Callable[[], None]

    @property
    def network(self) -> AdaptedNetwork:
        """The adapted network."""
        network = self.problem.network
        assert isinstance(network, AdaptedNetwork)
        return network

    @property
    def dynamics(self) -> AnsweringNetwork:
        """The network whose nudged phase the rule runs; its free phase is the network's own."""
        problem = self.problem
        return answering(self.rule.dynamics(problem.network, problem.rest, problem.parameters))

    @property
    def judged(self) -> Loss:
        """The loss that BPTT differentiates."""
        return self.problem.loss if self.objective is None else self.objective

    @property
    def order(self) -> float:
        """Order of the estimator's error in ``beta``."""
        return 2.0 if self.estimator == "centred" else 1.0

    def delta(self, beta: float, kappa: Kappa) -> Processes:
        """Updates of the estimator."""
        if self.estimator == "one-sided":
            return self._one_sided(beta, kappa)
        return mean_of(self._one_sided(beta, kappa), self._one_sided(-beta, scaled(kappa, -1.0)))

    def _one_sided(self, beta: float, kappa: Kappa) -> Processes:
        self.fresh()
        still = not isinstance(kappa, Mapping) and kappa == 0
        rule = replace(self.rule, continual=False) if still else self.rule
        network = self.network
        network.remembering = still and not rule.copying
        try:
            return delta(self.problem, rule, beta=beta, kappa=kappa, steps=self.steps)  # type: ignore[arg-type]
        finally:
            network.remembering = False

    def nabla(self, kappa: Kappa = 0.0) -> Processes:
        """Gradients that the updates are to follow at a fixed ``kappa``.

        The centred estimator runs at ``kappa`` and ``-kappa``: the mean of their gradients.
        """
        moving = isinstance(kappa, Mapping) or kappa != 0
        if self.estimator == "centred" and moving:
            sides = [self.raw_nabla(scaled(kappa, sign)) for sign in (1.0, -1.0)]
            return self.followed(mean_of(*sides))
        return self.followed(self.raw_nabla(kappa))

    def raw_nabla(self, kappa: Kappa = 0.0) -> Processes:
        """Gradients of BPTT, of the augmented network at a ``kappa`` other than 0."""
        self.fresh()
        problem = self.problem
        if isinstance(kappa, Mapping) or kappa != 0:
            augmented = AugmentedNetwork(
                self.dynamics,
                kappa,
                problem.x,
                problem.rest,
                problem.parameters,
                self.rule.vector_field,
            )
            problem = replace(problem, network=augmented)
        return nabla(problem, steps=self.steps, loss=self.objective)

    def followed(self, gradients: Processes) -> Processes:
        """What the network says that its updates follow, in place of the gradients of BPTT."""
        return followed_gradients(self.problem, gradients, modified_loss=self.objective is not None)


@dataclass(frozen=True)
class Sweep:
    """Updates at every ``beta`` and a ``kappa`` against gradients.

    Attributes:
        updates: by ``beta``.
        gradients: that they are to follow.
        parameters: one limit per parameter.
        neurons: one per tensor of the state.
        order: of the estimator's error in ``beta``.

    """

    updates: dict[float, Processes]
    gradients: Processes
    parameters: tuple[Limit, ...]
    neurons: tuple[Limit, ...]
    order: float = 1.0

    def limit(self) -> Processes:
        """Updates with the leading term in ``beta`` removed."""
        (b, coarse), (c, fine) = list(self.updates.items())[-2:]
        ratio = abs(b / c) ** self.order

        def extrapolated(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            limit: torch.Tensor = (y * ratio - x) / (ratio - 1)
            return limit

        return Processes(
            tuple(extrapolated(x, y) for x, y in zip(coarse.state, fine.state, strict=True)),
            {n: extrapolated(coarse.parameters[n], y) for n, y in fine.parameters.items()},
        )


def sizes_of(bench: Bench) -> tuple[dict[str, float], list[float]]:
    """Norms of what the updates are differences of, divided by the time scale."""
    problem = bench.problem
    scale = abs(float(problem.network.time_scale))
    states = [float(s.norm()) / scale for s in problem.rest]
    bench.fresh()
    try:
        with torch.no_grad():
            found = problem.network.primitive_gradient(problem.x, problem.rest, problem.parameters)
        return {name: float(g.norm()) / scale for name, g in found.items()}, states
    except TypeError:  # a vector field has no primitive function
        return dict.fromkeys(problem.parameters, sum(states)), states


def sweep(
    bench: Bench,
    kappa: Kappa = 0.0,
    gradients: Processes | None = None,
    known: Mapping[float, Processes] | None = None,
) -> Sweep:
    """Run the nudged phase at every ``beta`` whose updates are not known; judge every tensor."""
    gradients = bench.nabla(kappa) if gradients is None else gradients
    found = dict(known or {})
    updates = {b: found[b] if b in found else bench.delta(b, kappa) for b in bench.betas}
    of_parameters, of_states = sizes_of(bench)
    listed = list(updates.values())
    common: dict[str, Any] = {"order": bench.order}
    whole = norm_of(gradients.parameters.values())
    parameters = tuple(
        limit_of(
            name,
            bench.betas,
            [u.parameters[name] for u in listed],
            gradient,
            size=of_parameters.get(name, 0.0),
            whole=whole,
            **common,
        )
        for name, gradient in gradients.parameters.items()
    )
    whole = norm_of(gradients.state)
    neurons = tuple(
        limit_of(
            name,
            bench.betas,
            [u.state[n] for u in listed],
            gradients.state[n],
            size=of_states[n],
            whole=whole,
            **common,
        )
        for n, name in enumerate(bench.names)
    )
    return Sweep(updates, gradients, parameters, neurons, bench.order)


def verdict_of(limits: Sequence[Limit]) -> Verdict:
    """The worst of the tensors that have a signal; inconclusive if none has."""
    found = [limit.verdict for limit in limits if limit.verdict is not Verdict.NOT_RUN]
    return combine(found) if found else Verdict.INCONCLUSIVE


def worst_of(limits: Sequence[Limit]) -> Limit:
    """The tensor on which a verdict rests: the worst verdict, then the largest error."""
    rank = [Verdict.NOT_RUN, Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL]
    return max(limits, key=lambda limit: (rank.index(limit.verdict), _finite(limit.errors[-1])))


def norm_of(tensors: Any) -> float:
    """Norm of several tensors as one."""
    return math.sqrt(sum(float(t.square().sum()) for t in tensors))


def change_of(one: Processes, other: Processes) -> float:
    """Largest relative change of a tensor between two processes."""
    found = [0.0]
    for name, process in one.by_name.items():
        norm = norm_of([process])
        if norm:
            found.append(norm_of([other.by_name[name] - process]) / norm)
    return max(found)


def visible_kappa(bench: Bench, gradients: Processes) -> tuple[float, float]:
    """A ``kappa`` at which the moving parameters show, and the change that they are to make.

    It is taken from the augmented network, not from the phase that is to be judged.
    """
    kappa, effect = 1e-3, 0.0
    for _ in range(4):
        effect = change_of(gradients, bench.nabla(kappa))
        if not math.isfinite(effect) or effect > 100 * VISIBLE:
            kappa *= 1e-2
        elif effect < VISIBLE / 10:
            factor = VISIBLE / effect if effect > 1e-9 else 1e3  # noqa: PLR2004 - round-off
            kappa = min(kappa * factor, _LARGEST_KAPPA)
        else:
            break
    return kappa, effect


def scaled(kappa: Kappa, factor: float) -> Kappa:
    """One ``kappa``, or each, times a factor."""
    if isinstance(kappa, Mapping):
        return {name: k * factor for name, k in kappa.items()}
    return kappa * factor


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.inf
