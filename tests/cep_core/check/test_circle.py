"""Several nudged phases make one update: of order N in beta on a circle, at every step."""

import pytest
import torch

from cep_core import (
    ASYM_EP,
    C_EP,
    CORRECTED_C_VF,
    EP,
    VF,
    EnergyBased,
    Problem,
    Procedure,
    Prototypical,
    delta,
    estimate,
    learn_batch,
    learning_rates,
    nabla,
)
from cep_core.activations import HardSigmoid, Sigmoid, Tanh
from cep_core.check.circle import total
from cep_core.check.delta import followed_gradients
from cep_core.check.measures import observed_order, relative_error
from cep_core.data.mnist import embedded
from cep_core.learning import one_hot
from cep_core.training.epochs import as_input
from tests.cep_core.own_field import own_field

STEPS = 10
BETAS = (0.2, 0.1, 0.05)
FIELDS = {
    "prototypical, nudge outside": Prototypical((Sigmoid(),) * 3),
    "prototypical, nudge inside": Prototypical((Sigmoid(),) * 3, "inside"),
    "energy-based": EnergyBased((Tanh(),) * 3, 0.3),
}


def settled(network, sizes=(5, 6, 4, 3), angle=90.0, batch=3):
    generator = torch.Generator().manual_seed(0)
    theta = network.initial_parameters(sizes, generator=generator, backward_angle=angle)
    x = torch.rand(batch, sizes[0], generator=generator, dtype=torch.float64)
    y = torch.rand(batch, sizes[-1], generator=generator, dtype=torch.float64)
    return Problem(network, x, y, theta).settled()


def worst(updates, gradients):
    pairs = updates.parameters.items()
    return max(relative_error(p, gradients.parameters[name]) for name, p in pairs)


@pytest.mark.parametrize("points", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("rule", [ASYM_EP, CORRECTED_C_VF], ids=lambda rule: rule.name)
@pytest.mark.parametrize("field", FIELDS)
def test_the_order_is_the_number_of_points_at_finite_beta(field, rule, points):
    problem = settled(FIELDS[field])
    gradients = nabla(problem, steps=STEPS)
    errors = [
        worst(estimate(problem, rule, beta=beta, steps=STEPS, points=points), gradients)
        for beta in BETAS
    ]
    assert observed_order(BETAS, errors) == pytest.approx(points, abs=0.25)
    assert errors[-1] < 0.3**points


def test_outside_the_radius_of_analyticity_more_points_do_not_help():
    """tanh has poles at i pi / 2: a circle that leads the states around one is no estimate."""
    problem = settled(EnergyBased((Tanh(),) * 3, 0.3))
    gradients = nabla(problem, steps=STEPS)

    def error(beta, points):
        return worst(estimate(problem, ASYM_EP, beta=beta, steps=STEPS, points=points), gradients)

    assert error(0.2, 8) < error(0.2, 4) / 10
    assert not error(8.0, 8) < error(8.0, 4) / 10


def test_without_the_correction_no_number_of_points_helps():
    problem = settled(FIELDS["energy-based"])
    gradients = nabla(problem, steps=STEPS)
    errors = [
        worst(estimate(problem, VF, beta=0.05, steps=STEPS, points=n), gradients) for n in (1, 6)
    ]
    assert min(errors) > 1
    assert abs(errors[0] - errors[1]) < 0.1 * errors[1]


def test_one_and_two_points_are_the_real_estimators():
    problem = settled(FIELDS["energy-based"], angle=None)
    for rule in (EP, C_EP):
        plus = delta(problem, rule, beta=0.1, kappa=0.02, steps=STEPS)
        minus = delta(problem, rule, beta=-0.1, kappa=-0.02, steps=STEPS)
        one = estimate(problem, rule, beta=0.1, kappa=0.02, steps=STEPS)
        two = estimate(problem, rule, beta=0.1, kappa=0.02, steps=STEPS, points=2)
        for name, process in one.by_name.items():
            assert torch.equal(process, plus.by_name[name])
            mean = (plus.by_name[name] + minus.by_name[name]) / 2
            assert torch.allclose(two.by_name[name], mean, rtol=0, atol=1e-15)


def test_a_rate_per_layer_leaves_an_error_of_the_order_of_eta_whatever_the_points():
    problem = settled(FIELDS["prototypical, nudge outside"])
    gradients = nabla(problem, steps=STEPS)

    def error(kappa, points, beta=0.05):
        by_name = {name: kappa * (2 if name == "W_0_1" else 1) for name in problem.parameters}
        found = estimate(
            problem, CORRECTED_C_VF, beta=beta, kappa=by_name, steps=STEPS, points=points
        )
        return worst(found, gradients)

    kappas = (1e-2, 5e-3, 2.5e-3)
    assert observed_order(kappas, [error(k, 6) for k in kappas]) == pytest.approx(1, abs=0.05)
    assert error(1e-2, 6, beta=0.02) < 0.5 * error(1e-2, 6)
    assert error(1e-2, 6) < error(1e-2, 2) / 3


def test_one_update_is_the_increment_of_the_whole_displacement():
    problem = settled(FIELDS["prototypical, nudge outside"])
    found = total(estimate(problem, ASYM_EP, beta=0.1, steps=STEPS))
    gradient = nabla(problem, steps=STEPS)
    corrected = delta(problem, CORRECTED_C_VF, beta=0.1, kappa=0.0, steps=STEPS)
    moved = tuple(s.sum(0) for s in corrected.state)
    expected = problem.network.pullback(problem.x, problem.rest, problem.parameters, moved)
    for name, update in found.items():
        assert torch.allclose(update, expected[name], rtol=0, atol=1e-14)
        assert relative_error(update, gradient.parameters[name].sum(0)) < 0.3


def test_a_mini_batch_learned_by_the_centred_rule_is_the_estimate():
    """Batch and a rate per layer by the definition, either sign of beta first."""
    problem = settled(FIELDS["prototypical, nudge outside"])
    update = total(estimate(problem, ASYM_EP, beta=0.1, steps=STEPS, points=2))
    rates = learning_rates(problem.network, problem.parameters, (0.1, 0.2, 0.3))
    procedure = Procedure(ASYM_EP, 0.1, 400, STEPS, centred=True)
    for sign in (1, -1):
        learned = learn_batch(
            problem.network, procedure, problem.x, problem.y, problem.parameters, rates, sign=sign
        )
        for name, before in problem.parameters.items():
            moved = (learned.parameters[name] - before) / rates[name]
            assert torch.allclose(moved, update[name], rtol=0, atol=1e-12)


def test_a_field_of_ones_own_in_complex_numbers():
    problem = own_field()
    gradients = nabla(problem, steps=STEPS)
    for rule in (ASYM_EP, CORRECTED_C_VF):
        errors = [
            worst(estimate(problem, rule, beta=beta, steps=STEPS, points=4), gradients)
            for beta in BETAS
        ]
        assert observed_order(BETAS, errors) == pytest.approx(4, abs=0.15)


def test_what_is_not_analytic_is_refused():
    problem = settled(Prototypical((HardSigmoid(),) * 3))
    estimate(problem, ASYM_EP, beta=0.1, steps=2, points=2)
    with pytest.raises(ValueError, match=r"points: expected 1 or 2 .*hard-sigmoid has kinks"):
        estimate(problem, ASYM_EP, beta=0.1, steps=2, points=3)
    with pytest.raises(ValueError, match="points: expected a positive count, found 0"):
        estimate(problem, ASYM_EP, beta=0.1, steps=2, points=0)


@pytest.fixture(scope="module")
def full_size():
    """784-512-10 at 90 degrees on two digits."""
    digits = embedded()
    network = Prototypical((Sigmoid(),) * 2)
    theta = network.initial_parameters(
        (784, 512, 10), generator=torch.Generator().manual_seed(0), backward_angle=90.0
    )
    x = as_input(digits.train_images[3:5], torch.float64)
    y = one_hot(digits.train_labels[3:5], 10, torch.float64)
    problem = Problem(network, x, y, theta).settled()
    return problem, nabla(problem, steps=STEPS)


def test_orders_in_beta_and_kappa_at_full_size(full_size):
    problem, gradients = full_size
    followed = followed_gradients(problem, gradients)
    assert followed is gradients, "the outside nudge of the published setting included"

    def error(beta, kappa=0.0, points=1):
        found = estimate(
            problem, CORRECTED_C_VF, beta=beta, kappa=kappa, steps=STEPS, points=points
        )
        others = gradients.by_name
        return max(relative_error(p, others[name]) for name, p in found.by_name.items())

    betas = (1e-2, 1e-3)
    assert observed_order(betas, [error(b) for b in betas]) == pytest.approx(1, abs=0.05)
    kappas = (1e-4, 1e-5)
    in_kappa = [error(1e-7, k) for k in kappas]
    assert observed_order(kappas, in_kappa) == pytest.approx(1, abs=0.05)
    betas = (1e-1, 1e-2)
    centred = [error(b, points=2) for b in betas]
    assert observed_order(betas, centred) == pytest.approx(2, abs=0.1)
    betas = (1e-1, 2e-2)
    assert observed_order(betas, [error(b, points=4) for b in betas]) == pytest.approx(4, abs=0.1)
