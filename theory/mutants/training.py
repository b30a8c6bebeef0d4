"""Wrong lines of one mini-batch of learning, and of what training starts from."""

from __future__ import annotations

from cep_core.learning import learn_batch, one_hot
from cep_core.networks.initial import initial_parameters
from cep_core.networks.layered import Layered
from cep_core.phases import kappa_of
from cep_core.rules import learning_rates
from theory.mutants.kind import (
    BPTT,
    CHECKER,
    MINI_BATCH,
    PHASE_TWO,
    SETTLING,
    Mutant,
    all_but,
    because,
)
from theory.mutants.planted import edit

_ELSEWHERE = because("no mini-batch is learned", *all_but(MINI_BATCH))

TRAINING = (
    Mutant(
        "kappa without dt",
        (edit(kappa_of, "rate / (beta * network.time_scale)", "rate / beta"),),
        inapplicable=_ELSEWHERE,
    ),
    Mutant(
        "kappa with |beta|",
        (edit(kappa_of, "rate / (beta *", "rate / (abs(beta) *"),),
        inapplicable=_ELSEWHERE,
    ),
    Mutant(
        "sign of beta ignored",
        (edit(learn_batch, "betas = [sign * procedure.beta]", "betas = [procedure.beta]"),),
        inapplicable=_ELSEWHERE,
    ),
    Mutant(
        "learning rate of the wrong layer",
        (edit(Layered.learning_rates, "nearest = min(", "nearest = max("),),
        inapplicable=_ELSEWHERE,
    ),
    Mutant(
        "input bias trained",
        (edit(learning_rates, "if not train_input_bias:", "if False:"),),
        inapplicable=_ELSEWHERE,
    ),
    Mutant(
        "targets shifted by one class",
        (edit(one_hot, "labels.long()", "(labels.long() + 1) % classes"),),
        inapplicable=_ELSEWHERE,
    ),
    Mutant(
        "angle on the forward weights",
        (
            edit(
                initial_parameters,
                "parameters[weight(n + 1, n)] = (\n                forward *",
                "parameters[weight(n + 1, n)] = forward.T.contiguous()\n"
                "            parameters[weight(n, n + 1)] = (\n                forward.T *",
                "torch.where(drawn < flip, -1.0, 1.0)",
                "torch.where(drawn < flip, -1.0, 1.0).T",
            ),
        ),
        unseen=because("C-VF is run at 0 degrees", MINI_BATCH),
        inapplicable=because("the weights are tied, or given", *PHASE_TWO, BPTT, SETTLING)
        | because("backward weights are at 0 degrees to the forward ones", CHECKER),
    ),
)
