"""Wrong lines of convolutional networks and their engine, under methods of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import torch

from cep_core.activations import Sigmoid
from cep_core.check.gducheck import gducheck
from cep_core.check.result import GDUResult
from cep_core.fast import ConvolutionalEngine
from cep_core.learning import Procedure, learn_batch
from cep_core.networks import ChannelBias, Convolution, ConvolutionalShape
from cep_core.networks.pooling import POOLINGS, SoftmaxPooling, _Weighted
from cep_core.rules import C_EP, C_VF, EP, learning_rates
from theory.case import Answer, Level, Outcome
from theory.methods import identities
from theory.methods.checked import BETAS, decide_by_results
from theory.methods.modular import decide_at_random
from theory.methods.symbolic import all_of
from theory.mutants.kind import (
    CONVOLVED,
    CONVOLVED_AUGMENTED,
    CONVOLVED_CHECKER,
    CONVOLVED_ENGINE,
    CONVOLVED_MODULAR,
    EXACT_CONVOLVED,
    OF_CONVOLUTIONS,
    Mutant,
    all_but,
    because,
)
from theory.mutants.planted import edit
from theory.points.convolutional import ANY_SHARES, ConvolutionalPoint, draw_point
from theory.points.convolutional import POOLINGS as LINEAR
from theory.statements.convolutional import TOY, augmented_on_the_toy, gdu_at

STEPS = 4
DRAWN = ConvolutionalPoint(ConvolutionalShape((2, 3)), ANY_SHARES)
SMALL = ConvolutionalShape((2, 3), (3,), (1, 9, 9), kernel=2)
"""What the checker and the engine run."""

BATCH, BETA, FREE_STEPS, RATE = 2, 0.3, 1, 1e-2
"""Of the engine's mini-batch: a free phase so short that winners still change."""

ROUNDING = 1e-12

_BACK = "self.unpooled(signal, at, parameters)"
_MEAN = "self._unpooled([signal / len(members(self.pools))] * len(members(self.pools)))"
_TURNED = (
    "import numpy\n"
    "    from cep_core.networks.gather import Gather\n"
    "    turned = Gather(numpy.arange(self.weights)[::-1].copy(), (self.weights,))\n"
    "    rows = "
)
_OF_ENGINE = because(
    "the definition has no such line", *all_but(CONVOLVED_ENGINE, among=OF_CONVOLUTIONS)
)
_OWN_CODE = because("the engine has lines of its own for this", CONVOLVED_ENGINE)

mutant = partial(Mutant, methods=OF_CONVOLUTIONS)

CONVOLUTIONS = (
    mutant(
        "signal back through a kernel without its flip",
        (
            edit(
                Convolution._sent_back,  # noqa: SLF001 - the line itself, here and below
                "rows = ",
                _TURNED,
                "self._matrix(self.back, parameters)",
                "turned(self._matrix(self.back, parameters))",
            ),
        ),
    ),
    mutant(
        "entry after the winner in place of it, on the way back",
        (
            edit(
                _Weighted.back,
                "for m in self.shares(members)",
                "for m in (*self.shares(members)[1:], self.shares(members)[0])",
            ),
        ),
    ),
    mutant(
        "winners of another state on the way back",
        (
            edit(
                Convolution.unpooled, "self._at(at, parameters)", "self._at(at * 0 + 1, parameters)"
            ),
        ),
        unseen=because("the shares of a window are given, whatever its state", *EXACT_CONVOLVED),
    ),
    mutant(
        "signal back to every entry of a window",
        (edit(Convolution.adjoint, _BACK, _MEAN),),
    ),
    mutant(
        "kernels that learn from every entry of a window",
        (edit(Convolution.gradient, _BACK, _MEAN),),
    ),
    mutant(
        "bias of a channel learns the mean over positions",
        (edit(ChannelBias.gradient, ".sum(0)", ".sum(0) / (self.maps[1] * self.maps[2])"),),
    ),
    mutant(
        "softmax pooling whose slopes are its shares",
        (edit(SoftmaxPooling.back, "_, slopes =", "slopes, _ ="),),
        inapplicable=because("the pooling has given shares", *EXACT_CONVOLVED)
        | because("the engine pools by maximum and mean", CONVOLVED_ENGINE),
    ),
    mutant(
        "backward kernel learns in place of the forward one",
        (edit(Convolution.adjoint_gradient, "{self.back:", "{self.name:"),),
        inapplicable=because("the kernels are tied", *EXACT_CONVOLVED, CONVOLVED_ENGINE),
    ),
    mutant(
        "engine: image's signal kept while its kernel moves",
        (
            edit(
                ConvolutionalEngine._continual,  # noqa: SLF001
                "seen = self._kernels[-1].send(image)",
                "pass",
            ),
        ),
        inapplicable=_OF_ENGINE,
    ),
    mutant(
        "engine: winners one step old where the network has its own",
        (edit(ConvolutionalEngine._winners, "if self._lagged:", "if last:"),),  # noqa: SLF001
        inapplicable=_OF_ENGINE,
    ),
    mutant(
        "engine: kernels' rates not divided by the mini-batch",
        (
            edit(
                ConvolutionalEngine._apply,  # noqa: SLF001
                "kernel.weight.add_(changes[name], alpha=rates[name] / batch)",
                "kernel.weight.add_(changes[name], alpha=rates[name])",
            ),
        ),
        inapplicable=_OF_ENGINE,
    ),
)


def _theorem(_: Mutant) -> Outcome:
    return all_of({pooling: gdu_at(pooling, steps=STEPS) for pooling in LINEAR})


def _augmented(_: Mutant) -> Outcome:
    return augmented_on_the_toy(ANY_SHARES, steps=2, nudge="inside", batch=1)


def _modular(_: Mutant) -> Outcome:
    return decide_at_random(DRAWN, partial(identities.theorem1, steps=STEPS), drawn=draw_point)


def _sample() -> tuple[torch.Generator, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x, y = (
        torch.rand(BATCH, *size, generator=generator, dtype=torch.float64)
        for size in (SMALL.image, SMALL.dense)
    )
    return generator, x, y


def _results() -> Iterator[tuple[str, GDUResult]]:
    """Of the checker: C-EP with every pooling, C-VF with kernels of their own both ways."""
    generator, x, y = _sample()
    for name, pooling in POOLINGS.items():
        shape = replace(SMALL, pooling=pooling)
        network, theta = shape.network(Sigmoid(), nudge="inside"), shape.initial(generator)
        yield f"{name} pooling", gducheck(network, x, y, theta, rule=C_EP, steps=STEPS, betas=BETAS)
    network = SMALL.network(Sigmoid(), nudge="inside", untied=True)
    theta = SMALL.initial(generator, angle=0.0)
    yield "untied", gducheck(network, x, y, theta, rule=C_VF, steps=STEPS, betas=BETAS)


def _checker(_: Mutant) -> Outcome:
    return decide_by_results(_results())


def _engine(_: Mutant) -> Outcome:
    """The engine's parameters after a mini-batch against the definition's."""
    generator, x, y = _sample()
    theta, network = SMALL.initial(generator), SMALL.network(Sigmoid(), nudge="inside")
    rates = learning_rates(network, theta, [RATE] * SMALL.layers)
    apart = 0.0
    for rule in (EP, C_EP):
        procedure = Procedure(rule, BETA, FREE_STEPS, STEPS)
        engine = ConvolutionalEngine(network, procedure, theta, rates)
        engine.learn(x, y)
        right = learn_batch(network, procedure, x, y, theta, rates).parameters
        found = engine.parameters()
        apart = max(apart, *(float((found[n] - v).abs().max()) for n, v in right.items()))
    answer = Answer.HOLDS if apart < ROUNDING else Answer.REFUTED
    return Outcome(answer, {"apart": apart}, f"{apart:.1e} from the definition")


_SIZE = "9x9, kernels 2, channels 2-3, fc 3"
METHODS = {
    CONVOLVED: (_theorem, Level.SYMBOLIC, TOY),
    CONVOLVED_AUGMENTED: (_augmented, Level.SYMBOLIC, TOY),
    CONVOLVED_MODULAR: (_modular, Level.MODULAR, "28x28, kernels 5x5, channels 2-3, fc 10"),
    CONVOLVED_CHECKER: (_checker, Level.NUMERICAL, _SIZE),
    CONVOLVED_ENGINE: (_engine, Level.NUMERICAL, _SIZE),
}
"""As :data:`theory.mutants.table.METHODS`, for convolutional networks."""
