"""C-EP is EP in an augmented primitive function: an identity at every step, no limit taken."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from cep_core.check.verdicts import Check, Verdict
from cep_core.problem import Problem
from reproduce.verification.cases import (
    ONE_HIDDEN,
    TWO_HIDDEN,
    case,
    energy_exact,
    energy_identity,
    shape_name,
    timed,
)
from theory.statements.augmented import float_gaps

BATCH = 6
STEPS = 15
BETA = 0.2
KAPPA = 0.02
TOLERANCE = 1e-13


def identity() -> Iterator[Check]:
    """One and two hidden layers, both exact variants, a mini-batch sharing its parameters."""
    for label, make in (("ρ′ everywhere", energy_exact), ("identity output", energy_identity)):
        for sizes in (ONE_HIDDEN, TWO_HIDDEN):
            bench = case(make, "tanh", sizes, batch=BATCH)
            name = f"augmented/{label}/{shape_name(sizes)}"
            yield timed(name, partial(check_identity, name, bench))


def check_identity(name: str, bench: Problem) -> Check:
    """Compare C-EP with EP in the augmented function, and follow the conserved quantity."""
    gaps = float_gaps(
        bench.network,
        bench.x,
        bench.y,
        bench.parameters,
        bench.settled().rest,
        beta=BETA,
        kappa=dict.fromkeys(bench.parameters, KAPPA),
        steps=STEPS,
    )
    states, drift, moved = gaps["states"], gaps["conserved"], gaps["moved"]
    passed = max(states, gaps["parameters"], drift) <= TOLERANCE and moved > 1e6 * TOLERANCE
    return Check(
        name,
        "C-EP on Φ is EP on Φ + κ/2 ‖∂Φ/∂θ(s) − ∂Φ/∂θ(s*)‖², and θ − κ ∂Φ/∂θ is conserved, "
        "at every step and for finite β and η",
        Verdict.PASS if passed else Verdict.FAIL,
        {"states": states, "conserved": drift, "parameters moved by": moved, "batch": BATCH},
        f"states agree to {states:.1e}, conserved to {drift:.1e}, parameters move by {moved:.1e}",
    )
