import math

import numpy as np
import pytest
import torch

from cep_core.activations import HardSigmoid, Identity, Tanh
from cep_core.check.stability import LinearisedPhase, largest_stable_kappa
from cep_core.networks import EnergyBased, Prototypical
from cep_core.networks.initial import initial_parameters
from cep_core.phases import free_phase, nudged_phase
from cep_core.rules import C_EP, C_VF, Rule, add_scaled
from theory.case import Answer
from theory.statements import stability


def settled(network, sizes=(6, 5, 4), batch=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    theta = initial_parameters(sizes, generator=generator)
    x = torch.rand(batch, sizes[0], generator=generator, dtype=torch.float64)
    y = torch.rand(batch, sizes[-1], generator=generator, dtype=torch.float64)
    state = free_phase(network, x, theta, steps=5000, tolerance=1e-14).state
    return x, y, theta, state


NETWORKS = {
    "energy-based": EnergyBased((Tanh(), Tanh()), 0.5),
    "prototypical": Prototypical((Tanh(), Tanh()), "inside"),
}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("rule", [C_EP, C_VF], ids=lambda rule: rule.name)
def test_products_are_those_of_the_matrix_by_finite_differences(network, rule):
    x, _, theta, state = settled(network)
    kappa, h = 0.3, 1e-6
    phase = LinearisedPhase(network, x, theta, state, rule=rule)
    sizes = [s.numel() for s in state]

    def moved(vector):
        parts = torch.split(vector, sizes)
        following = tuple(s + p.view_as(s) for s, p in zip(state, parts, strict=True))
        increment = rule.increment(network, x, theta, state, following)
        after = network.transition(x, following, add_scaled(theta, increment, kappa))
        return torch.cat([s.reshape(-1) for s in after])

    eye = torch.eye(phase.size, dtype=torch.float64)
    columns = [(moved(h * e) - moved(-h * e)) / (2 * h) for e in eye]
    rows = np.stack([phase.transposed(e.numpy(), kappa) for e in eye])
    np.testing.assert_allclose(rows, torch.stack(columns).T.numpy(), atol=1e-8)
    expected = float(np.abs(np.linalg.eigvals(rows)).max())
    assert phase.radius(kappa) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_phase_two_settles_below_the_bound_and_diverges_above(network):
    x, y, theta, state = settled(network)
    ratios = {"W_0_1": 1.0, "b_0": 1.0, "W_1_x": 2.0, "b_1": 2.0}
    bound = largest_stable_kappa(network, x, theta, state, ratios=ratios)
    assert 0 < bound.kappa < 100
    assert bound.radius_free < 1
    assert bound.products > 0
    growth = {}
    for factor in (0.95, 1.05):
        kappa = {name: factor * bound.kappa * r for name, r in ratios.items()}
        norms = [
            math.hypot(
                *torch.cat([b - a for a, b in zip(s.state, s.following, strict=True)], 1).ravel()
            )
            for s in nudged_phase(
                network, C_EP, x, y, theta, state, beta=1e-9, kappa=kappa, steps=200
            )
        ]
        growth[factor] = norms[-1] / norms[-2]
    assert growth[0.95] < 1 < growth[1.05]


def test_a_bound_that_is_never_reached_is_infinite():
    network = EnergyBased((Tanh(), Tanh()), 0.5)
    x, _, theta, state = settled(network)
    frozen = dict.fromkeys(theta, 0.0)
    assert largest_stable_kappa(network, x, theta, state, ratios=frozen).kappa == math.inf


def test_an_unsettled_state_is_refused():
    network = NETWORKS["energy-based"]
    x, _, theta, state = settled(network)
    with pytest.raises(ValueError, match=r"expected a steady state, found one that moves by"):
        largest_stable_kappa(network, x, theta, tuple(s + 0.1 for s in state))


def test_an_unstable_state_is_refused():
    network = EnergyBased((Identity(),), 2.5)
    x = torch.zeros(1, 2, dtype=torch.float64)
    theta = {
        "W_0_x": torch.ones(1, 2, dtype=torch.float64),
        "b_0": torch.zeros(1, dtype=torch.float64),
    }
    state = (torch.zeros(1, 1, dtype=torch.float64),)
    with pytest.raises(ValueError, match=r"spectral radius 1\.5"):
        largest_stable_kappa(network, x, theta, state)


def test_a_unit_at_a_kink_is_refused():
    network = EnergyBased((HardSigmoid(), HardSigmoid()), 0.5)
    x, _, theta, state = settled(network)
    theta = {name: value * 0 for name, value in theta.items()}
    zero = tuple(s * 0 for s in state)
    with pytest.raises(ValueError, match=r"layer 0 has a unit at 0\.0, a kink of hard-sigmoid"):
        largest_stable_kappa(network, x, theta, zero)


def test_the_statement_is_undecided_where_the_phase_does_not_settle(monkeypatch):
    real = stability.free_phase

    def hurried(*arguments, **options):
        return real(*arguments, **(options | {"steps": 3}))

    monkeypatch.setattr(stability, "free_phase", hurried)
    outcome = stability.phase_two("energy-based", "tanh")
    assert outcome.answer is Answer.UNDECIDED
    assert "not settled" in outcome.reason
    assert stability.training("tanh").answer is Answer.UNDECIDED


def test_the_statement_is_refuted_by_a_wrong_bound(monkeypatch):
    """A bound twice too large would call a diverging phase stable."""

    def doubled(*arguments, **options):
        bound = largest_stable_kappa(*arguments, **options)
        return type(bound)(2 * bound.kappa, bound.radius_free, bound.products)

    monkeypatch.setattr(stability, "largest_stable_kappa", doubled)
    monkeypatch.setattr(stability, "SIZES", (784, 32, 10))
    assert stability.phase_two("prototypical, nudge inside", "tanh").answer is Answer.REFUTED


def test_phase_two_multiplies_by_the_dominant_eigenvalue(monkeypatch):
    monkeypatch.setattr(stability, "SIZES", (784, 32, 10))
    outcome = stability.phase_two("energy-based", "tanh")
    assert outcome.answer is Answer.HOLDS, outcome.numbers


def test_without_scipy_the_bound_says_what_to_install(monkeypatch):
    def missing(name):
        raise ImportError(name)

    network = NETWORKS["energy-based"]
    x, _, theta, state = settled(network)
    monkeypatch.setattr("cep_core.libraries.import_module", missing)
    with pytest.raises(ImportError, match="needs scipy, which is not installed: pip install scipy"):
        largest_stable_kappa(network, x, theta, state)


class Reversed(Rule):
    """A rule with its sign turned: many eigenvalues of ``J + kappa G`` are then about as large."""

    def increment(self, *arguments):
        return {name: -value for name, value in super().increment(*arguments).items()}


@pytest.fixture
def alike():
    """A settled network and the rule under which Arnoldi's method finds no end."""
    network = EnergyBased((Tanh(), Tanh()), 0.2)
    x, _, theta, state = settled(network, sizes=(30, 100, 4), batch=1)
    return (network, x, theta, state), Reversed("reversed C-EP", continual=True, vector_field=False)


def test_eigenvalues_that_are_not_told_apart_are_those_of_the_formed_matrix(alike):
    where, rule = alike
    bound = largest_stable_kappa(*where, rule=rule)
    phase = LinearisedPhase(*where, rule=rule)
    assert bound.products < 10 * phase.size
    rows = np.stack([phase.transposed(e, bound.kappa) for e in np.eye(phase.size)])
    assert np.abs(np.linalg.eigvals(rows)).max() == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_allclose(phase.matrix(bound.kappa), rows.T, atol=1e-12)


def test_more_neurons_than_a_matrix_has_room_for_are_refused(alike, monkeypatch):
    monkeypatch.setattr("cep_core.check.stability.LARGEST_FORMED", 100)
    where, rule = alike
    with pytest.raises(ValueError, match=r"kappa: expected one at which .*, found .* 104 neurons"):
        largest_stable_kappa(*where, rule=rule)
