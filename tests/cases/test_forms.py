"""States, parameters, targets and losses in the forms that users have."""

from collections import namedtuple

import pytest
import torch
import torch.nn.functional as fn

from cep_core import EP, PrimitiveNetwork, Verdict, gducheck
from cep_core.losses import CrossEntropy, ReadOut, as_loss
from tests.cases.models import D, Draw, hopfield, leak, task, zeros

Layers = namedtuple("Layers", ["output", "hidden"])  # noqa: PYI024 - as users write it

STATES = {
    "a list": (list, lambda s: s),
    "a dictionary": (
        lambda s: {"out": s[0], "hid": s[1]},
        lambda s: (s["out"], s["hid"]),
    ),
    "a tuple in a tuple": (lambda s: (s[0], (s[1],)), lambda s: (s[0], s[1][0])),
    "a named tuple": (lambda s: Layers(*s), lambda s: (s.output, s.hidden)),
    "a list in a dictionary": (
        lambda s: {"out": s[0], "blocks": [s[1]]},
        lambda s: (s["out"], s["blocks"][0]),
    ),
}


@pytest.mark.parametrize("form", STATES)
def test_a_state_of_any_form(form):
    build, layers = STATES[form]
    given = task()
    given["start"] = build(given["start"])
    kept = str(given["start"])
    network = PrimitiveNetwork(lambda x, s, p: hopfield(x, layers(s), p))
    result = gducheck(network, **given, rule=EP)
    assert result.verdict is Verdict.PASS, str(result)
    assert result.neurons.verdict is Verdict.PASS
    assert str(given["start"]) == kept


def test_the_users_names_are_in_the_answer():
    given = task()
    given["start"] = {"out": given["start"][0], "hid": given["start"][1]}
    network = PrimitiveNetwork(lambda x, s, p: hopfield(x, (s["out"], s["hid"]), p["net"]))
    result = gducheck(network, **given | {"parameters": {"net": given["parameters"]}}, rule=EP)
    assert set(result.relmse) == {"out", "hid", "net.W", "net.V"}


@pytest.mark.parametrize("shape", [(2, 4), (4,)])
def test_a_state_of_one_tensor_with_and_without_a_mini_batch(shape):
    weights = Draw(1).normal(4, 4, scale=0.3)

    def phi(x, state, theta):
        signal = torch.tanh(state)
        pairs = ((signal @ theta["W"]) * signal).sum() / 4
        return state.square().sum() / 4 + pairs + (state * x).sum() / 2

    draw = Draw(2)
    x, y = draw.normal(*shape), draw.normal(*shape)
    result = gducheck(PrimitiveNetwork(phi), x, y, {"W": weights}, start=zeros(*shape))
    assert result.verdict is Verdict.PASS, str(result)


def test_one_sample_without_a_dimension_for_it():
    given = task()
    single = {
        "x": given["x"][0],
        "y": given["y"][0],
        "parameters": given["parameters"],
        "start": tuple(s[0] for s in given["start"]),
    }
    assert gducheck(PrimitiveNetwork(hopfield), **single).verdict is Verdict.PASS


def test_no_input():
    def phi(_, state, theta):
        signal = torch.tanh(state[0])
        pairs = ((signal @ theta["W"]) * signal).sum() / 4
        return leak(state) + pairs + (state[0] * theta["b"]).sum()

    draw = Draw(3)
    theta = {"W": draw.normal(4, 4, scale=0.3), "b": draw.normal(4)}
    result = gducheck(PrimitiveNetwork(phi), None, draw.normal(2, 4), theta, start=(zeros(2, 4),))
    assert result.verdict is Verdict.PASS, str(result)


PARAMETERS = {
    "a list": (lambda p: [p["W"], p["V"]], lambda p: {"W": p[0], "V": p[1]}),
    "nested": (lambda p: {"net": {"up": p["W"]}, "in": p["V"]}, None),
    "modules'": (
        lambda p: torch.nn.ParameterDict({n: torch.nn.Parameter(v) for n, v in p.items()}),
        lambda p: p,
    ),
}


@pytest.mark.parametrize("form", PARAMETERS)
def test_parameters_of_any_form(form):
    build, back = PARAMETERS[form]
    given = task()

    def opened(theta):
        return {"W": theta["net"]["up"], "V": theta["in"]} if back is None else back(theta)

    network = PrimitiveNetwork(lambda x, s, p: hopfield(x, s, opened(p)))
    parameters = build(given["parameters"])
    result = gducheck(network, **given | {"parameters": parameters})
    assert result.verdict is Verdict.PASS, str(result)


def test_a_parameter_and_a_state_without_dimensions():
    def phi(_, state, theta):
        return state.square() / 4 + torch.tanh(state) * theta["w"]

    number = torch.tensor(0.4, dtype=D)
    result = gducheck(PrimitiveNetwork(phi), None, number / 2, {"w": number}, start=0 * number)
    assert result.verdict is Verdict.PASS, str(result)


def mean_of_squares(output, y):
    return fn.mse_loss(output, y)


LOSSES = {
    "a function": (mean_of_squares, None),
    "a module": (torch.nn.MSELoss(reduction="sum"), None),
    "cross-entropy": (CrossEntropy(), torch.tensor([2, 0])),
    "the function of PyTorch": (fn.cross_entropy, torch.tensor([2, 0])),
    "probabilities": (fn.cross_entropy, torch.eye(3, dtype=D)[:2]),
    "whole numbers in squares": (None, torch.eye(3, dtype=torch.int64)[:2]),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name):
    loss, y = LOSSES[name]
    given = task()
    given["y"] = given["y"] if y is None else y
    result = gducheck(PrimitiveNetwork(hopfield), **given, loss=loss)
    assert result.verdict is Verdict.PASS, str(result)
    assert result.neurons.verdict is Verdict.PASS


def read(output, theta):
    return output.flatten(1) @ theta["w"].T + theta["b"]


def test_a_read_out_has_parameters_of_its_own():
    draw = Draw(4)
    loss = ReadOut(
        lambda logits, y: fn.cross_entropy(logits, y, reduction="sum"),
        read,
        {"w": draw.normal(5, 3), "b": draw.normal(5)},
    )
    labels = torch.tensor([1, 4])
    result = gducheck(PrimitiveNetwork(hopfield), **task() | {"y": labels}, loss=loss)
    assert result.verdict is Verdict.PASS, str(result)
    output = draw.normal(2, 3)
    found = loss.parameter_gradient(output, labels)
    step = 1e-6
    moved = {
        sign: fn.cross_entropy(
            read(output, loss.parameters | {"b": loss.parameters["b"] + sign * step}),
            labels,
            reduction="sum",
        )
        for sign in (1, -1)
    }
    assert float(found["b"].sum()) == pytest.approx(float(moved[1] - moved[-1]) / 2e-6, abs=1e-8)


def test_a_read_out_among_the_parameters_is_not_compared_and_so_named():
    draw = Draw(4)
    own = {"out.w": draw.normal(5, 3), "out.b": draw.normal(5)}

    def loss(output, y):
        return fn.cross_entropy(output @ own["out.w"].T + own["out.b"], y, reduction="sum")

    given = task() | {"y": torch.tensor([1, 4])}
    given["parameters"] = given["parameters"] | own
    result = gducheck(PrimitiveNetwork(hopfield), **given, loss=loss)
    assert "out.w: not used by the network" in str(result)
    assert "out.b: not used by the network" in str(result)


def test_a_value_alone_is_a_loss():
    class Value:
        def value(self, output, target):
            return (output - target).square().sum() / 2

    output, target = Draw(1).normal(2, 3), Draw(2).normal(2, 3)
    torch.testing.assert_close(as_loss(Value()).gradient(output, target), output - target)
