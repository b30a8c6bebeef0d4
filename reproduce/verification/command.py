"""``python -m reproduce verify``: the theorem and its neighbours, numerically, in float64.

Every answer is by order: an error that a statement says vanishes must fall with the expected order,
and one that it says stays must reach a plateau. Networks see real digits.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from cep_core.check.gducheck import DEFAULT_BETAS
from cep_core.check.verdicts import Check, Verdict
from cep_core.command_line import results_folder
from cep_core.terminal import say
from reproduce.stages import STAGES, begin, write_stage
from reproduce.verification import augmented, bias, boundaries, cases, property_holds, stability

GROUPS: dict[str, Callable[[], Iterator[Check]]] = {
    "Theorem 1 in the exact dynamics": property_holds.exact_dynamics,
    "Theorem 1 at 784-512-10": property_holds.full_size,
    "second order of the mean of ±β": property_holds.centred_estimator,
    "the published dynamics keep an error": bias.published_dynamics,
    "the published nudge follows another loss": bias.outside_nudge,
    "C-VF without symmetric weights": bias.asymmetric_weights,
    "C-EP is EP in an augmented primitive function": augmented.identity,
    "largest stable ratio of learning rate to nudging": stability.threshold,
    "comparisons that prove nothing": boundaries.inconclusive,
}


def effective_parameters() -> dict[str, Any]:
    """What the checks are run with, for the manifest of a report."""
    return {
        "seed": cases.SEED,
        "dt": cases.DT,
        "networks": [cases.ONE_HIDDEN, cases.TWO_HIDDEN, cases.FULL],
        "nudged steps": property_holds.STEPS,
        "beta": DEFAULT_BETAS,
        "beta, centred": property_holds.CENTRED_BETAS,
        "beta, published": bias.BETAS,
        "augmented": {
            "batch": augmented.BATCH,
            "nudged steps": augmented.STEPS,
            "beta": augmented.BETA,
            "kappa": augmented.KAPPA,
        },
    }


def verify(out: Path) -> Verdict:
    """Run every check, print its answer, and write the stage's record into ``out``."""
    begun = begin(Path(__file__).parent)
    torch.set_num_threads(1)
    checks: list[Check] = []
    for title, group in GROUPS.items():
        say(f"verify: {title}")
        for check in group():
            checks.append(_with_setting(check))
            say(f"  {check.verdict:<12} {check.name}  ({check.seconds:.1f} s)  {check.reason}")
    details = {"parameters": effective_parameters()}
    verdict = write_stage(out, stage="verify", checks=checks, begun=begun, details=details)
    say(f"verify: {verdict}, {len(checks)} checks, {begun.seconds:.0f} s")
    return verdict


def _with_setting(check: Check) -> Check:
    """A check of an energy-based network with the dt that its numbers are of."""
    if "energy-based" not in check.name:
        return check
    return replace(check, numbers={"dt": cases.DT} | check.numbers)


def add_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the ``verify`` command to the command line."""
    parser = subparsers.add_parser("verify", help="verify the theorem numerically, in float64")
    parser.add_argument("--out", type=results_folder, default=STAGES / "verify", metavar="DIR")
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Run the checks; 0: all pass, 1: not all."""
    return 0 if verify(arguments.out) is Verdict.PASS else 1
