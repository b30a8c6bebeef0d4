"""Comparisons that prove nothing: the answer is inconclusive, says why, and nothing untrue."""

import pytest
import torch
import torch.nn.functional as fn

from cep_core import PrimitiveNetwork, VectorFieldNetwork, Verdict, gducheck
from cep_core.check import free
from tests.cases.models import D, Draw, hopfield, leak, task, with_signal, zeros


def doubts(result, said, *, never=()):
    assert result.verdict is Verdict.INCONCLUSIVE, str(result)
    assert said in "\n".join(result.causes), str(result)
    for words in ("a factor is wrong", "wrong sign", "right at kappa = 0", *never):
        assert words not in str(result), str(result)
    return result


NOT_LONGER = ("allow more free_steps",)


def test_a_cycle_is_no_matter_of_patience():
    def phi(x, state, theta):
        return -3 * torch.log(torch.cosh(state[0] - 0.1 * (x @ theta["U"].T))).sum()

    draw = Draw(1)
    start = (torch.full((2, 3), 0.3, dtype=D),)
    given = (draw.normal(2, 4), draw.normal(2, 3), {"U": draw.normal(3, 4)})
    result = gducheck(PrimitiveNetwork(phi), *given, start=start)
    doubts(result, "a cycle of 2 states", never=NOT_LONGER)
    assert result.free.steps < 1000


def test_a_divergence_is_said_soon():
    calls = []

    def phi(x, state, theta):
        calls.append(1)
        assert len(calls) < 5000
        out, hidden = state
        return 5 * ((out @ theta["W"]) * hidden).sum() + ((hidden @ theta["V"]) * x).sum()

    doubts(gducheck(PrimitiveNetwork(phi), **task()), "diverges", never=NOT_LONGER)


def test_a_drift_is_told_from_slowness():
    def phi(x, state, theta):
        drive = ((state[1] @ theta["V"]) * x).sum() / 2
        return state[0].square().sum() / 2 + leak(state[1:]) + drive + state[0].sum() * theta["g"]

    given = task()
    given["parameters"]["g"] = torch.tensor(0.01, dtype=D)
    del given["parameters"]["W"]
    result = gducheck(PrimitiveNetwork(phi), **given, free_steps=300)
    doubts(result, "drifts", never=NOT_LONGER)


@pytest.mark.parametrize("free_steps", [6, 8, 9, 31, 32, 33])
def test_slowness_is_told_with_the_steps_that_it_takes(free_steps):
    network = PrimitiveNetwork(hopfield)
    never = ("wanders", "drifts")
    result = gducheck(network, **task(), free_steps=free_steps, steps=2)
    doubts(result, "not settled", never=never)
    steps = int(result.causes[0].rsplit("allow more free_steps, about ", 1)[1])
    taken = settle(network, steps=steps + 20)
    assert taken.trouble == ""
    assert settle(network, steps=steps // 2).trouble


def settle(network, steps):
    given = task()
    return free.settle(
        network,
        given["x"],
        given["parameters"],
        given["start"],
        steps=steps,
        tolerance=0.0,
        needed=1e-7,
    )


def test_a_slow_approach_is_no_drift():
    """It nears its end by a thousandth of the way at every transition."""

    def phi(x, state, theta):
        return 0.4995 * state[0].square().sum() + 1e-3 * (state[0] * theta["b"]).sum()

    given = {"x": None, "y": zeros(1, 2), "parameters": {"b": torch.ones(2, dtype=D)}}
    for free_steps in (100, 127, 128, 129, 400):
        result = gducheck(
            PrimitiveNetwork(phi), **given, start=(zeros(1, 2),), free_steps=free_steps
        )
        doubts(result, "not settled", never=("drifts", "wanders"))


RANDOM = {
    "dropout": with_signal(lambda hidden: fn.dropout(torch.tanh(hidden), 0.2)),
    "noise": lambda x, s, p: hopfield(x, s, p) + (torch.randn(5, dtype=D) * s[1]).sum() / 100,
}


@pytest.mark.parametrize("name", RANDOM)
def test_randomness_is_named_and_the_random_state_is_as_it_was(name):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    result = gducheck(PrimitiveNetwork(RANDOM[name]), **task(batch=4), free_steps=2000)
    doubts(result, "random", never=NOT_LONGER)
    assert ("dropout" in str(result)) == (name == "dropout")
    assert torch.equal(torch.rand(2), expected)


def test_a_hidden_state_is_named_and_undone():
    memory = []

    def phi(x, state, theta):
        memory.append(len(memory))
        return hopfield(x, state, theta) * (1 + len(memory) / 1000)

    doubts(gducheck(PrimitiveNetwork(phi), **task()), "a hidden state (memory)", never=("random",))
    assert memory == []


def test_a_hidden_state_in_a_variable_is_named_and_undone():
    network = PrimitiveNetwork(ageing)
    doubts(gducheck(network, **task()), "a hidden state (CALLS)", never=("random",))
    assert CALLS == 0
    with pytest.raises(ValueError, match="transition: expected it to run"):
        gducheck(network, **task() | {"x": zeros(2, 7)})
    assert CALLS == 0


CALLS = 0


def ageing(x, state, theta):
    global CALLS  # noqa: PLW0603 - as users write it
    CALLS += 1
    return hopfield(x, state, theta) * (1 + CALLS / 1000)


def test_samples_coupled_by_a_batch_statistic():
    norm = torch.nn.BatchNorm1d(5, dtype=D)
    network = PrimitiveNetwork(with_signal(lambda hidden: norm(torch.tanh(hidden))))
    doubts(gducheck(network, **task(batch=4)), "the samples of the mini-batch are coupled")
    assert int(norm.num_batches_tracked) == 0
    assert not norm.running_mean.any()
    assert norm.weight.grad is None
    norm.eval()
    assert gducheck(network, **task(batch=4)).verdict is Verdict.PASS


def test_a_mean_over_samples_is_said():
    network = PrimitiveNetwork(lambda x, s, p: hopfield(x, s, p) / len(x))
    result = gducheck(network, **task(batch=4))
    assert result.verdict is Verdict.PASS, str(result)
    assert "depends on the size of the mini-batch" in str(result)


LOWERED = {
    "single": with_signal(lambda hidden: torch.tanh(hidden).float()),
    "half": with_signal(lambda hidden: torch.tanh(hidden).half()),
    "a weak term": lambda x, s, p: hopfield(x, s, p) + 0.01 * torch.cos(s[0].float()).sum(),
}


@pytest.mark.parametrize("name", LOWERED)
def test_a_precision_lowered_inside(name):
    result = gducheck(PrimitiveNetwork(LOWERED[name]), **task(), free_steps=2000)
    doubts(result, "the precision", never=("kink", *NOT_LONGER))


def test_an_exact_cast_is_none():
    mask = torch.tensor([1.0, 1.0, 0.0, 1.0, 1.0], dtype=D)
    network = PrimitiveNetwork(with_signal(lambda hidden: torch.tanh(hidden) * mask.float()))
    assert gducheck(network, **task()).verdict is Verdict.PASS


@pytest.mark.parametrize("which", ["all", "the input"])
def test_single_precision_is_named(which):
    given = task()
    given["x"] = given["x"].float()
    if which == "all":
        given["y"] = given["y"].float()
        given["parameters"] = {name: p.float() for name, p in given["parameters"].items()}
        given["start"] = tuple(s.float() for s in given["start"])
    result = doubts(gducheck(PrimitiveNetwork(hopfield), **given), "not float64")
    assert ("W" in result.causes[0]) == (which == "all")


def pooled_twice(x, state, theta):
    out, high, low = state
    drive = (fn.conv2d(x, theta["c0"]) * torch.tanh(low)).sum()
    between = fn.max_pool2d(fn.conv2d(torch.tanh(low), theta["c1"]), 2)
    up = (torch.tanh(high).flatten(1) @ theta["w"].T) * torch.tanh(out)
    return leak(state) + (drive + (between * torch.tanh(high)).sum() + up.sum()) / 2


@pytest.mark.parametrize("tied", [False, True])
def test_pooling_over_units_and_over_ties(tied):
    draw = Draw(2)
    image = torch.ones(1, 1, 6, 6, dtype=D) if tied else draw.uniform(1, 1, 6, 6)
    theta = {
        "c0": draw.normal(2, 1, 3, 3),
        "c1": draw.normal(2, 2, 1, 1, scale=0.1),
        "w": draw.normal(3, 8),
    }
    start = (zeros(1, 3), zeros(1, 2, 2, 2), zeros(1, 2, 4, 4))
    network = PrimitiveNetwork(pooled_twice)
    result = gducheck(network, image, draw.normal(1, 3), theta, start=start, free_steps=2000)
    if tied:
        assert result.verdict is Verdict.INCONCLUSIVE, str(result)
        assert any(word in result.causes[0] for word in ("cycle", "kink", "wanders"))
    else:
        assert result.verdict is Verdict.PASS, str(result)


@pytest.mark.parametrize("corner", [0.0, 0.3])
def test_a_kink_in_ones_own_function_is_found_at_its_unit(corner):
    """One unit of 3 rests on a corner of dPhi/ds, or far from it."""
    mask = torch.tensor([[0.0, 1.0, 0.0]], dtype=D)

    def phi(x, state, theta):
        bent = (state[0] - corner) * mask
        return hopfield(x, state, theta) + bent.relu().square().sum() / 8

    given = task()
    given["parameters"]["W"][1] = 0.0  # nothing else moves the unit
    result = gducheck(PrimitiveNetwork(phi), **given, steps=3)
    if corner:
        assert result.verdict is Verdict.PASS, str(result)
    else:
        doubts(result, "a kink at the operating point")
        assert "unit (0, 1) of s_0" in result.causes[0] or "unit (1, 1) of s_0" in result.causes[0]


def test_a_kink_of_the_loss_at_the_output():
    """The absolute error has no slope where the output has reached its target."""
    network, given = PrimitiveNetwork(hopfield), task()
    loss = torch.nn.L1Loss(reduction="sum")
    assert gducheck(network, **given, loss=loss, steps=3).verdict is Verdict.PASS
    reached = settle(network, steps=400).free.state[0].clone()
    reached[0, 1] += 0.3
    result = gducheck(network, **given | {"y": reached}, loss=loss, steps=3)
    doubts(result, "a kink at the operating point", never=("Jacobian", "not that of the loss"))
    assert "of the gradient of the loss jumps by" in result.causes[0]


def test_a_kappa_that_is_too_large_is_said():
    result = gducheck(PrimitiveNetwork(hopfield), **task(), kappa=1e3)
    doubts(result, "unstable, take a smaller one", never=("the rule is not applied",))


def test_a_residual_that_happens_to_be_smaller_is_no_approach():
    def logistic(x, state, theta):
        return (3.9 * state[0] * (1 - state[0]) * theta["a"],)

    given = {"x": None, "y": zeros(1, 1), "parameters": {"a": torch.ones(1, dtype=D)}}
    for free_steps in (100, 150, 200, 333, 500):
        result = gducheck(
            VectorFieldNetwork(logistic),
            **given,
            start=(zeros(1, 1) + 0.3,),
            rule="C-VF",
            free_steps=free_steps,
        )
        doubts(result, "wanders or oscillates", never=("shrinks",))


def test_parameters_that_the_function_does_not_use():
    given, own = task(), task()["parameters"]
    network = PrimitiveNetwork(lambda x, s, p: hopfield(x, s, own))
    doubts(gducheck(network, **given), "does not depend on its parameters", never=("saturated",))
    given["parameters"]["W_typo"] = Draw(9).normal(3, 5)
    result = gducheck(PrimitiveNetwork(hopfield), **given)
    assert result.verdict is Verdict.PASS
    assert "W_typo: not used by the network" in str(result)
