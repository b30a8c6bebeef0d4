"""The checker is checked: right networks pass, every planted error is found, doubt is said."""

import dataclasses

import pytest
import torch

from cep_core.activations import HardSigmoid, Identity, Sigmoid, Tanh
from cep_core.check import delta as delta_module
from cep_core.check.gducheck import GDUError, gducheck
from cep_core.check.orders import judge_order
from cep_core.check.verdicts import Verdict
from cep_core.losses import TanhCrossEntropy
from cep_core.networks import EnergyBased, Prototypical
from cep_core.networks.primitive import PrimitiveNetwork, VectorFieldNetwork
from cep_core.phases import NudgedStep, nudged_phase
from cep_core.rules import C_EP, C_VF, EP, Rule

SIZES = (4, 6, 5, 3)
TANH = (Tanh(),) * 3
EXACT = EnergyBased(TANH, 0.2)


@pytest.mark.parametrize(
    "network",
    [
        EXACT,
        EnergyBased((Identity(), Tanh(), Tanh()), 0.2),
        Prototypical(TANH, "inside"),
        Prototypical((Sigmoid(),) * 3, "inside"),
    ],
    ids=["energy-based", "identity output", "prototypical tanh", "prototypical sigmoid"],
)
@pytest.mark.parametrize(
    ("rule", "angle"), [(EP, None), (C_EP, None), (C_VF, 0.0)], ids=["EP", "C-EP", "C-VF"]
)
def test_exact_networks_pass(make, network, rule, angle):
    x, y, parameters = make(SIZES, backward_angle=angle)
    result = gducheck(network, x, y, parameters, rule=rule)
    assert result.verdict is Verdict.PASS, str(result)
    assert len(result.checks) == (3 if rule.continual else 1)
    assert max(result.relmse.values()) < 1e-3
    assert not result.causes


def test_outside_nudge_fails_for_the_squared_error_and_passes_for_its_own_loss(make):
    x, y, parameters = make(SIZES)
    network = Prototypical(TANH, "outside")
    failed = gducheck(network, x, y, parameters)
    assert failed.verdict is Verdict.FAIL
    assert "outside the activation" in failed.causes[0]
    passed = gducheck(network, x, y, parameters, objective=TanhCrossEntropy())
    assert passed.verdict is Verdict.PASS, str(passed)


def test_published_output_drift_fails(make):
    x, y, parameters = make(SIZES)
    result = gducheck(EnergyBased(TANH, 0.2, "hidden"), x, y, parameters)
    assert result.verdict is Verdict.FAIL
    assert "drift_slope" in result.causes[0]


def test_asymmetric_weights_fail_and_the_jacobian_is_named(make):
    x, y, parameters = make(SIZES, backward_angle=90.0)
    result = gducheck(EXACT, x, y, parameters, rule=C_VF)
    assert result.verdict is Verdict.FAIL
    assert any("Jacobian is not symmetric" in cause for cause in result.causes)


class Mutant(Rule):
    """A rule with a planted error in its increments."""

    def __init__(self, change):
        super().__init__("mutant", continual=True, vector_field=False)
        object.__setattr__(self, "change", change)

    def increment(self, network, x, parameters, state, following):
        return self.change(network, x, parameters, state, following)


def flipped(network, x, parameters, state, following):
    return C_EP.increment(network, x, parameters, following, state)


def one_sided(network, x, parameters, state, following):
    moved = tuple(b - a for a, b in zip(state, following, strict=True))
    found = network.vector_field_gradient(x, state, parameters, moved)
    return found | {"W_0_1": moved[0].T @ network.activations[1](state[1]) * network.dt / 2}


def squared_bias(network, x, parameters, state, following):
    found = C_EP.increment(network, x, parameters, state, following)
    return found | {"b_1": 1.1 * found["b_1"]}


@pytest.mark.parametrize("change", [flipped, one_sided, squared_bias])
def test_a_wrong_increment_fails_though_the_neurons_agree(make, change):
    x, y, parameters = make(SIZES)
    result = gducheck(EXACT, x, y, parameters, rule=Mutant(change))
    assert result.verdict is Verdict.FAIL
    assert any("neurons agree and the parameters do not" in cause for cause in result.causes)


def test_increment_measured_from_the_steady_state_fails(make):
    x, y, parameters = make(SIZES)
    anchor = []

    def anchored(network, x, parameters, state, following):
        first = anchor[0] if anchor else state
        return C_EP.increment(network, x, parameters, first, following)

    anchor.append(gducheck(EXACT, x, y, parameters).free.state)
    result = gducheck(EXACT, x, y, parameters, rule=Mutant(anchored))
    assert result.verdict is Verdict.FAIL


def with_phase(monkeypatch, change):
    """Plant an error in the nudged phase itself."""

    def mutated(*arguments, **options):
        yield from change(arguments, options)

    monkeypatch.setattr(delta_module, "nudged_phase", mutated)


def test_a_flipped_nudge_fails_and_the_sign_is_named(make, monkeypatch):
    with_phase(monkeypatch, lambda a, o: nudged_phase(*a, **(o | {"beta": -o["beta"]})))
    result = gducheck(EXACT, *make(SIZES))
    assert result.verdict is Verdict.FAIL
    assert any("the sign is flipped" in cause for cause in result.causes)


def test_a_missing_division_by_beta_fails_and_is_named(make, monkeypatch):
    original = delta_module.delta

    def forgetful(*arguments, beta, **options):
        found = original(*arguments, beta=beta, **options)
        return dataclasses.replace(
            found,
            state=tuple(s * beta for s in found.state),
            parameters={name: p * beta for name, p in found.parameters.items()},
        )

    monkeypatch.setattr("cep_core.check.sweeps.delta", forgetful)
    result = gducheck(EXACT, *make(SIZES))
    assert result.verdict is Verdict.FAIL
    assert any("a factor 1/beta is missing" in cause for cause in result.causes)


def test_a_time_index_off_by_one_fails_and_is_named(make, monkeypatch):
    def late(arguments, options):
        steps = list(nudged_phase(*arguments, **options))
        still = steps[0]
        zero = {name: 0 * v for name, v in still.increment.items()}
        yield NudgedStep(still.state, still.state, zero, still.parameters)
        yield from steps[:-1]

    with_phase(monkeypatch, late)
    result = gducheck(EXACT, *make(SIZES))
    assert result.verdict is Verdict.FAIL
    assert any("one step late" in cause for cause in result.causes)


def test_a_stale_theta_fails_at_fixed_kappa_only(make, monkeypatch):
    """theta is used before it is updated: invisible at kappa = 0."""

    def stale(arguments, options):
        network, rule, x, y, parameters, start = arguments
        state, used, updated = start, parameters, parameters
        for _ in range(options["steps"]):
            nudge = (state[0] - y) * options["beta"]
            following = network.transition(x, state, used, nudge)
            increment = rule.increment(network, x, used, state, following)
            used, updated = (
                updated,
                {name: v + options["kappa"] * increment[name] for name, v in updated.items()},
            )
            yield NudgedStep(state, following, increment, updated)
            state = following

    with_phase(monkeypatch, stale)
    result = gducheck(EXACT, *make(SIZES))
    verdicts = {c.name: c.verdict for c in result.checks}
    assert verdicts["in beta, kappa = 0"] is Verdict.PASS
    assert verdicts["in beta, fixed kappa"] is Verdict.FAIL
    assert any("a step late" in cause for cause in result.causes)


def test_a_theta_that_is_never_applied_is_not_a_pass(make, monkeypatch):
    with_phase(monkeypatch, lambda a, o: nudged_phase(*a, **(o | {"kappa": 0.0})))
    result = gducheck(EXACT, *make(SIZES))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "the rule is not applied" in result.checks[-1].reason


def test_theta_applied_with_the_wrong_sign_fails_at_fixed_kappa(make, monkeypatch):
    with_phase(monkeypatch, lambda a, o: nudged_phase(*a, **(o | {"kappa": -o["kappa"]})))
    result = gducheck(EXACT, *make(SIZES))
    assert {c.name: c.verdict for c in result.checks}["in beta, fixed kappa"] is Verdict.FAIL


def test_an_unsettled_free_phase_is_inconclusive(make):
    result = gducheck(EXACT, *make(SIZES), free_steps=20)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "not settled" in result.causes[0]
    assert "free_steps" in result.causes[0]


def test_float32_is_inconclusive(make):
    x, y, parameters = make(SIZES)
    low = {name: p.float() for name, p in parameters.items()}
    result = gducheck(EXACT, x.float(), y.float(), low)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "not float64" in result.causes[0]


def test_a_kink_of_a_layered_network_is_inconclusive(make):
    result = gducheck(EnergyBased((HardSigmoid(),) * 3, 0.2), *make(SIZES))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "a kink at the operating point" in result.causes[0]


def test_a_reached_target_is_inconclusive(make):
    x, _, parameters = make(SIZES)
    steady = gducheck(EXACT, *make(SIZES)).free.state
    result = gducheck(EXACT, x, steady[0], parameters)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "the gradient is zero" in result.causes[0]


def test_a_diverging_free_phase_is_inconclusive(make):
    x, y, parameters = make(SIZES)
    large = {name: 50 * p for name, p in parameters.items()}
    result = gducheck(EnergyBased((Identity(),) * 3, 0.2), x, y, large)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "diverges" in result.causes[0]


def test_raising_puts_the_numbers_in_the_message(make):
    x, y, parameters = make(SIZES)
    with pytest.raises(GDUError, match=r"(?s)GDU property: fail.*stays at .*likely cause:"):
        gducheck(Prototypical(TANH, "outside"), x, y, parameters, raise_unless_pass=True)


def phi(x, state, p):
    """A primitive function of one's own, not linear in its parameters."""
    out, hidden = state
    quadratic = (out.square().sum() + hidden.square().sum()) / 4
    coupling = (torch.tanh(out) @ p["W"] * torch.tanh(hidden)).sum() / 2
    drive = (torch.tanh(hidden) @ p["V"] * x).sum() / 2
    return quadratic + coupling + drive + (p["c"] ** 3 * torch.tanh(out)).sum()


@pytest.fixture
def own():
    generator = torch.Generator().manual_seed(2)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64) / 2

    parameters = {"W": draw(3, 5), "V": draw(5, 4), "c": draw(3)}
    zero = (torch.zeros(2, 3, dtype=torch.float64), torch.zeros(2, 5, dtype=torch.float64))
    return draw(2, 4), draw(2, 3), parameters, zero


def test_a_network_of_ones_own_needs_a_first_state(own):
    x, y, parameters, _ = own
    with pytest.raises(ValueError, match=r"start: expected a first state.*found W, V, c"):
        gducheck(PrimitiveNetwork(phi), x, y, parameters)


@pytest.mark.parametrize("rule", [EP, C_EP, C_VF], ids=lambda r: r.name)
def test_a_primitive_function_of_ones_own_passes(own, rule):
    x, y, parameters, start = own
    result = gducheck(PrimitiveNetwork(phi), x, y, parameters, rule=rule, start=start)
    assert result.verdict is Verdict.PASS, str(result)


def test_a_vector_field_that_is_no_gradient_fails(own):
    x, y, parameters, start = own

    def skewed(x, state, p):
        out, hidden = state
        return (
            (torch.tanh(hidden) @ p["W"].T) / 2,
            (torch.tanh(hidden @ hidden.new_ones(5, 5).triu(1)) + torch.tanh(x @ p["V"].T)) / 4
            + out @ p["W"] / 4,
        )

    used = {name: parameters[name] for name in ("W", "V")}
    result = gducheck(VectorFieldNetwork(skewed), x, y, used, rule=C_VF, start=start)
    assert result.verdict is Verdict.FAIL
    assert any("Jacobian is not symmetric" in cause for cause in result.causes)


def test_a_kink_of_ones_own_function_is_inconclusive(own):
    x, y, parameters, start = own

    def kinked(x, state, p):
        out, hidden = state
        quadratic = (out.square().sum() + hidden.square().sum()) / 4
        corner = (out.abs() * out).sum() / 8 + (hidden.relu().square() @ p["W"].T * out).sum() / 8
        return quadratic + corner + (hidden * 0 * (x @ p["V"].T)).sum() + (p["c"] * 0 * out).sum()

    result = gducheck(PrimitiveNetwork(kinked), x, y, parameters, rule=EP, start=start)
    assert result.verdict is not Verdict.PASS


def test_a_vector_field_has_no_primitive_function(own):
    x, _, parameters, start = own
    network = VectorFieldNetwork(lambda x, s, p: s)
    with pytest.raises(TypeError, match=r"use rule C-VF, .*or a PrimitiveNetwork"):
        network.primitive_gradient(x, start, parameters)


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (lambda x, s, p: s[0].sum(1), r"\(2,\)"),
        (lambda x, s, p: 1.0, "float"),
        (lambda x, s, p: s[0].detach().sum(), "without a gradient"),
    ],
)
def test_a_primitive_function_that_is_no_scalar_of_the_state_is_refused(own, wrong, found):
    x, _, parameters, start = own
    with pytest.raises(ValueError, match=f"primitive function: expected .*{found}"):
        PrimitiveNetwork(wrong).transition(x, start, parameters)


def test_order_of_a_plateau_a_line_and_noise():
    scales = (1e-2, 1e-3, 1e-4, 1e-5)
    quiet = (1e-12,) * 4
    line = judge_order(scales, [3 * s for s in scales], noise=quiet)
    assert (line.verdict, round(line.order, 6)) == (Verdict.PASS, 1)
    plateau = judge_order(scales, [0.02 + s for s in scales], noise=quiet)
    assert plateau.verdict is Verdict.FAIL
    root = judge_order(scales, [s**0.6 for s in scales], noise=quiet)
    assert root.verdict is Verdict.INCONCLUSIVE
    hidden = judge_order(scales, [0.5] * 4, noise=(0.3,) * 4)
    assert hidden.verdict is Verdict.INCONCLUSIVE
    at_round_off = judge_order(scales, [1e-13] * 4, noise=quiet)
    assert at_round_off.verdict is Verdict.PASS
    diverged = judge_order(scales, [1e-2, float("nan"), 1.0, 1.0], noise=quiet)
    assert diverged.verdict is Verdict.FAIL
    with pytest.raises(ValueError, match="positive numbers that decrease"):
        judge_order((1e-3, 1e-2), (1, 1), noise=(0, 0))
