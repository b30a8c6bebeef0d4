"""Tell before any training how fast the weights may move.

A continual rule changes the weights while the neurons still move, and that acts back on them. Near
the steady state the nudged phase is a linear iteration with matrix J + kappa G, kappa = eta / beta;
it settles while the spectral radius is below 1, found by Arnoldi's method from products alone.

MODEL is a row of the paper's table (cep train --help lists them), a .toml file of your own row, or
package.module:function or file.py:function, a function that returns what gducheck takes.

    cep stability C-EP-1h                     how many times its rates, for either sign of beta
    cep stability C-VF-1h --angle 90 --seed 3
    cep stability my_models:hopfield --beta 0.1
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass
from typing import Any

import torch

from cep_core.check.margin import HIGHEST, Margins, margins
from cep_core.check.model import arguments_of, factory_named
from cep_core.check.verdicts import Verdict
from cep_core.problem import Problem
from cep_core.rules import C_EP, Rule, rule_named
from cep_core.runs.digits import at_the_end_of_free
from cep_core.runs.row import row_named
from cep_core.terminal import answer_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, and what belongs to a row or to a model of one's own."""
    parser.add_argument("model", metavar="MODEL", help="a row, a .toml file or module:function")
    parser.add_argument("--seed", type=int, default=0, help="of a row's weights (default 0)")
    parser.add_argument("--angle", type=float, help="initial angle of a row, degrees; C-VF only")
    parser.add_argument("--batch", type=int, help="digits of a row's mini-batch (default: its own)")
    parser.add_argument("--rule", metavar="NAME", help="of a model of your own (default C-EP)")
    parser.add_argument(
        "--beta", type=float, default=1.0, help="of a model of your own (default 1)"
    )
    parser.add_argument(
        "--rate", type=float, help="learning rate of a model of your own that is to be stable"
    )
    parser.add_argument("--json", action="store_true", help="the answer as JSON")


@dataclass(frozen=True)
class Asked:
    """What is to be stable: a problem with the learning rates that are asked about.

    Attributes:
        what: for a reader.
        problem: float64, at its first parameters.
        rule: the learning rule.
        rates: by parameter; of a model of one's own the one that was asked about, or 1.
        by_layer: of a row, output layer first.
        beta: nudging strength.
        damping: factor on the rates during the nudged phase.
        signs: those of ``beta`` that are in use; none where no rate was asked about.

    """

    what: str
    problem: Problem
    rule: Rule
    rates: dict[str, Any]
    by_layer: tuple[float, ...]
    beta: float
    damping: float
    signs: tuple[int, ...]


def run(arguments: argparse.Namespace) -> Verdict:
    """Find the bounds, print them; *fail* if the rates asked about are beyond one.

    Raises:
        ValueError: there is no such row or model, or it cannot be used.

    """
    torch.set_num_threads(1)
    asked = _model(arguments) if ":" in arguments.model else _row(arguments)
    found = margins(asked.problem, asked.rule, asked.rates, asked.beta, damping=asked.damping)
    verdict = _verdict(asked, found)
    if arguments.json:
        answer_json(_as_json(asked, found, verdict))
    else:
        sys.stdout.write("\n".join(_lines(asked, found, verdict)) + "\n")
    return verdict


def _row(arguments: argparse.Namespace) -> Asked:
    changes = {n: v for n in ("angle", "batch") if (v := getattr(arguments, n)) is not None}
    row = row_named(arguments.model).changed(**changes)
    if arguments.seed < 0:
        raise ValueError(f"--seed: expected an integer of at least 0, found {arguments.seed}")
    theta = row.initial(arguments.seed, torch.float64)
    probability = row.positive_probability
    signs = tuple(s for s, share in ((1, probability), (-1, 1 - probability)) if share)
    return Asked(
        f"{row.name} ({row.layers}, {row.rule}), weights of seed {arguments.seed}, "
        f"{row.batch} embedded digits",
        at_the_end_of_free(row, theta)[0],
        row.procedure.rule,
        row.rates(theta),
        row.learning_rates,
        row.beta,
        row.damping,
        signs,
    )


def _model(arguments: argparse.Namespace) -> Asked:
    given = arguments_of(factory_named(arguments.model), arguments.model)
    if not arguments.beta > 0 or math.isinf(arguments.beta):
        raise ValueError(f"--beta: expected a positive number, found {arguments.beta}")
    if arguments.rate is not None and not arguments.rate > 0:
        raise ValueError(f"--rate: expected a positive number, found {arguments.rate}")
    rule = given.get("rule", C_EP) if arguments.rule is None else arguments.rule
    theta = given.get("parameters", {})
    if not theta:
        raise ValueError(f"{arguments.model}: parameters: expected those that learn, found none")
    loss = {} if given.get("loss") is None else {"loss": given["loss"]}
    rate = 1.0 if arguments.rate is None else arguments.rate
    return Asked(
        arguments.model,
        Problem(given["network"], given["x"], given["y"], theta, steady=given.get("start"), **loss),
        rule_named(rule) if isinstance(rule, str) else rule,
        dict.fromkeys(theta, rate),
        (rate,),
        arguments.beta,
        1.0,
        () if arguments.rate is None else (1, -1),
    )


def _verdict(asked: Asked, found: Margins) -> Verdict:
    if not asked.rule.continual:
        return Verdict.PASS if found.radius is not None else Verdict.INCONCLUSIVE
    if found.positive is None or found.negative is None:
        return Verdict.INCONCLUSIVE
    bounds = {1: found.positive, -1: found.negative}
    return Verdict.PASS if all(bounds[sign] > 1 for sign in asked.signs) else Verdict.FAIL


def _as_json(asked: Asked, found: Margins, verdict: Verdict) -> dict[str, Any]:
    def number(value: float | None) -> float | str | None:
        return value if value is None or math.isfinite(value) else str(value)

    signs = {"positive": found.positive, "negative": found.negative}
    return {
        "model": asked.what,
        "rule": asked.rule.name,
        "verdict": verdict.value,
        "beta": asked.beta,
        "rates": list(asked.by_layer),
        "radius_without_learning": found.radius,
        "largest_stable_multiple": {sign: number(value) for sign, value in signs.items()},
        "largest_stable_rates": {
            sign: None if value is None else [number(value * rate) for rate in asked.by_layer]
            for sign, value in signs.items()
        },
        "highest_tried": HIGHEST,
        "why": found.why,
    }


def _lines(asked: Asked, found: Margins, verdict: Verdict) -> list[str]:
    lines = [f"{asked.what}: {verdict.value}"]
    if found.radius is not None:
        lines.append(f"  spectral radius without learning {found.radius:.4f}")
    for sign, bound in ((">", found.positive), ("<", found.negative)):
        if bound is None:
            continue
        if math.isinf(bound):
            told = f"stable at every rate up to {HIGHEST:g} times those asked about"
        else:
            rates = ", ".join(f"{bound * rate:.4g}" for rate in asked.by_layer)
            largest = max(asked.by_layer) * bound / asked.beta
            told = f"stable up to {bound:.4g} times the rates: {rates} (eta / beta {largest:.4g})"
        lines.append(f"  beta {sign} 0: {told}")
    return [*lines, f"  {found.why}"] if found.why else lines
