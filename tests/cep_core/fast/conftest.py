"""Networks, mini-batches and rows of the paper's table for the tests of the fast engine."""

from dataclasses import dataclass

import pytest
import torch

from cep_core.activations import activation_named
from cep_core.fast import CapturedEngine, FastEngine
from cep_core.learning import Procedure, learn_batch, one_hot
from cep_core.networks import Prototypical
from cep_core.networks.initial import initial_parameters
from cep_core.rules import learning_rates, rule_named

ROWS = {
    "EP-1h": ("EP", (0.04, 0.08), 0.1, 30, 10),
    "EP-2h": ("EP", (0.005, 0.05, 0.2), 0.5, 100, 20),
    "C-EP-1h": ("C-EP", (0.0028, 0.0056), 0.2, 40, 15),
    "C-EP-2h": ("C-EP", (0.00018, 0.0018, 0.01), 0.5, 100, 20),
    "C-VF-1h": ("C-VF", (0.0038, 0.0076), 0.2, 40, 15),
    "C-VF-2h": ("C-VF", (0.00016, 0.0016, 0.009), 0.35, 100, 20),
    "slope-C-VF-1h": ("C-VF with slope", (0.0038, 0.0076), 0.2, 40, 15),
    "corrected-C-VF-1h": ("corrected C-VF", (0.0038, 0.0076), 0.2, 40, 15),
    "corrected-C-VF-2h": ("corrected C-VF", (0.00016, 0.0016, 0.009), 0.35, 100, 20),
}


@dataclass
class Case:
    """A network, how it learns, and the means to hold engine and definition side by side."""

    network: Prototypical
    procedure: Procedure
    parameters: dict
    rates: dict
    sizes: tuple
    batches: list

    def engine(self):
        return FastEngine(self.network, self.procedure, self.parameters, self.rates)

    def by_engine(self):
        engine = self.engine()
        outputs = [engine.learn(x, y, sign).clone() for x, y, sign in self.batches]
        return outputs, engine.parameters()

    def by_definition(self):
        parameters, outputs = self.parameters, []
        for x, y, sign in self.batches:
            learned = learn_batch(
                self.network, self.procedure, x, y, parameters, self.rates, sign=sign
            )
            parameters = learned.parameters
            outputs.append(learned.free.state[0])
        return outputs, parameters


def largest_difference(one, other):
    assert one.keys() == other.keys()
    return max(float((one[name].double() - other[name].double()).abs().max()) for name in one)


class Replayed(CapturedEngine):
    """The graph engine with a recorder that hands back the program and so replays anywhere."""

    _record = staticmethod(lambda work: work)
    _run_aside = staticmethod(lambda work: work())


def make_case(
    rule,
    rates,
    beta,
    free_steps,
    nudged_steps,
    *,
    hidden=None,
    inputs=12,
    outputs=4,
    nudge="outside",
    activation="sigmoid",
    batch=6,
    count=10,
    seed=0,
    dtype=torch.float64,
    **options,
):
    """Ten mini-batches, the last of which does not fill; every third nudges the other way.

    The hidden layers lie about the width at which the engine changes their order in memory.
    """
    hidden = tuple(range(17, 17 - len(rates) + 1, -1)) if hidden is None else hidden
    sizes = (inputs, *hidden, outputs)
    generator = torch.Generator().manual_seed(seed)
    independent = rule_named(rule).vector_field
    parameters = initial_parameters(
        sizes, generator=generator, dtype=dtype, backward_angle=30.0 if independent else None
    )
    batches = []
    for i in range(count):
        samples = batch if i < count - 1 else max(1, batch // 3)
        x = torch.rand(samples, inputs, generator=generator, dtype=torch.float64)
        labels = torch.randint(outputs, (samples,), generator=generator)
        sign = -1 if i % 3 == 1 else 1
        batches.append((x.to(dtype), one_hot(labels, outputs, dtype), sign))
    network = Prototypical((activation_named(activation),) * (len(sizes) - 1), nudge)
    return Case(
        network,
        Procedure(rule_named(rule), beta, free_steps, nudged_steps, **options),
        parameters,
        learning_rates(network, parameters, rates, train_input_bias=not independent),
        sizes,
        batches,
    )


@pytest.fixture
def case():
    return make_case


@pytest.fixture
def row_case():
    def make(row, **options):
        return make_case(*ROWS[row], **options)

    return make


@pytest.fixture
def replayed():
    return Replayed


@pytest.fixture
def difference():
    return largest_difference


@pytest.fixture(params=ROWS)
def row(request):
    return request.param
