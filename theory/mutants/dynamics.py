"""Wrong lines of the free dynamics, and of BPTT, in PyTorch and over every number system."""

from __future__ import annotations

from cep_core.check import bptt
from cep_core.losses import SquaredError
from cep_core.networks import edges
from cep_core.phases import free_phase
from theory.arithmetic import tape
from theory.methods import perturbation
from theory.mutants.kind import (
    ANGLE,
    BALLS,
    BPTT,
    CHECKER,
    INCREMENTS,
    MINI_BATCH,
    NO_BPTT,
    PHASE_TWO,
    SETTLING,
    STATES,
    Mutant,
    all_but,
    because,
)
from theory.mutants.planted import edit

DYNAMICS = (
    Mutant(
        "asymmetric weights",
        (
            edit(
                edges.Dense.adjoint,
                "return signal @ parameters[self.name]",
                "return signal @ parameters[self.name] * 2",
            ),
        ),
        unseen=because("both sides differentiate the same transitions", BPTT),
        inapplicable=because("no transition is made", ANGLE),
    ),
    Mutant(
        "missing rho'",
        setting={"drift_slope": "none"},
        unseen=because("C-VF follows the derivative of any drift", INCREMENTS)
        | because("both sides differentiate the same transitions", BPTT),
        inapplicable=because("the slope of the identity is 1", SETTLING)
        | because("no transition is made", ANGLE),
    ),
    Mutant(
        "published output drift",
        setting={"drift_slope": "hidden"},
        unseen=because("C-VF follows the derivative of any drift", INCREMENTS)
        | because("both sides differentiate the same transitions", BPTT),
        inapplicable=because("the slope of the identity is 1", SETTLING)
        | because("no transition is made", ANGLE),
    ),
    Mutant(
        "free phase one step short",
        (edit(free_phase, "while made < steps:", "while made < steps - 1:"),),
        unseen=because("the state is certified after it has settled", BALLS)
        | because("the free phase has settled long before", MINI_BATCH),
        inapplicable=because("the steady state is given", *all_but(BALLS, among=PHASE_TWO), BPTT)
        | because("the checker settles by a free phase of its own", CHECKER)
        | because("no transition is made", ANGLE),
    ),
)

_TOTAL = "total = objective.value(states[-1][0], problem.y)"
_TORCH_COPIES = "{name: value.detach().requires_grad_() for name, value in parameters.items()}"
_TAPE_COPIES = "[{name: Traced(value) for name, value in parameters.items()} for _ in range(steps)]"
_TAPE_RESULT = "Gradients(tuple(reversed(at_state)), tuple(reversed(at_copy)))"

OF_BPTT = (
    Mutant(
        "BPTT: sign",
        (
            edit(bptt.nabla, _TOTAL, f"{_TOTAL} * -1"),
            edit(
                tape.unrolled_gradients,
                "total = SquaredError().value(states[-1][0], y)",
                "total = SquaredError().value(states[-1][0], y) * -1",
            ),
            edit(perturbation.collected, "[index] = value", "[index] = value * -1"),
        ),
        inapplicable=NO_BPTT,
    ),
    Mutant(
        "BPTT: time off by one",
        (
            edit(
                bptt.nabla,
                "for g in reversed(at_state)",
                "for g in reversed([*at_state[1:], at_state[0]])",
                "for g in reversed(at_copy)",
                "for g in reversed([*at_copy[1:], at_copy[0]])",
            ),
            edit(
                tape.unrolled_gradients,
                _TAPE_RESULT,
                "Gradients(tuple(reversed([*at_state[1:], at_state[0]])), "
                "tuple(reversed([*at_copy[1:], at_copy[0]])))",
            ),
            edit(perturbation.collected, "found[t][index]", "found[(t + 1) % steps][index]"),
        ),
        inapplicable=NO_BPTT,
    ),
    Mutant(
        "BPTT: time reversed",
        (
            edit(
                bptt.nabla,
                "for g in reversed(at_state)",
                "for g in at_state",
                "for g in reversed(at_copy)",
                "for g in at_copy",
            ),
            edit(
                tape.unrolled_gradients, _TAPE_RESULT, "Gradients(tuple(at_state), tuple(at_copy))"
            ),
            edit(perturbation.collected, "found[t][index]", "found[steps - 1 - t][index]"),
        ),
        inapplicable=NO_BPTT,
    ),
    Mutant(
        "BPTT: loss without its half",
        (edit(SquaredError.value, ".sum() / 2", ".sum()"),),
        inapplicable=NO_BPTT,
    ),
    Mutant(
        "BPTT: one copy of theta for all steps",
        (
            edit(
                bptt.nabla,
                f"{_TORCH_COPIES}\n            for _ in range(steps)",
                f"shared for shared in [{_TORCH_COPIES}] * steps",
            ),
            edit(
                tape.unrolled_gradients,
                _TAPE_COPIES,
                "[{name: Traced(value) for name, value in parameters.items()}] * steps",
            ),
            edit(
                perturbation.Unrolled.from_copy,
                "[changed] + [theta] * (steps - 1)",
                "[changed] * steps",
            ),
        ),
        unseen=because("the neurons' gradients are right", STATES),
        inapplicable=NO_BPTT,
    ),
)
