"""Wrong lines of the nudged phase: in the nudge, and in the updates of the parameters."""

from __future__ import annotations

from cep_core.losses import SquaredError
from cep_core.networks import EnergyBased, Prototypical, edges
from cep_core.phases import nudged_phase
from cep_core.rules import Rule
from theory.mutants.kind import (
    ANY_NUDGE,
    CHECKER,
    INCREMENTS,
    MINI_BATCH,
    NEURONS_AT_ZERO,
    NO_PHASE_TWO,
    ONE_SAMPLE,
    OTHER_RULE,
    PARAMETERS,
    PHASE_TWO,
    SMALL_RATES,
    STATES,
    WHEN_APPLIED,
    Mutant,
    all_but,
    because,
)
from theory.mutants.planted import edit

_NUDGE = "nudge = nudging.gradient(state[0], y) * beta"
_TRANSITION = "following = network.transition(x, state, parameters, nudge)"
_INCREMENT = "increment = rule.increment(network, x, parameters, state, following)"
_YIELD = "yield NudgedStep(state, following, increment, parameters)"
_START = "state = start\n"
_REMEMBER = (
    _START,
    "state = before = start\n",
    "        state = following\n",
    "        before, state = state, following\n",
)
_SPREAD = "nudge = (nudge.T * 0 + nudge.T.sum(0)).T"
_EARLIER = _YIELD.replace("state, following", "before, state")

NUDGE = (
    Mutant(
        "sign of the nudge",
        (edit(nudged_phase, _NUDGE, f"{_NUDGE} * -1"),),
        unseen=ANY_NUDGE,
        inapplicable=NO_PHASE_TWO,
    ),
    Mutant(
        "sign of the nudge, in the transition",
        (edit(EnergyBased.transition, "drift = drift - nudge", "drift = drift + nudge"),),
        unseen=ANY_NUDGE,
        inapplicable=NO_PHASE_TWO,
    ),
    Mutant(
        "nudge on the wrong unit",
        (edit(nudged_phase, _NUDGE, f"{_NUDGE}\n        {_SPREAD}"),),
        unseen=ANY_NUDGE,
        inapplicable=NO_PHASE_TWO,
    ),
    Mutant(
        "nudge without dt",
        (
            edit(
                EnergyBased.transition,
                "drift = drift - nudge",
                "pass",
                "moved = s + drift * self.dt",
                "moved = s + drift * self.dt - (nudge if n == 0 and nudge is not None else 0)",
            ),
        ),
        unseen=ANY_NUDGE,
        inapplicable=NO_PHASE_TWO,
    ),
    Mutant(
        "gradient of the loss twice its size",
        (edit(SquaredError.gradient, "return output - target", "return (output - target) * 2"),),
        unseen=ANY_NUDGE,
        inapplicable=NO_PHASE_TWO,
    ),
    Mutant(
        "nudge outside the activation",
        (
            edit(
                Prototypical.transition,
                'if nudge is not None and self.nudge == "inside":',
                "if False:",
                'if nudge is not None and self.nudge == "outside":',
                "if nudge is not None:",
            ),
        ),
        prototypical=True,
        unseen=ANY_NUDGE,
        inapplicable=NO_PHASE_TWO,
    ),
)

UPDATES = (
    Mutant(
        "theta from (s_t, s_{t-1})",
        (
            edit(
                nudged_phase,
                _INCREMENT,
                "increment = rule.increment(network, x, parameters, before, state)",
                *_REMEMBER,
            ),
        ),
        unseen=NEURONS_AT_ZERO,
        inapplicable=NO_PHASE_TWO,
    ),
    Mutant(
        "theta from the difference to s_*",
        (
            edit(
                nudged_phase,
                _INCREMENT,
                "increment = rule.increment(network, x, parameters, start, following)",
            ),
        ),
        unseen=NEURONS_AT_ZERO,
        inapplicable=NO_PHASE_TWO,
    ),
    Mutant(
        "sign of theta",
        (
            edit(
                Rule.increment,
                "after[name] - before[name]",
                "before[name] - after[name]",
                "b - a for a, b",
                "a - b for a, b",
            ),
        ),
        unseen=NEURONS_AT_ZERO,
        inapplicable=NO_PHASE_TWO,
    ),
    Mutant(
        "one-sided Hebbian product",
        (
            edit(
                Rule.increment,
                "after = network.primitive_gradient(x, following, parameters)",
                "after = {name: network.primitive_gradient(x, (*state[: (n := int(name.split('_')"
                "[1]))], following[n], *state[n + 1 :]), parameters)[name] for name in before}",
            ),
        ),
        unseen=NEURONS_AT_ZERO,
        inapplicable=NO_PHASE_TWO
        | because("the rule here is C-VF, whose increment is no product of states", INCREMENTS),
    ),
    Mutant(
        "time off by one for s",
        (
            edit(
                nudged_phase,
                _YIELD,
                _YIELD.replace("state, following", "before, state"),
                *_REMEMBER,
            ),
        ),
        unseen=because("the parameters' updates are right", PARAMETERS)
        | because("learning reads the increments, not the states", MINI_BATCH),
        inapplicable=NO_PHASE_TWO,
    ),
    Mutant(
        "time off by one for theta",
        (
            edit(
                nudged_phase,
                _START,
                "state = start\n    late = None\n",
                _YIELD,
                "yield NudgedStep(state, following, late or {n: v * 0 for n, v in "
                "increment.items()}, parameters)\n        late = increment",
            ),
        ),
        unseen=because("the neurons' updates are right", STATES),
        inapplicable=NO_PHASE_TWO,
    ),
    Mutant(
        "frozen theta",
        (edit(nudged_phase, "if rule.continual:", "if False:"),),
        unseen=WHEN_APPLIED | SMALL_RATES,
        inapplicable=NO_PHASE_TWO,
    ),
    Mutant(
        "EP applies its updates at once",
        (edit(nudged_phase, "if rule.continual:", "if True:"),),
        unseen=SMALL_RATES
        | because(
            "a rule that is not continual is checked at kappa = 0, with nothing to apply", CHECKER
        ),
        inapplicable=NO_PHASE_TWO
        | because("the rule here is continual", *all_but(INCREMENTS, among=PHASE_TWO)),
    ),
    Mutant(
        "theta used before it is updated",
        (
            edit(
                nudged_phase,
                _START,
                "state = start\n    stale = parameters\n",
                _TRANSITION,
                f"{_TRANSITION.replace('parameters', 'stale')}\n        stale = parameters",
            ),
        ),
        unseen=WHEN_APPLIED
        | SMALL_RATES
        | because("the increments are compared from the states that were reached", INCREMENTS),
        inapplicable=NO_PHASE_TWO,
    ),
    Mutant(
        "kappa scaled by dt",
        (
            edit(
                nudged_phase,
                "add_scaled(parameters, increment, kappa)",
                "add_scaled(parameters, {n: v * network.time_scale for n, v in increment.items()}, "
                "kappa)",
            ),
        ),
        unseen=WHEN_APPLIED | SMALL_RATES,
        inapplicable=NO_PHASE_TWO,
    ),
    Mutant(
        "missing 1/beta in theta",
        (
            edit(
                nudged_phase,
                "add_scaled(parameters, increment, kappa)",
                "add_scaled(parameters, {n: v * beta for n, v in increment.items()}, kappa)",
            ),
        ),
        unseen=WHEN_APPLIED | SMALL_RATES,
        inapplicable=NO_PHASE_TWO,
    ),
    Mutant(
        "sum over the mini-batch in place of its mean",
        (edit(edges.batch_mean, "gradients if batch == 1 else", "gradients if batch else"),),
        unseen=ONE_SAMPLE,
        inapplicable=NO_PHASE_TWO,
    ),
    Mutant(
        "C-VF's derivative at s_{t+1}",
        (
            edit(
                Rule.increment,
                "network.vector_field_gradient(x, state, parameters, change)",
                "network.vector_field_gradient(x, following, parameters, change)",
            ),
        ),
        unseen=because("both have the same limit as beta vanishes", MINI_BATCH, CHECKER),
        inapplicable=NO_PHASE_TWO | OTHER_RULE,
    ),
)
