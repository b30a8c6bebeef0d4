"""The fast engine's convolutional networks are the definition's, up to rounding."""

from dataclasses import replace

import pytest
import torch

from cep_core import C_EP, C_VF, EP, ConvolutionalShape, Procedure, learn_batch, learning_rates
from cep_core.activations import ACTIVATIONS, Sigmoid
from cep_core.fast import ConvolutionalEngine, out_of_reach_of_maps
from cep_core.networks.pooling import AveragePooling, MaxPooling, SoftmaxPooling
from cep_core.phases import free_phase
from cep_core.rules import BPTT
from cep_core.training.choose import make_engine

SHAPES = {
    "max": ConvolutionalShape((3, 4), (5, 3), (1, 10, 10), kernel=3),
    "average, padded": ConvolutionalShape(
        (3, 4), (3,), (2, 9, 8), kernel=3, padding=1, pooling=AveragePooling()
    ),
    "three, mixed, strided": ConvolutionalShape(
        (3, 4, 2),
        (3,),
        (1, 14, 13),
        kernel=(3, 3, 2),
        stride=(1, 2, 1),
        padding=(1, 1, 0),
        pooling=(MaxPooling((3, 3), (2, 2)), None, AveragePooling()),
    ),
}
PROCEDURES = {
    "EP": Procedure(EP, 0.3, 12, 5),
    "centred EP": Procedure(EP, 0.3, 12, 5, centred=True),
    "C-EP": Procedure(C_EP, 0.3, 12, 5),
    "BPTT": Procedure(BPTT, 0.3, 12, 5),
}


def problem(shape, *, nudge="inside", winners="current", activation="sigmoid", batches=3):
    generator = torch.Generator().manual_seed(4)
    network = shape.network(ACTIVATIONS[activation], nudge=nudge, winners=winners)
    parameters = shape.initial(generator)
    rates = learning_rates(network, parameters, [0.002 + 0.001 * n for n in range(shape.layers)])
    x = torch.rand(batches, 4, *shape.image, generator=generator, dtype=torch.float64)
    y = torch.rand(batches, 4, shape.dense[-1], generator=generator, dtype=torch.float64)
    return network, parameters, rates, list(zip(x, y, (1, -1, 1), strict=False))


def agree(network, procedure, parameters, rates, batches):
    engine = ConvolutionalEngine(network, procedure, parameters, rates)
    for x, y, sign in batches:
        output = engine.learn(x, y, sign)
        learned = learn_batch(network, procedure, x, y, parameters, rates, sign=sign)
        parameters = learned.parameters
        assert torch.equal(output, engine.steady_state[0])
        for ours, theirs in zip(engine.steady_state, learned.free.state, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)
        found = engine.parameters()
        assert list(found) == list(parameters)
        for name, value in parameters.items():
            torch.testing.assert_close(found[name], value, rtol=0, atol=1e-12)
    x = batches[0][0]
    wanted = free_phase(network, x, parameters, steps=procedure.free_steps).state[0]
    torch.testing.assert_close(engine.predict(x, rows=3), wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("procedure", PROCEDURES)
@pytest.mark.parametrize("shape", SHAPES)
def test_parameters_states_and_predictions_are_the_definitions(shape, procedure):
    agree(*problem(SHAPES[shape])[:1], PROCEDURES[procedure], *problem(SHAPES[shape])[1:])


@pytest.mark.parametrize("activation", ["hard-sigmoid", "half-hard-sigmoid", "tanh"])
def test_every_activation_nudged_outside_with_winners_one_step_old(activation):
    network, *rest = problem(
        SHAPES["max"], nudge="outside", winners="one step old", activation=activation
    )
    agree(network, PROCEDURES["EP"], *rest)


def test_float32_stays_near_and_flat_images_are_read():
    network, parameters, rates, batches = problem(SHAPES["max"])
    single = {name: value.float() for name, value in parameters.items()}
    engine = make_engine("fast", network, PROCEDURES["EP"], single, rates)
    assert (engine.name, engine.note) == ("fast", "")
    for x, y, sign in batches:
        engine.engine.learn(x.float().flatten(1), y.float(), sign)
        parameters = learn_batch(
            network, PROCEDURES["EP"], x, y, parameters, rates, sign=sign
        ).parameters
    for name, value in engine.engine.parameters().items():
        assert value.dtype is torch.float32
        torch.testing.assert_close(value.double(), parameters[name], rtol=0, atol=1e-5)


def test_what_it_takes_and_gives_are_copies():
    network, parameters, rates, batches = problem(SHAPES["max"])
    engine = ConvolutionalEngine(network, PROCEDURES["EP"], parameters, rates)
    before = {name: value.clone() for name, value in parameters.items()}
    given = engine.parameters()
    engine.learn(*batches[0])
    assert all(torch.equal(parameters[name], before[name]) for name in before)
    assert all(torch.equal(given[name], before[name]) for name in before)
    engine.load(before)
    assert all(torch.equal(engine.parameters()[name], before[name]) for name in before)
    assert engine.memory() == {}


class OwnSigmoid(Sigmoid):
    pass


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"pooling": SoftmaxPooling()}, "expected max or average pooling, found softmax"),
        ({"activation": OwnSigmoid()}, r"expected activations among .*, found OwnSigmoid"),
        ({"rule": C_VF}, "expected one of the rules EP, C-EP, BPTT themselves"),
        ({"untied": True}, "expected a chain of tied convolutions"),
        ({"lagged": True, "rule": C_EP}, "expected the winners of the state and damping 1"),
        ({"mixed": True}, "expected parameters all in float32 or all in float64"),
        ({"backwards": True}, "expected a chain of tied convolutions"),
    ],
)
def test_what_it_does_not_implement_is_the_definitions(change, reason):
    shape = replace(SHAPES["max"], pooling=change.get("pooling", MaxPooling()))
    network = shape.network(
        change.get("activation", Sigmoid()),
        winners="one step old" if "lagged" in change else "current",
        untied="untied" in change,
    )
    if "backwards" in change:
        network = replace(network, edges=network.edges[::-1])
    angle = 0.0 if "untied" in change else None
    parameters = shape.initial(torch.Generator(), angle=angle)
    if "mixed" in change:
        parameters["b_0"] = parameters["b_0"].float()
    procedure = Procedure(change.get("rule", EP), 0.1, 3, 2)
    found = out_of_reach_of_maps(network, procedure, parameters)
    assert found is not None
    with pytest.raises(ValueError, match=reason):
        ConvolutionalEngine(network, procedure, parameters, dict.fromkeys(parameters, 0.1))
    chosen = make_engine("fast", network, procedure, parameters, dict.fromkeys(parameters, 0.1))
    assert chosen.name == "reference"
    assert found in chosen.note
