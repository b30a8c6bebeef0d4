"""The checker for models of one's own, :func:`cep_core.gducheck`, on a small layered network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch

from cep_core.check.gducheck import gducheck
from cep_core.check.result import GDUResult
from cep_core.check.verdicts import Verdict
from cep_core.networks import AnsweringNetwork
from cep_core.rules import Rule
from theory.case import Answer, Outcome

SIZES, STEPS, BATCH = (4, 3, 2), 5, 2
BETAS = (1e-2, 1e-3, 1e-4)


def decide_by_checker(
    network: AnsweringNetwork, rules: Iterable[Rule], *, angle: float = 0.0
) -> Outcome:
    """Check a random network with every rule, up to the first that does not pass.

    Parameters and neurons must pass. Backward weights are the network's own for a vector field,
    at ``angle`` degrees to the forward ones.
    """
    return decide_by_results(_checked(network, rules, angle))


def _checked(
    network: AnsweringNetwork, rules: Iterable[Rule], angle: float
) -> Iterator[tuple[str, GDUResult]]:
    for rule in rules:
        generator = torch.Generator().manual_seed(0)
        theta = network.initial_parameters(
            SIZES, generator=generator, backward_angle=angle if rule.vector_field else None
        )
        x, y = (
            torch.rand(BATCH, size, generator=generator, dtype=torch.float64)
            for size in (SIZES[0], SIZES[-1])
        )
        yield rule.name, gducheck(network, x, y, theta, rule=rule, steps=STEPS, betas=BETAS)


def decide_by_results(results: Iterable[tuple[str, GDUResult]]) -> Outcome:
    """Whether parameters and neurons pass in every result of the checker, up to the first not."""
    worst = 0.0
    for checked, result in results:
        for name, verdict, reason in (
            ("parameters", result.verdict, result.parameters.reason),
            ("neurons", result.neurons.verdict, result.neurons.reason),
        ):
            if verdict is not Verdict.PASS:
                told = [f"{checked}, {name}: {verdict}, {reason}", *result.causes[:1]]
                return Outcome(Answer.REFUTED, {"relmse": _largest(result.relmse)}, "; ".join(told))
        worst = max(worst, _largest(result.relmse))
    return Outcome(Answer.HOLDS, {"relmse": worst}, f"RelMSE at most {worst:.1e}")


def _largest(relmse: dict[str, float]) -> float:
    return max(relmse.values(), default=0.0)
