"""What a mutant is, the methods under which it is planted, and why some cannot see some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from theory.mutants.planted import Edit

STATES, PARAMETERS = "Theorem 1, neurons", "Theorem 1, parameters"
JOINT, AUGMENTED = "joint limit, kappa free", "augmented primitive function"
INCREMENTS = "C-VF's increments at finite beta"
MODULAR, MODULAR_JOINT = "Theorem 1 mod p, full size", "joint limit mod p, full size"
BALLS = "Theorem 1 in balls"
BPTT, SETTLING = "BPTT in PyTorch", "free phase in closed form"
MINI_BATCH, ANGLE = "one mini-batch", "initial angle"
CHECKER = "gducheck"

CORRECTED, CORRECTED_JOINT = "corrected C-VF", "corrected C-VF, kappa free"
CORRECTED_MODULAR, CORRECTED_BALLS = "corrected C-VF mod p, full size", "corrected C-VF in balls"
ENGINE = "fast engine, corrected C-VF"

THEOREM = (STATES, PARAMETERS, MODULAR, BALLS)
AT_KAPPA = (JOINT, AUGMENTED, MODULAR_JOINT)
PHASE_TWO = (*THEOREM, *AT_KAPPA, INCREMENTS)
METHODS = (*PHASE_TWO, BPTT, SETTLING, MINI_BATCH, ANGLE, CHECKER)
OF_CORRECTION = (CORRECTED, CORRECTED_JOINT, CORRECTED_MODULAR, CORRECTED_BALLS, ENGINE, CHECKER)


BIAS, DRAWS = "EP's bias without symmetry", "Hutchinson's draws"
CIRCLE = "N points in complex balls"
OF_HOMEOSTASIS = (BIAS, DRAWS, CIRCLE)

CONVOLVED, CONVOLVED_AUGMENTED = "Theorem 1, convolutions", "augmented function, convolutions"
CONVOLVED_MODULAR = "Theorem 1 mod p, convolutions"
CONVOLVED_CHECKER, CONVOLVED_ENGINE = "gducheck, convolutions", "fast engine, convolutions"
EXACT_CONVOLVED = (CONVOLVED, CONVOLVED_AUGMENTED, CONVOLVED_MODULAR)
OF_CONVOLUTIONS = (*EXACT_CONVOLVED, CONVOLVED_CHECKER, CONVOLVED_ENGINE)


@dataclass(frozen=True)
class Mutant:
    """One planted error.

    Attributes:
        name: what is wrong.
        edits: what is planted in the code.
        setting: options of the energy-based network with which the error is in the choice of the
            network, not in its code.
        prototypical: the error is one of the prototypical setting.
        unseen: by method, why it cannot see the error.
        inapplicable: by method, why it does not run the wrong line.
        methods: under which it is planted; errors of the correction have methods of their own.

    """

    name: str
    edits: tuple[Edit, ...] = ()
    setting: Mapping[str, Any] = field(default_factory=dict)
    prototypical: bool = False
    unseen: Mapping[str, str] = field(default_factory=dict)
    inapplicable: Mapping[str, str] = field(default_factory=dict)
    methods: tuple[str, ...] = METHODS

    @property
    def where(self) -> str:
        """The functions that are wrong, for the table."""
        return ", ".join(e.where for e in self.edits)


def because(why: str, *methods: str) -> dict[str, str]:
    """One reason for several methods."""
    return dict.fromkeys(methods, why)


def all_but(*methods: str, among: Iterable[str] = METHODS) -> tuple[str, ...]:
    """The methods other than these."""
    return tuple(method for method in among if method not in methods)


NO_PHASE_TWO = because("no nudged phase in this statement", BPTT, SETTLING, ANGLE)
NO_BPTT = because("no BPTT in this statement", *AT_KAPPA, INCREMENTS, SETTLING, MINI_BATCH, ANGLE)
ANY_NUDGE = because("the increments are compared from the states, however nudged", INCREMENTS)
NEURONS_AT_ZERO = because("at kappa = 0 the neurons do not feel the parameters' updates", STATES)
WHEN_APPLIED = because(
    "at kappa = 0 nothing depends on whether or when the parameters are updated", *THEOREM
)
SMALL_RATES = because("the total is right up to the order of the learning rate", MINI_BATCH)
ONE_SAMPLE = because("the mini-batch has one sample", *all_but(INCREMENTS, among=PHASE_TWO))
OTHER_RULE = because("the rule here is EP or C-EP", *all_but(INCREMENTS, among=PHASE_TWO))
