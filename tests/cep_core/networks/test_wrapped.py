"""A network of one's own with four members, and delegates that change one answer."""

from dataclasses import dataclass

import pytest
import torch

from cep_core import C_EP, Delegate, EnergyBased, Prototypical, Verdict, answering, gducheck
from cep_core.activations import Tanh
from cep_core.phases import free_phase


class FourMembers:
    """Two layers of tanh between them, written out: ``F = dPhi/ds`` and nothing else."""

    time_scale = 1

    def transition(self, x, state, parameters, nudge=None):
        out, hidden = state
        at_hidden = (torch.tanh(out) @ parameters["W"] + x @ parameters["V"].T) / 2
        at_out = (torch.tanh(hidden) @ parameters["W"].T) / 2
        new = (
            at_out * (1 - torch.tanh(out).square()),
            at_hidden * (1 - torch.tanh(hidden).square()),
        )
        return new if nudge is None else (new[0] - nudge, new[1])

    def primitive_gradient(self, x, state, parameters):
        out, hidden = map(torch.tanh, state)
        return {"W": out.T @ hidden / 2 / len(x), "V": hidden.T @ x / 2 / len(x)}

    def vector_field_gradient(self, x, state, parameters, change):
        raise NotImplementedError


def task():
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.rand(shape, generator=generator, dtype=torch.float64) - 0.5

    zero = tuple(torch.zeros(2, n, dtype=torch.float64) for n in (3, 5))
    return {
        "x": draw(2, 4),
        "y": draw(2, 3),
        "parameters": {"W": draw(3, 5), "V": draw(5, 4)},
        "start": zero,
    }


def test_four_members_are_a_network():
    result = gducheck(FourMembers(), **task(), rule=C_EP)
    assert result.verdict is Verdict.PASS, str(result)


def test_what_four_members_do_not_tell_is_answered_or_asked_for():
    network, given = answering(FourMembers()), task()
    x, parameters = given["x"], given["parameters"]
    assert network.activations == ()
    assert network.departures == ()
    assert network.arguments(x, given["start"], parameters) == ()
    assert network.followed_slopes(x, given["start"], parameters) is None
    with pytest.raises(ValueError, match=r"start: expected a first state.*parameters found W, V"):
        free_phase(FourMembers(), x, parameters, steps=3)
    with pytest.raises(ValueError, match="learning rates: expected one per parameter by name"):
        network.learning_rates(parameters, (0.1, 0.1))
    with pytest.raises(ValueError, match="parameters: expected them to be given"):
        network.initial_parameters((4, 5, 3), generator=torch.Generator())


def test_a_network_that_answers_everything_answers_itself():
    for network in (Prototypical((Tanh(),)), EnergyBased((Tanh(),), 0.2), Delegate(FourMembers())):
        assert answering(network) is network


@dataclass(frozen=True)
class Slower(Delegate):
    """Half a step of another network."""

    def transition(self, x, state, parameters, nudge=None):
        after = self.base.transition(x, state, parameters, nudge)
        return tuple((a + b) / 2 for a, b in zip(after, state, strict=True))


def test_a_delegate_changes_one_answer_and_keeps_the_others():
    base = Prototypical((Tanh(), Tanh()), "outside")
    slower = Slower(base)
    parameters = base.initial_parameters((4, 5, 3), generator=torch.Generator().manual_seed(1))
    x = task()["x"]
    zero = slower.zero_state(x, parameters)
    (after, _), (half, _) = (n.transition(x, zero, parameters) for n in (base, slower))
    assert torch.allclose(after / 2, half)
    assert slower.time_scale == base.time_scale
    assert slower.departures == base.departures != ()
    assert slower.learning_rates(parameters, (1, 2)) == base.learning_rates(parameters, (1, 2))
    slopes = slower.followed_slopes(x, zero, parameters, modified_loss=True)
    assert torch.equal(slopes[0], base.slopes(x, zero, parameters)[0])
    assert slower.followed_slopes(x, zero, parameters) is None
