"""Training: both engines learn alike, an epoch depends on seed and epoch alone."""

import pytest
import torch

from cep_core.activations import activation_named
from cep_core.learning import Procedure, learn_batch, one_hot
from cep_core.networks import EnergyBased, Prototypical
from cep_core.networks.initial import initial_parameters
from cep_core.rules import C_EP, C_VF, EP, learning_rates
from cep_core.training.choose import make_engine
from cep_core.training.epochs import (
    Samples,
    as_input,
    epoch_plan,
    error_rate,
    first_not_finite,
    train_epoch,
)

SIGMOID = activation_named("sigmoid")
SIZES = (16, 12, 10)
NETWORK = Prototypical((SIGMOID, SIGMOID))


def samples(count=47, seed=0):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (count, SIZES[0]), generator=generator, dtype=torch.uint8)
    return Samples(images, torch.randint(0, 10, (count,), generator=generator, dtype=torch.uint8))


def engine(name, procedure, *, network=NETWORK, dtype=torch.float64):
    angle = 22.5 if procedure.rule is C_VF else None
    parameters = initial_parameters(
        SIZES, generator=torch.Generator().manual_seed(3), dtype=dtype, backward_angle=angle
    )
    rates = learning_rates(network, parameters, (0.04, 0.08))
    return make_engine(name, network, procedure, parameters, rates)


def epoch_of(chosen, *, epoch=1, positive_probability=0.5, batch=10):
    part = samples()
    plan = epoch_plan(
        seed=5,
        epoch=epoch,
        samples=len(part),
        batch=batch,
        positive_probability=positive_probability,
    )
    return train_epoch(chosen.engine, part, plan, batch=batch, classes=10, dtype=torch.float64)


PROCEDURES = {
    "EP": Procedure(EP, 0.1, 12, 5),
    "EP centred": Procedure(EP, 0.1, 12, 5, centred=True),
    "C-EP": Procedure(C_EP, 0.2, 12, 5),
    "C-EP debugging": Procedure(C_EP, 0.2, 12, 5, damping=1e-5),
    "C-VF": Procedure(C_VF, 0.2, 12, 5),
}


@pytest.mark.parametrize("name", PROCEDURES)
@pytest.mark.parametrize("nudge", ["outside", "inside"])
def test_the_engines_agree_over_an_epoch_with_a_smaller_last_batch(name, nudge):
    network = Prototypical((SIGMOID, SIGMOID), nudge=nudge)
    fast, slow = (engine(e, PROCEDURES[name], network=network) for e in ("fast", "reference"))
    assert epoch_of(fast) == epoch_of(slow)
    for parameter, value in slow.engine.parameters().items():
        found = fast.engine.parameters()[parameter]
        torch.testing.assert_close(found, value, rtol=1e-9, atol=1e-11)
    inputs = as_input(samples(count=9, seed=8).images, torch.float64)
    torch.testing.assert_close(
        fast.engine.predict(inputs), slow.engine.predict(inputs), rtol=1e-9, atol=1e-11
    )


def test_an_epoch_is_learn_batch_over_the_plan():
    procedure, part = PROCEDURES["C-VF"], samples()
    chosen = engine("reference", procedure)
    parameters = chosen.engine.parameters()
    rates = learning_rates(NETWORK, parameters, (0.04, 0.08))
    plan = epoch_plan(seed=5, epoch=1, samples=47, batch=10, positive_probability=0.5)
    assert len(plan.signs) == 5
    assert set(plan.signs) == {1, -1}
    wrong = 0
    for start, sign in zip(range(0, 47, 10), plan.signs, strict=True):
        rows = plan.order[start : start + 10]
        x, labels = part.images[rows].double() / 255, part.labels[rows]
        y = one_hot(labels, 10, torch.float64)
        learned = learn_batch(NETWORK, procedure, x, y, parameters, rates, sign=sign)
        parameters = learned.parameters
        wrong += int((learned.free.state[0].argmax(1) != labels).sum())
    assert epoch_of(chosen) == 100 * wrong / 47
    for name, value in chosen.engine.parameters().items():
        assert torch.equal(value, parameters[name])


def test_the_debugging_procedure_recovers_ep():
    ep, debugging, plain = (
        engine("fast", Procedure(rule, 0.2, 12, 5, damping=damping))
        for rule, damping in ((EP, 1.0), (C_EP, 1e-5), (C_EP, 1.0))
    )
    for chosen in (ep, debugging, plain):
        epoch_of(chosen)

    def away(chosen):
        pairs = zip(
            chosen.engine.parameters().values(), ep.engine.parameters().values(), strict=True
        )
        return max(float((a - b).abs().max()) for a, b in pairs)

    assert away(debugging) < 1e-4 * away(plain)


def test_what_the_fast_engine_cannot_do_the_definition_does_and_says_so():
    network = EnergyBased((SIGMOID, SIGMOID), 0.1)
    chosen = engine("fast", PROCEDURES["EP"], network=network)
    assert chosen.name == "reference"
    assert "the definition trains it" in chosen.note
    before = chosen.engine.parameters()
    epoch_of(chosen)
    assert not torch.equal(chosen.engine.parameters()["W_0_1"], before["W_0_1"])


def test_an_unknown_engine_is_named():
    with pytest.raises(ValueError, match="engine: expected fast or reference, found 'quick'"):
        engine("quick", PROCEDURES["EP"])


@pytest.mark.parametrize("name", ["fast", "reference"])
def test_parameters_go_in_and_out_as_copies(name):
    chosen = engine(name, PROCEDURES["EP"]).engine
    saved = chosen.parameters()
    saved["W_0_1"].zero_()
    assert float(chosen.parameters()["W_0_1"].abs().sum()) > 0
    chosen.load(saved)
    saved["W_0_1"].fill_(9)
    assert float(chosen.parameters()["W_0_1"].abs().sum()) == 0


def test_a_plan_is_a_function_of_seed_and_epoch():
    def plan(seed, epoch):
        return epoch_plan(seed=seed, epoch=epoch, samples=100, batch=7, positive_probability=0.5)

    assert torch.equal(plan(1, 2).order, plan(1, 2).order)
    assert plan(1, 2).signs == plan(1, 2).signs
    assert not torch.equal(plan(1, 2).order, plan(1, 3).order)
    assert not torch.equal(plan(1, 2).order, plan(2, 1).order)
    assert sorted(plan(1, 2).order.tolist()) == list(range(100))
    assert len(plan(1, 2).signs) == 15


@pytest.mark.parametrize(("p", "low", "high"), [(1.0, 1, 1), (0.0, 0, 0), (0.25, 0.22, 0.28)])
def test_the_share_of_positive_signs_is_the_probability(p, low, high):
    plan = epoch_plan(seed=0, epoch=1, samples=4000, batch=1, positive_probability=p)
    assert low <= sum(sign > 0 for sign in plan.signs) / 4000 <= high


def test_signs_do_not_change_the_order():
    plans = [
        epoch_plan(seed=4, epoch=1, samples=60, batch=20, positive_probability=p) for p in (1, 0.5)
    ]
    assert torch.equal(plans[0].order, plans[1].order)


class Always:
    """An engine that answers class 3."""

    def predict(self, x):
        return one_hot(torch.full((len(x),), 3), 10, x.dtype)


def test_the_error_is_counted_in_parts_of_any_size():
    part = samples(count=53)
    expected = 100 * int((part.labels != 3).sum()) / 53
    for rows in (1, 10, 53, 1000):
        assert error_rate(Always(), part, dtype=torch.float64, rows=rows) == expected


def test_progress_counts_every_sample():
    seen = []
    part = samples()
    plan = epoch_plan(seed=0, epoch=1, samples=47, batch=20)
    train_epoch(
        engine("fast", PROCEDURES["EP"]).engine,
        part,
        plan,
        batch=20,
        classes=10,
        dtype=torch.float64,
        progress=seen.append,
    )
    assert seen == [20, 20, 7]


def test_a_parameter_that_is_not_finite_is_named():
    parameters = {"a": torch.ones(2), "b": torch.tensor([1.0, float("nan")])}
    assert first_not_finite(parameters) == "b"
    assert first_not_finite({"a": torch.ones(2)}) is None
