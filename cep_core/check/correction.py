"""What a check says of a corrected rule: what the plain one misses, and a wrong correction."""

from __future__ import annotations

from dataclasses import replace

import torch

from cep_core.arrays import State
from cep_core.check.adapted import adapted_rule
from cep_core.check.measures import worst_error
from cep_core.check.processes import Processes
from cep_core.check.sideeffects import directions
from cep_core.check.sweeps import Bench
from cep_core.networks.jacobian import jacobian_asymmetry
from cep_core.rules import C_VF, Rule

_SAME = 1e-6
"""Relative difference between the correction and the Jacobian that is rounding."""


def without_correction(bench: Bench, gradients: Processes) -> str:
    """By how much C-VF as published misses the gradients that a corrected rule follows."""
    if not bench.rule.corrected:
        return ""
    base = bench.rule.base
    slope = replace(base, corrected=False) if isinstance(base, Rule) else None
    beta = bench.betas[-1]
    told = []
    for rule, what in ((C_VF, "C-VF as published"), (slope, "with the slope alone")):
        if rule is None:
            continue
        plain = replace(bench, rule=adapted_rule(rule, bench.rule.weights))
        found = plain.delta(beta, 0.0)
        neurons, _ = worst_error(Processes(found.state, {}), Processes(gradients.state, {}))
        parameters, name = worst_error(
            Processes((), found.parameters), Processes((), gradients.parameters)
        )
        told.append(
            f"{what} misses by {neurons:.2g} (the neurons, relative) and {parameters:.2g} ({name})"
        )
    return f"without the correction, at beta = {beta:g}: {'; '.join(told)}"


def fault_of_the_correction(bench: Bench) -> str:
    """Whether what the network gives for ``(J - J^T) v`` is that of its own Jacobian.

    Not asked where the nudge enters before an activation: the correction is another one there.
    """
    problem, network = bench.problem, bench.dynamics
    if network.followed_slopes(problem.x, problem.rest, problem.parameters) is not None:
        return ""
    vector: State = tuple(directions(problem.rest, seed=3))
    where = (problem.x, problem.rest, problem.parameters, vector)
    bench.fresh()
    given = network.asymmetry(*where)
    wanted = jacobian_asymmetry(bench.network, *where)
    gap = torch.stack([(g - w).norm() for g, w in zip(given, wanted, strict=True)]).norm()
    size = torch.stack([w.norm() for w in wanted]).norm()
    if float(gap) <= _SAME * max(float(size), _SAME):
        return ""
    return (
        f"the correction is not (J - J^T)(s - s_*): what the network's asymmetry gives differs "
        f"from its Jacobian by {float(gap / size):.1e}, relative"
    )
