"""What cannot be checked is refused in one line that names the field, before anything runs."""

import numpy as np
import pytest
import torch
import torch.nn.functional as fn

from cep_core import C_EP, EP, PrimitiveNetwork, VectorFieldNetwork, Verdict, gducheck
from cep_core.check.failures import is_refusal
from tests.cases.models import Changed, Own, force, hopfield, task, zeros

NETWORK = PrimitiveNetwork(hopfield)


def refused(match, kind=ValueError, network=NETWORK, **changed):
    with pytest.raises(kind, match=match) as caught:
        gducheck(network, **task() | changed)
    assert is_refusal(caught.value)
    assert "\n" not in str(caught.value)


class Slope:
    def value(self, output, target):
        return (output - target).square().sum() / 2

    def gradient(self, output, target):
        return (output - target).mean(0)


class Answers(Own):
    """A network whose gradients in the parameters are something else."""

    def __init__(self, answer):
        super().__init__(force(hopfield), hopfield)
        self.answer = answer

    def primitive_gradient(self, x, state, parameters):
        return self.answer


REFUSED = {
    "no start": (r"start: expected a first state", {"start": None}),
    "one sample in start": (r"start: expected 2 samples", {"start": (zeros(1, 3), zeros(1, 5))}),
    "a narrow target": (r"y: .*\(2, 3\) .*found \(2, 1\)", {"y": zeros(2, 1)}),
    "a target of one sample": (r"y: .*\(2, 3\) .*found \(3,\)", {"y": zeros(3)}),
    "labels without a loss": (r"y: .*found \(2,\)", {"y": torch.tensor([1, 2])}),
    "a stretched target": (
        r"y: .*\(2, 1\) stretched over \(2, 3\)",
        {"y": zeros(2, 1), "loss": fn.mse_loss},
    ),
    "a target stretched over samples": (
        r"y: .*\(3,\) stretched over \(2, 3\)",
        {"y": zeros(3), "loss": lambda output, y: (output - y).square().sum()},
    ),
    "a loss that is no number": (
        r"loss: expected a scalar tensor.*\(2, 3\)",
        {"loss": torch.nn.MSELoss(reduction="none")},
    ),
    "a gradient of the loss that would be stretched": (
        r"loss: expected a gradient of the shape \(2, 3\).*found \(3,\)",
        {"loss": Slope()},
    ),
    "a label out of bounds": (
        r"loss: .*out of bounds",
        {"y": torch.tensor([1, 7]), "loss": fn.cross_entropy},
    ),
    "an input that does not fit": (r"transition: expected it to run", {"x": zeros(2, 7)}),
    "an input of other samples": (r"transition: expected it to run", {"x": zeros(3, 4)}),
    "not a number": (r"x: expected finite numbers", {"x": zeros(2, 4) / 0}),
    "one beta": (r"betas: expected at least two", {"betas": (1e-3,)}),
    "betas that grow": (r"betas: .*decreasing", {"betas": (1e-3, 1e-2)}),
    "betas of both signs": (r"betas: .*one sign", {"betas": (1e-2, -1e-3)}),
    "no steps": (r"steps: expected a positive count", {"steps": 0}),
    "no free steps": (r"free_steps: expected a positive count", {"free_steps": 0}),
    "a tolerance below 0": (r"tolerance: expected a number from 0", {"tolerance": -1.0}),
    "an estimator": (r"estimator: expected 'one-sided'", {"estimator": "two-sided"}),
    "a kappa without a name": (r"kappa: expected one number for each of W, V", {"kappa": {"W": 1}}),
    "a kappa in words": (
        r"kappa: expected a finite number other than 0.*'1e-3'",
        {"kappa": "1e-3"},
    ),
    "a kappa that is none": (
        r"kappa: expected finite numbers",
        {"kappa": {"W": 1.0, "V": float("nan")}},
    ),
    "a single beta": (r"betas: expected at least two.*found 0.001", {"betas": 1e-3}),
    "betas in words": (r"betas: expected at least two.*'a'", {"betas": ("a", "b")}),
    "a truth for steps": (r"steps: expected a positive count, found True", {"steps": True}),
    "a tolerance in words": (r"tolerance: expected a number from 0", {"tolerance": "1e-9"}),
    "a tensor without numbers": (r"y: .*on the device meta", {"y": zeros(2, 3).to("meta")}),
    "a loss of three arguments": (
        r"loss: expected it to run on the output and y.*missing 1 required positional argument",
        {"loss": lambda output, y, weight: 0},
    ),
    "gradients of another name": (
        r"primitive_gradient: expected a dict with entries W, V, found Z",
        {"network": Answers({"Z": zeros(1)}), "rule": EP},
    ),
    "no gradients": (
        r"primitive_gradient: expected a dict with entries W, V, found NoneType",
        {"network": Answers(None), "rule": EP},
    ),
    "no next state": (
        r"transition: next state: expected a tuple with entries 0, 1, found NoneType",
        {"network": Own(lambda *given: None, hopfield)},
    ),
    "whole numbers for increments": (
        r"rule: expected an increment of W of dtype torch.float64, found torch.int64",
        {"rule": Changed(lambda d: {name: v.long() for name, v in d.items()})},
    ),
    "a rule without a name": (r"rule 'SGD' is not known", {"rule": "SGD"}),
    "an increment of another name": (
        r"rule: expected increments of W, V, found one of Z",
        {"rule": Changed(lambda d: d | {"Z": d["W"]})},
    ),
    "an increment of another shape": (
        r"rule: expected an increment of W of shape \(3, 5\)",
        {"rule": Changed(lambda d: {name: v.sum() for name, v in d.items()})},
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_values(name):
    match, changed = REFUSED[name]
    refused(match, **changed)


KINDS = {
    "a class for a loss": (r"loss: .*the class MSELoss", {"loss": torch.nn.MSELoss}),
    "a word for a loss": (r"loss: .*found str", {"loss": "mse"}),
    "no parameters": (r"parameters: expected tensors by name, found None", {"parameters": None}),
    "a module for parameters": (
        r"parameters: .*dict\(module.named_parameters\(\)\)",
        {"parameters": torch.nn.Linear(2, 2)},
    ),
    "whole numbers for parameters": (
        r"parameters: expected real numbers in W",
        {"parameters": {"W": torch.ones(3, 5, dtype=torch.int64)}},
    ),
    "a state of whole numbers": (
        r"start: expected real floating-point numbers in s_0, found torch.int64: give .double\(\)",
        {"start": (zeros(2, 3).long(), zeros(2, 5))},
    ),
    "a complex state": (
        r"start: .*found torch.complex128: write real and imaginary parts as two tensors",
        {"start": (zeros(2, 3), zeros(2, 5).to(torch.complex128))},
    ),
    "an array": (r"x: expected a tensor.*ndarray: give torch.as_tensor", {"x": np.zeros((2, 4))}),
    "a bare number": (
        r"parameters\['t'\]: expected a tensor.*float: give torch.tensor",
        {"parameters": {"t": 0.5}},
    ),
    "a generator": (r"start: .*found generator: give tuple", {"start": (zeros(2) for _ in [1])}),
    "the class of a network": (
        r"network: .*the class PrimitiveNetwork instead of an instance",
        {"network": PrimitiveNetwork},
    ),
    "a number in the state": (
        r"start\[1\]: expected a tensor.*float",
        {"start": (zeros(2, 3), 1.0)},
    ),
    "a rule that is none": (r"rule: expected EP, C_EP, C_VF or", {"rule": 3}),
    "a network that is none": (r"network: .*PrimitiveNetwork\(phi\)", {"network": hopfield}),
    "a vector field under EP": (
        "a vector field has no primitive function",
        {"network": VectorFieldNetwork(force(hopfield)), "rule": EP},
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_refused_kinds(name):
    match, changed = KINDS[name]
    refused(match, TypeError, **changed)


def test_a_transition_without_a_gradient_is_refused():
    network = Own(torch.no_grad()(force(hopfield)), hopfield)
    refused("transition: expected a next state that depends differentiably", network=network)


def test_an_error_of_ones_own_function_is_told_in_one_line_with_its_cause():
    with pytest.raises(ValueError, match=r"transition: .*KeyError: 'missing'") as caught:
        gducheck(PrimitiveNetwork(lambda x, s, p: p["missing"].sum()), **task())
    assert isinstance(caught.value.__cause__, KeyError)


def test_what_is_given_is_as_it_was_after_an_exception():
    memory, given = [], task()
    kept = {name: p.clone() for name, p in given["parameters"].items()}

    def phi(x, state, theta):
        memory.append(1)
        if len(memory) > 3:
            raise RuntimeError
        return hopfield(x, state, theta)

    torch.manual_seed(0)
    before = torch.get_rng_state()
    with pytest.raises((ValueError, RuntimeError)):
        gducheck(PrimitiveNetwork(phi), **given)
    assert memory == []
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(kept[name], p) for name, p in given["parameters"].items())


def in_place(x, state, theta, nudge=None):
    new = force(hopfield)(x, state, theta, nudge)
    if torch.is_grad_enabled():
        return new
    for old, value in zip(state, new, strict=True):
        old.copy_(value)
    return state


def replacing(x, state, theta, nudge=None):
    for n, value in enumerate(force(hopfield)(x, tuple(state), theta, nudge)):
        state[n] = value
    return state


class Adding:
    """A rule that adds its increments to the parameters that it is given."""

    name, continual, vector_field = "adding", True, False

    def increment(self, network, x, parameters, state, following):
        found = C_EP.increment(network, x, parameters, state, following)
        for name, value in found.items():
            parameters[name].data.add_(1e-5 * value + 1e-9)
        return found


def test_what_writes_in_place_is_handed_copies():
    given = task()
    kept = [s.clone() for s in given["start"]]
    result = gducheck(Own(in_place, hopfield), **given, rule=EP)
    assert result.verdict is Verdict.PASS, str(result)
    assert "in place" in str(result)
    assert all(torch.equal(a, b) for a, b in zip(kept, given["start"], strict=True))
    listed = list(given["start"])
    result = gducheck(Own(replacing, hopfield), **given | {"start": listed}, rule=EP)
    assert result.verdict is Verdict.PASS, str(result)
    assert all(a is b for a, b in zip(listed, given["start"], strict=True))
    weights = {name: p.clone() for name, p in given["parameters"].items()}
    result = gducheck(NETWORK, **given, rule=Adding())
    assert "the rule adding writes into the tensors" in str(result)
    assert all(torch.equal(weights[name], p) for name, p in given["parameters"].items())
