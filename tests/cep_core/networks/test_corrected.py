"""Corrected C-VF follows BPTT on every vector field: orders, either nudge, one's own field."""

import pytest
import torch

from cep_core import C_VF, EnergyBased, Problem, Prototypical, delta, nabla
from cep_core.activations import Sigmoid, Tanh
from cep_core.check.delta import followed_gradients
from cep_core.check.measures import observed_order, relative_error
from cep_core.check.processes import Processes
from cep_core.networks.corrected import Corrected
from cep_core.networks.jacobian import jacobian_product
from cep_core.networks.wrapped import Delegate
from tests.cep_core.own_field import own_field
from theory.points.topologies import ring

SIZES = (5, 6, 4, 3)
STEPS = 12
FIELDS = {
    "prototypical, nudge outside": Prototypical((Sigmoid(),) * 3, "outside"),
    "prototypical, nudge inside": Prototypical((Sigmoid(),) * 3, "inside"),
    "energy-based": EnergyBased((Tanh(),) * 3, 0.3),
    "energy-based, no slope at the output": EnergyBased((Tanh(),) * 3, 0.3, "hidden"),
    "energy-based, no slope": EnergyBased((Tanh(),) * 3, 0.3, "none"),
    "a loop in one direction": Prototypical((Tanh(),) * 3, "outside", ring(3, tied=False)),
}


def settled(network, batch=3):
    generator = torch.Generator().manual_seed(0)
    angle = {} if network.edges else {"backward_angle": 90.0}
    parameters = network.initial_parameters(SIZES, generator=generator, **angle)
    x = torch.rand(batch, SIZES[0], generator=generator, dtype=torch.float64)
    y = torch.rand(batch, SIZES[-1], generator=generator, dtype=torch.float64)
    return Problem(network, x, y, parameters).settled()


def of(problem):
    wrapped = Corrected(problem.network, problem.rest, problem.parameters)
    return Problem(wrapped, problem.x, problem.y, problem.parameters, steady=problem.rest)


def error(updates, gradients):
    return max(relative_error(p, gradients.by_name[name]) for name, p in updates.by_name.items())


def sides(problem, *, beta, kappa=0.0):
    wanted = followed_gradients(of(problem), nabla(problem, steps=STEPS))
    return delta(of(problem), C_VF, beta=beta, kappa=kappa, steps=STEPS), wanted


@pytest.mark.parametrize("field", FIELDS)
def test_the_error_is_of_first_order_in_beta_where_the_plain_rule_keeps_one(field):
    problem = settled(FIELDS[field])
    plain = delta(problem, C_VF, beta=1e-5, kappa=0.0, steps=STEPS)
    gradients = followed_gradients(problem, nabla(problem, steps=STEPS))
    assert error(plain, gradients) > 0.5
    betas = (1e-3, 1e-4, 1e-5)
    errors = [error(*sides(problem, beta=beta)) for beta in betas]
    assert observed_order(betas, errors) == pytest.approx(1, abs=0.02)
    assert errors[-1] < 1e-4


@pytest.mark.parametrize("field", ["prototypical, nudge outside", "energy-based"])
def test_the_error_is_of_first_order_in_kappa_and_second_when_centred(field):
    problem = settled(FIELDS[field])
    kappas = (1e-2, 1e-3, 1e-4)
    errors = [error(*sides(problem, beta=1e-7, kappa=kappa)) for kappa in kappas]
    assert observed_order(kappas, errors) == pytest.approx(1, abs=0.1)
    betas = (1e-1, 3e-2, 1e-2)
    centred = []
    for beta in betas:
        plus, wanted = sides(problem, beta=beta)
        minus, _ = sides(problem, beta=-beta)
        mean = Processes(
            tuple((a + b) / 2 for a, b in zip(plus.state, minus.state, strict=True)),
            {name: (p + minus.parameters[name]) / 2 for name, p in plus.parameters.items()},
        )
        centred.append(error(mean, wanted))
    assert observed_order(betas, centred) == pytest.approx(2, abs=0.1)


def dense_jacobian(network, problem):
    sizes = [s.shape[1] for s in problem.rest]

    def step(flat):
        state = tuple(part[None] for part in torch.split(flat, sizes))
        return torch.cat(network.transition(problem.x, state, problem.parameters), 1)[0]

    return torch.autograd.functional.jacobian(step, torch.cat(problem.rest, 1)[0])


@pytest.mark.parametrize("field", FIELDS)
def test_closed_forms_are_the_jacobians(field):
    network = FIELDS[field]
    problem = settled(network, batch=1)
    jacobian = dense_jacobian(network, problem)
    generator = torch.Generator().manual_seed(1)
    vector = tuple(torch.rand(s.shape, generator=generator, dtype=s.dtype) for s in problem.rest)
    flat = torch.cat(vector, 1)[0]
    where = (problem.x, problem.rest, problem.parameters, vector)
    for transposed, matrix in ((False, jacobian), (True, jacobian.T)):
        found = jacobian_product(network, *where, transposed=transposed)
        assert torch.allclose(torch.cat(found, 1)[0], matrix @ flat, atol=1e-14)
    closed = torch.cat(network.asymmetry(*where), 1)[0]
    expected = (jacobian - jacobian.T) @ flat
    if field == "prototypical, nudge inside":  # J = D W: D (W - W^T), as the nudge enters before D
        slopes = torch.cat(network.slopes(*where[:3]), 1)[0]
        weights = jacobian / slopes[:, None]
        expected = slopes * ((weights - weights.T) @ flat)
    assert torch.allclose(closed, expected, atol=1e-14)
    assert float(expected.norm()) > 0.1


def test_a_field_of_ones_own_is_corrected_by_automatic_differentiation():
    problem = own_field()
    errors = [error(*sides(problem, beta=beta)) for beta in (1e-3, 1e-5)]
    assert errors[1] < 1e-4
    assert errors[1] == pytest.approx(errors[0] / 100, rel=0.1)
    plain = delta(problem, C_VF, beta=1e-5, kappa=0.0, steps=STEPS)
    assert error(plain, nabla(problem, steps=STEPS)) > 0.3


def test_with_tied_weights_nothing_is_taken_out_of_a_symmetric_network():
    network = FIELDS["energy-based"]
    parameters = network.initial_parameters(SIZES, generator=torch.Generator().manual_seed(0))
    x = torch.rand(2, SIZES[0], dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    problem = Problem(network, x, x[:, :3], parameters).settled()
    extra = Delegate(network).asymmetry(x, problem.rest, parameters, problem.rest)
    assert max(float(e.abs().max()) for e in extra) < 1e-16
    assert Corrected(network, problem.rest, parameters).departures == ()
