"""Right models as they occur: none is accused, and nothing untrue is said about them."""

import itertools

import pytest
import torch
import torch.nn.functional as fn
from torch.func import functional_call

from cep_core import (
    C_VF,
    EP,
    EnergyNetwork,
    PrimitiveNetwork,
    Problem,
    VectorFieldNetwork,
    Verdict,
    gducheck,
    nabla,
)
from cep_core.check.bptt import unroll
from tests.cases import models
from tests.cases.models import D, Draw, Own, force, hopfield, leak, task, two_way, zeros


def passes(result, *, neurons=True):
    assert result.verdict is Verdict.PASS, str(result)
    assert result.total.verdict is Verdict.PASS, str(result)
    if neurons:
        assert result.neurons.verdict is Verdict.PASS, str(result)
    assert not result.causes
    for untrue in ("untied", "likely cause", "a factor is wrong", "kink"):
        assert untrue not in str(result)
    return result


def pooled(x, state, theta):
    out, hidden = state
    maps = fn.max_pool2d(fn.conv2d(x, theta["c"], theta["b"], padding=1), 2)
    return (maps * hidden).sum() + ((hidden.flatten(1) @ theta["w"].T + theta["d"]) * out).sum()


def pooled_task():
    draw = Draw(1)
    return {
        "x": draw.uniform(2, 1, 8, 8),
        "y": draw.uniform(2, 3),
        "parameters": {
            "c": draw.normal(4, 1, 3, 3, scale=0.25),
            "b": draw.normal(4, scale=0.2) + 0.3,
            "w": draw.normal(3, 64, scale=0.07),
            "d": draw.normal(3, scale=0.1) + 0.5,
        },
        "start": (zeros(2, 3), zeros(2, 4, 4, 4)),
    }


ACTIVATIONS = {"tanh": torch.tanh, "hard sigmoid": lambda a: a.clamp(0, 1)}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_after_the_gradient_of_ones_own_class(name):
    def step(x, state, theta, nudge=None):
        return tuple(ACTIVATIONS[name](a) for a in force(pooled)(x, state, theta, nudge))

    result = passes(gducheck(Own(step, pooled), **pooled_task(), rule=EP), neurons=False)
    assert "a slope" in str(result)  # what the neurons follow is said
    assert "Jacobian" not in str(result)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_after_a_primitive_function_without_a_class(name):
    network = PrimitiveNetwork(pooled, activation=ACTIVATIONS[name])
    passes(gducheck(network, **pooled_task()))


def test_a_step_per_layer_of_ones_own_class():
    def step(x, state, theta, nudge=None):
        new = force(hopfield)(x, state, theta, nudge)
        return tuple(s + t * (n - s) for s, n, t in zip(state, new, (0.9, 0.2), strict=True))

    result = passes(gducheck(Own(step, hopfield), **task(), rule=EP), neurons=False)
    assert "a step per layer" in str(result)


WRITTEN_DOWN = {
    "relaxation": PrimitiveNetwork(hopfield, step=0.6),
    "an activation for each layer, relaxed": PrimitiveNetwork(
        hopfield, activation=(torch.tanh, torch.sigmoid), step=(0.5, 0.9)
    ),
    "an energy": EnergyNetwork(models.energy, 0.5),
    "an energy and time constants": EnergyNetwork(models.energy, (0.5, 0.1)),
    "an energy and a clamp": EnergyNetwork(
        models.energy, 0.5, activation=lambda s: s.clamp(-0.3, 0.3)
    ),
}


@pytest.mark.parametrize("name", WRITTEN_DOWN)
@pytest.mark.parametrize("rule", ["C-EP", "C-VF"])
def test_networks_written_down_in_one_line(name, rule):
    passes(gducheck(WRITTEN_DOWN[name], **task(), rule=rule))


def test_momentum_follows_in_its_parameters():
    def step(x, state, theta, nudge=None):
        places, speeds = state[:2], state[2:]
        new = force(hopfield)(x, places, theta, nudge)
        speeds = tuple(v / 2 + 0.3 * (n - s) for v, n, s in zip(speeds, new, places, strict=True))
        return (*(s + v for s, v in zip(places, speeds, strict=True)), *speeds)

    def phi(x, state, theta):
        return 0.3 * hopfield(x, state[:2], theta)

    given = task()
    given["start"] = (*given["start"], zeros(2, 3), zeros(2, 5))
    network = VectorFieldNetwork(step, phi=lambda x, s, p: phi(x, s, p) / 0.3, nudge_inside=True)
    passes(gducheck(network, **given), neurons=False)


def test_a_tensor_made_of_another_of_the_same_state_has_a_gradient_of_its_own():
    """The velocity moves the place in the same transition: a finite difference moves it alone."""

    def step(x, state, theta, nudge=None):
        place, speed = state
        speed = 0.5 * speed + 0.3 * (torch.tanh(place * theta["w"]) - place / 2)
        return place + speed, speed

    place, speed = Draw(3).normal(2, 3), Draw(4).normal(2, 3)
    problem = Problem(
        VectorFieldNetwork(step), None, zeros(2, 3), {"w": Draw(5).normal(3)}, steady=(place, speed)
    )
    found = nabla(problem, steps=4).state[1][2]  # two transitions before the end
    states = unroll(problem.network, None, (place, speed), [problem.parameters] * 4)

    def loss(by):
        moved = (states[2][0], states[2][1] + by)
        ends = unroll(problem.network, None, moved, [problem.parameters] * 2)
        return float(ends[-1][0].square().sum() / 2)

    finite = (loss(1e-6) - loss(-1e-6)) / 2e-6
    assert float(found.sum()) == pytest.approx(finite, rel=1e-7)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_sweep_is_wrong_at_every_step_and_right_in_total(order):
    result = gducheck(models.sweep(order), **task())
    assert result.verdict is Verdict.FAIL
    assert result.total.verdict is Verdict.PASS, str(result)
    assert any("one after another" in c and "right in total" in c for c in result.causes)
    assert not any("Jacobian" in c or "factor" in c for c in result.causes)


def untied(x, state, theta):
    """No primitive function, and a nudge outside the activation."""
    out, hidden = state
    return torch.tanh(hidden @ theta["F"].T), torch.tanh(out @ theta["B"] + x @ theta["V"].T)


@pytest.mark.parametrize("estimator", ["one-sided", "centred"])
def test_corrected_c_vf_needs_no_symmetry(estimator):
    draw, given = Draw(7), task()
    names = {"F": (3, 5), "B": (3, 5), "V": (5, 4)}
    given["parameters"] = {name: draw.normal(*shape) for name, shape in names.items()}
    network = VectorFieldNetwork(untied)
    passes(gducheck(network, **given, rule="corrected C-VF", estimator=estimator, steps=5))
    plain = gducheck(network, **given, rule=C_VF, estimator=estimator, steps=5)
    assert plain.verdict is Verdict.FAIL
    assert any("weights are not tied" in cause for cause in plain.causes)


def test_a_slope_that_is_missing_is_not_called_untied():
    def step(x, state, theta):
        out, hidden = state
        up, down = torch.tanh(hidden) @ theta["W"].T, torch.tanh(out) @ theta["W"]
        return out + 0.3 * (up - out), hidden + 0.3 * (down + x @ theta["V"].T - hidden)

    result = gducheck(VectorFieldNetwork(step), **task(), rule=C_VF, steps=5)
    assert result.verdict is Verdict.FAIL
    assert "symmetric only up to a slope per unit" in str(result)
    assert "tied" not in str(result)


def test_a_limit_that_is_approached_with_another_order_is_told_with_it():
    def step(x, state, theta, nudge=None):
        bent = None if nudge is None else nudge * (1 + nudge.abs().sqrt())
        return force(hopfield)(x, state, theta, bent)

    result = passes(gducheck(Own(step, hopfield), **task(), rule=EP, steps=4))
    assert "falls with order 0.50" in str(result.parameters)
    assert "round-off" not in str(result)


def test_increments_in_single_precision_are_named():
    rule = models.Changed(lambda d: d | {"W": d["W"].float()})
    result = passes(gducheck(PrimitiveNetwork(hopfield), **task(), rule=rule, steps=3))
    assert "W: the rule changed returns its increments as torch.float32" in str(result)


def test_tied_weights_with_c_vf():
    network = VectorFieldNetwork(two_way)
    passes(gducheck(network, **models.two_way_task(tied=True), rule=C_VF))


def with_branch(x, state, theta):
    signal = torch.tanh(state[2])
    aside = ((signal @ theta["U"]) * x).sum() / 2 + ((signal @ theta["L"]) * signal).sum() / 4
    return hopfield(x, state[:2], theta) + leak(state[2:]) + aside


@pytest.mark.parametrize("slow", [False, True])
def test_a_branch_without_a_gradient_is_named_and_not_accused(slow):
    given = task()
    lateral = 0.9 * torch.eye(4, dtype=D) if slow else Draw(2).normal(4, 4)
    given["parameters"] |= {"U": Draw(4).normal(4, 4), "L": lateral}
    given["start"] = (*given["start"], zeros(2, 4))
    result = passes(gducheck(PrimitiveNetwork(with_branch), **given))
    assert "U: no signal in 10 steps" in str(result)


def test_a_deep_chain_of_small_gradients():
    """Gradients that shrink by three decades a layer are compared on their own scale."""

    def phi(x, state, theta):
        pairs = itertools.pairwise(state)
        total = leak(state) + ((state[-1] @ theta["V"]) * x).sum() / 2
        for n, (a, b) in enumerate(pairs):
            total = total + ((torch.tanh(a) @ theta[f"W{n}"]) * torch.tanh(b)).sum() / 2
        return total

    draw = Draw(6)
    theta = {f"W{n}": draw.normal(3, 3, scale=0.02) for n in range(3)}
    result = gducheck(
        PrimitiveNetwork(phi),
        draw.normal(2, 4),
        draw.normal(2, 3),
        theta | {"V": draw.normal(3, 4)},
        start=tuple(zeros(2, 3) for _ in range(4)),
    )
    passes(result)


def test_phase_oscillators():
    draw = Draw(7)

    def phi(x, state, theta):
        out, hidden = state
        forces = ((x @ theta["J0"].T) * torch.cos(hidden)).sum()
        forces = forces + (torch.cos(hidden[:, :, None] - out[:, None, :]) * theta["J1"].T).sum()
        forces = forces + (torch.cos(out) * theta["h"]).sum()
        return 2 * leak(state) + 0.2 * forces

    def loss(output, target):
        return (torch.cos(output) - target).square().sum() / 2

    given = {
        "x": draw.uniform(2, 4),
        "y": torch.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=D),
        "parameters": {"J0": draw.normal(5, 4), "J1": draw.normal(2, 5), "h": draw.normal(2)},
        "loss": loss,
    }
    start = (3 * draw.uniform(2, 2), 3 * draw.uniform(2, 5))
    passes(gducheck(PrimitiveNetwork(phi), **given, start=start))
    void = gducheck(PrimitiveNetwork(phi), **given, start=(zeros(2, 2), zeros(2, 5)))
    assert void.verdict is Verdict.INCONCLUSIVE
    assert "stationary state" in void.causes[0]
    assert "reached the target" not in str(void)


def test_a_strided_convolution_and_a_skip():
    draw = Draw(8)

    def phi(x, state, theta):
        out, high, low = (torch.tanh(s) for s in state)
        total = (fn.conv2d(x, theta["c0"], padding=1, stride=2) * low).sum()
        total = total + (fn.conv2d(low, theta["c1"], padding=1) * high).sum()
        total = total + 0.3 * (low * high).sum() + ((high.flatten(1) @ theta["w"].T) * out).sum()
        return leak(state) + total / 2

    theta = {
        "c0": draw.normal(2, 1, 3, 3, scale=0.3),
        "c1": draw.normal(2, 2, 3, 3, scale=0.1),
        "w": draw.normal(3, 32, scale=0.2),
    }
    start = (zeros(2, 3), zeros(2, 2, 4, 4), zeros(2, 2, 4, 4))
    x, y = draw.uniform(2, 1, 8, 8), draw.normal(2, 3)
    passes(gducheck(PrimitiveNetwork(phi), x, y, theta, start=start))


class Hopfield(torch.nn.Module):
    """Phi by a module of PyTorch."""

    def __init__(self):
        super().__init__()
        given = task()["parameters"]
        self.W, self.V = (torch.nn.Parameter(given[name]) for name in ("W", "V"))

    def forward(self, x, state):
        return hopfield(x, state, {"W": self.W, "V": self.V})


def test_a_module_is_phi_with_its_own_parameters_or_others():
    module, given = Hopfield(), task()
    parameters = given.pop("parameters")
    before = {name: p.detach().clone() for name, p in module.named_parameters()}

    def functional(x, state, theta):
        return functional_call(module, theta, (x, state))

    passes(gducheck(PrimitiveNetwork(module), **given))
    passes(gducheck(PrimitiveNetwork(module), **given, parameters=module.named_parameters()))
    passes(gducheck(PrimitiveNetwork(functional), **given, parameters=parameters))
    for name, p in module.named_parameters():
        assert torch.equal(before[name], p)
        assert p.grad is None


def test_tokens_are_an_input():
    given = task()
    given["x"] = torch.tensor([[1, 2], [3, 6]])
    given["parameters"]["E"] = Draw(8).normal(7, 4)

    def phi(x, state, theta):
        return hopfield(theta["E"][x].mean(1), state, theta)

    passes(gducheck(PrimitiveNetwork(phi), **given))


def test_beta_of_either_sign_the_centred_estimator_and_kappa_by_parameter():
    network = PrimitiveNetwork(hopfield)
    passes(gducheck(network, **task(), betas=(-1e-2, -1e-3, -1e-4, -1e-5)))
    passes(gducheck(network, **task(), kappa={"W": 0.01, "V": 0.002}))
    centred = passes(
        gducheck(network, **task(), estimator="centred", betas=(1e-1, 3e-2, 1e-2, 3e-3))
    )
    assert centred.checks[0].numbers["order"] == pytest.approx(2, abs=0.1)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_tensors_on_a_gpu():
    given = task()
    moved = {
        "x": given["x"].cuda(),
        "y": given["y"].cuda(),
        "parameters": {name: p.cuda() for name, p in given["parameters"].items()},
        "start": tuple(s.cuda() for s in given["start"]),
    }
    network = PrimitiveNetwork(hopfield)
    result = passes(gducheck(network, **moved))
    assert all(s.is_cuda for s in result.free.state)
    passes(gducheck(network, **moved, estimator="centred"))
    tokens = moved | {"y": torch.tensor([2, 0]).cuda()}
    passes(gducheck(network, **tokens, loss=fn.cross_entropy, rule=EP))
    torch.cuda.manual_seed(0)
    state = torch.cuda.get_rng_state()
    noisy = PrimitiveNetwork(models.with_signal(lambda h: fn.dropout(torch.tanh(h), 0.2)))
    assert "random" in gducheck(noisy, **moved).causes[0]
    assert torch.equal(state, torch.cuda.get_rng_state())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("wrong", ["sweep", "detached", "untied", "a target elsewhere"])
def test_answers_about_wrong_models_on_a_gpu(wrong):
    def moved(value):
        if isinstance(value, torch.Tensor):
            return value.cuda()
        if isinstance(value, dict):
            return {name: moved(v) for name, v in value.items()}
        return tuple(moved(v) for v in value)

    def cut(x, state, theta, nudge=None):
        new = force(hopfield)(x, state, theta, nudge)
        return new[0].detach(), new[1]

    given = moved(models.two_way_task(tied=False) if wrong == "untied" else task())
    if wrong == "sweep":
        assert "one after another" in str(gducheck(models.sweep((0, 1)), **given))
    elif wrong == "detached":
        assert "follows the loss by finite differences" in str(
            gducheck(Own(cut, hopfield), **given)
        )
    elif wrong == "untied":
        result = gducheck(VectorFieldNetwork(two_way), **given, rule=C_VF)
        assert "the Jacobian is not symmetric" in str(result)
    else:
        with pytest.raises(ValueError, match=r"y: expected it on cuda:0, as s_0 is, found it on"):
            gducheck(PrimitiveNetwork(hopfield), **given | {"y": given["y"].cpu()})
