"""Wrong models and rules as they occur: none passes, and the cause that is named is the one."""

import pytest
import torch

from cep_core import C_EP, C_VF, PrimitiveNetwork, VectorFieldNetwork, Verdict, gducheck
from tests.cases import models
from tests.cases.models import (
    Changed,
    Own,
    biased,
    biased_task,
    force,
    hopfield,
    task,
    two_way,
    with_signal,
)


def fails(result, *said, never=()):
    assert result.verdict is Verdict.FAIL, str(result)
    text = "\n".join(result.causes)
    for words in said:
        assert words in text, str(result)
    for words in ("right at kappa = 0", "untied", *never):
        assert words not in str(result), str(result)
    return result


class Rounded(torch.autograd.Function):
    """tanh whose slope automatic differentiation takes for 1."""

    @staticmethod
    def forward(ctx, argument):
        return torch.tanh(argument)

    @staticmethod
    def backward(ctx, slope):
        return slope


HIDDEN = {
    "detached": lambda hidden: torch.tanh(hidden).detach(),
    "straight-through": Rounded.apply,
}


@pytest.mark.parametrize("name", HIDDEN)
def test_a_gradient_of_bptt_that_is_not_that_of_the_loss(name):
    result = gducheck(PrimitiveNetwork(with_signal(HIDDEN[name])), **task())
    assert result.verdict is not Verdict.PASS
    assert result.total.verdict is not Verdict.PASS
    assert any("by finite differences" in cause for cause in result.causes)
    assert "a factor is wrong" not in str(result)
    assert "right at kappa = 0" not in str(result)


def cut(x, state, theta, nudge=None):
    """The right next state, whose output hands no gradient on to the hidden layer."""
    new = force(hopfield)(x, state, theta, nudge)
    output, _ = force(hopfield)(x, (state[0], state[1].detach()), theta, nudge)
    return output, new[1]


def without_graph(x, state, theta, nudge=None):
    """The right next state, whose output is a number for automatic differentiation."""
    new = force(hopfield)(x, state, theta, nudge)
    return new[0].detach(), new[1]


@pytest.mark.parametrize("step", [cut, without_graph])
@pytest.mark.parametrize("change", [1.0, 1.2])
def test_a_transition_that_detaches_is_compared_with_the_loss_itself(step, change):
    """The updates are right, or are not, and BPTT is wrong: finite differences tell them apart."""
    rule = Changed(lambda d: {n: change * v for n, v in d.items()})
    result = gducheck(Own(step, hopfield), **task(), rule=rule, steps=4)
    right = change == 1
    wanted = Verdict.INCONCLUSIVE if right else Verdict.FAIL
    assert result.verdict is result.total.verdict is wanted, str(result)
    assert result.neurons.verdict is Verdict.INCONCLUSIVE
    assert (
        "follows the loss by finite differences and not BPTT" in str(result.parameters)
    ) == right
    assert any("something between is detached" in cause for cause in result.causes)
    for untrue in (
        "Jacobian",
        "tied",
        "a factor",
        "right at kappa = 0",
        "finite differences of the",
    ):
        assert untrue not in str(result), str(result)


@pytest.mark.parametrize("offset", [1e-2, 1e-6])
def test_a_nudged_transition_that_moves_without_a_nudge(offset):
    """Increments that do not vanish with beta are no small signal that noise hides."""

    def step(x, state, theta, nudge=None):
        new = force(hopfield)(x, state, theta, nudge)
        return new if nudge is None else (new[0], new[1] + offset)

    result = gducheck(Own(step, hopfield), **task(), rule="EP", steps=4)
    fails(result, "a nudge of 0 moves the state", never=("round-off", "no signal", "Jacobian"))
    assert result.neurons.verdict is Verdict.FAIL


def test_increments_that_are_as_large_however_small_the_nudge():
    rule = Changed(lambda d: d | {"W": d["W"].sign() * 1e-3})
    result = gducheck(PrimitiveNetwork(hopfield), **task(), rule=rule, steps=4)
    fails(result, "the increments of W are as large at the smallest beta", never=("round-off",))
    assert result.total.verdict is Verdict.FAIL
    assert {t.name: str(t.verdict) for t in result.parameters.tensors} == {"W": "fail", "V": "pass"}


def test_what_is_not_finite_is_said_of_what_is_not():
    rule = Changed(lambda d: d | {"V": d["V"] / 0})
    result = gducheck(PrimitiveNetwork(hopfield), **task(), rule=rule, steps=3)
    fails(result, "the rule's increments of V are not finite", never=("diverges", "a slope"))
    assert result.neurons.verdict is Verdict.PASS

    def step(x, state, theta, nudge=None):
        new = force(hopfield)(x, state, theta, nudge)
        return new if nudge is None or not nudge.any() else (new[0] / 0, new[1])

    result = gducheck(Own(step, hopfield), **task(), steps=3)
    fails(result, "the nudged phase leaves the finite numbers", never=("nan to nan",))
    assert result.as_json()["angle"] is None


RULES = {
    "sum": (lambda d: {n: 2 * v for n, v in d.items()}, ("2 times", "the number of samples")),
    "sign": (lambda d: {n: -v for n, v in d.items()}, ("the sign is flipped", "an energy E")),
    "one sign": (lambda d: d | {"b": -d["b"]}, ("the sign is flipped", "(b)")),
    "a thousandth": (
        lambda d: d | {"W": 1.001 * d["W"]},
        ("the parameters' updates are 1.001 times minus the gradients", "a factor is wrong"),
    ),
    "threefold": (lambda d: {n: 3 * v for n, v in d.items()}, ("3 times", "a factor is wrong")),
    "decay": (lambda d: {n: v + 1e-4 for n, v in d.items()}, ("where nothing moves",)),
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("continual", [False, True])
def test_a_rule_that_is_wrong(name, continual):
    change, said = RULES[name]
    rule = Changed(change, continual=continual)
    result = gducheck(PrimitiveNetwork(biased), **biased_task(), rule=rule)
    fails(result, *said, never=() if name == "sum" else ("number of samples",))
    assert result.neurons.verdict is Verdict.PASS, str(result)


@pytest.mark.parametrize("continual", [False, True])
def test_a_parameter_that_the_rule_leaves_out_is_named(continual):
    def without(increment):
        return {name: value for name, value in increment.items() if name != "b"}

    rule = Changed(without, C_EP if continual else models.EP, continual=continual)
    result = fails(gducheck(PrimitiveNetwork(biased), **biased_task(), rule=rule))
    assert result.parameters.reason.startswith("b is left out by the rule")
    assert "note: b: the rule changed leaves it out" in str(result)


class Mismatch:
    """A mean for its value, a sum for its gradient."""

    def value(self, output, target):
        return torch.nn.functional.mse_loss(output, target) / 2

    def gradient(self, output, target):
        return output - target


class Opposite(Mismatch):
    def value(self, output, target):
        return (output - target).square().sum() / 2

    def gradient(self, output, target):
        return target - output


def test_a_loss_whose_gradient_is_not_that_of_its_value():
    network = PrimitiveNetwork(hopfield)
    result = fails(gducheck(network, **task(), loss=Mismatch()), "6 times", "reduction by mean")
    assert result.neurons.verdict is Verdict.FAIL
    assert result.total.verdict is Verdict.FAIL
    assert "a step per layer" not in str(result)
    fails(gducheck(network, **task(), loss=Opposite()), "the sign is flipped")


def test_an_energy_for_a_primitive_function():
    def step(x, state, theta, nudge=None):
        return force(hopfield)(x, state, theta, nudge)

    result = gducheck(Own(step, models.energy), **task(), rule="EP")
    fails(result, "the sign is flipped (an energy E in place of Phi = -E?)")
    diverges = gducheck(PrimitiveNetwork(lambda x, s, p: 3 * models.energy(x, s, p)), **task())
    assert diverges.verdict is Verdict.INCONCLUSIVE
    assert any("if it is meant as an energy" in cause for cause in diverges.causes)


def test_weights_that_are_not_tied():
    network = VectorFieldNetwork(two_way)
    result = gducheck(network, **models.two_way_task(tied=False), rule=C_VF)
    fails(result, "the Jacobian is not symmetric", never=("a factor is wrong",))
    assert result.neurons.verdict is Verdict.FAIL
