from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from flint import fmpq

from cep_core.activations import Sigmoid, Tanh
from cep_core.check.bptt import nabla
from cep_core.check.delta import delta
from cep_core.networks import EnergyBased, Prototypical
from cep_core.networks.initial import initial_parameters
from cep_core.phases import free_phase
from cep_core.problem import Problem
from cep_core.rules import C_EP
from theory.arithmetic.polynomials import FlintRing, SympyRing, symbols
from theory.arithmetic.series import Series, constant
from theory.case import Answer, Level, Outcome, decide
from theory.methods.perturbation import UnsettledError, delta_side, nabla_side, scaled
from theory.methods.symbolic import all_of, identity
from theory.points.arbitrary import anywhere
from theory.points.generic_primitive import generic_primitive
from theory.points.steady import energy_based, is_settled
from theory.points.steady import prototypical as prototypical_point
from theory.statements import (
    augmented,
    centred,
    increments,
    initial_angle,
    joint_limit,
    mini_batch,
    prototypical,
    settling,
    theorem1,
    unrolled,
    vector_field,
)
from theory.statements.joint_limit import kappa_per_layer, modified_bptt_at

QUICK = [
    case
    for module in (
        *(theorem1, augmented, joint_limit, prototypical, vector_field, centred),
        *(increments, initial_angle, mini_batch, settling, unrolled),
    )
    for case in module.cases()
    if case.level in {Level.SYMBOLIC, Level.NUMERICAL} and case.cost < 2
]


@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_case_has_its_expected_answer(case):
    check = decide(case)
    assert check.verdict == "pass", check.reason


@pytest.mark.parametrize("ring", [FlintRing, SympyRing])
@pytest.mark.parametrize("linear", [False, True])
def test_theorem_on_both_libraries(ring, linear):
    outcome = theorem1.theorem_at(energy_based(ring(60), "2-3-2", linear_output=linear), steps=3)
    assert outcome.answer is Answer.HOLDS
    assert outcome.numbers["not trivially zero"] > 50


def numbers_of(network, x, y, theta, state):
    """What each symbol stands for in a settled network in floating point."""
    energy = isinstance(network, EnergyBased)
    tensors = {"x": x, "y": y, "W_0_1": theta["W_0_1"], "W_1_x": theta["W_1_x"]}
    for n, s in enumerate(state):
        value = torch.tanh(s) if energy else s
        slope = 1 - value**2 if energy else 4 * value * (1 - value)
        tensors |= {f"r0_{n}": value, f"r1_{n}": slope, f"r2_{n}": -2 * value * slope}
        tensors[f"q_{n}"] = (s / slope)[0] if energy else torch.zeros_like(s[0])
    tensors["rho_x"] = torch.tanh(x)
    found = {"dt": float(network.time_scale)}
    for name, tensor in tensors.items():
        for index, number in np.ndenumerate(tensor.numpy()):
            found[f"{name}[{','.join(map(str, index))}]"] = float(number)
    return found


@pytest.mark.parametrize(
    ("network", "make"),
    [
        (EnergyBased((Tanh(), Tanh()), 0.25), energy_based),
        (Prototypical((Sigmoid(), Sigmoid()), "inside"), prototypical_point),
    ],
    ids=["energy-based", "prototypical"],
)
def test_polynomials_take_the_values_that_pytorch_computes(network, make):
    """Both symbolic sides, at the numbers of a settled float network, are the float sides."""
    generator = torch.Generator().manual_seed(1)
    theta = initial_parameters((2, 3, 2), generator=generator)
    x = torch.rand(1, 2, generator=generator, dtype=torch.float64)
    y = torch.rand(1, 2, generator=generator, dtype=torch.float64)
    start = free_phase(network, x, theta, steps=5000, tolerance=1e-15).state
    ring = FlintRing(60)
    point = make(ring, "2-3-2")
    numbers = numbers_of(network, x, y, theta, start)
    rational = [fmpq(round(numbers[name] * 10**9), 10**9) for name in ring.names]

    def value(polynomial):
        return float(Fraction(*ring.value(polynomial, rational)))

    problem = Problem(network, x, y, theta, steady=start)
    right = nabla(problem, steps=3).by_name
    left = delta(problem, C_EP, beta=1e-6, kappa=0.0, steps=3).by_name
    pairs = (
        (nabla_side(point, steps=3), right, 1.0),
        (delta_side(point, C_EP, steps=3), left, network.time_scale),
    )
    for symbolic, floats, scale in pairs:
        for name, process in symbolic.items():
            for t, polynomials in enumerate(process):
                found = np.vectorize(value, otypes=[float])(polynomials) / scale
                expected = floats[name][t].numpy()
                np.testing.assert_allclose(found, expected, atol=3e-6, err_msg=name)


def test_an_unsettled_state_is_undecided_not_passed():
    point = energy_based(FlintRing(60), "2-3-2")
    assert is_settled(point)
    moved = point.parameters["b_0"] + 1
    outcome = theorem1.theorem_at(
        replace(point, parameters=point.parameters | {"b_0": moved}), steps=2
    )
    assert outcome.answer is Answer.UNDECIDED
    assert "settled" in outcome.reason


def test_bptt_alone_refuses_an_unsettled_state():
    point = energy_based(FlintRing(60), "2-3-2", linear_output=True)
    shifted = point.parameters | {"b_0": point.parameters["b_0"] + 1}
    with pytest.raises(UnsettledError, match="not settled"):
        nabla_side(replace(point, parameters=shifted), steps=2)


def test_a_comparison_of_nothing_is_undecided():
    ring = FlintRing(1)
    zero = {"s_0": [np.zeros((1, 2), dtype=object)]}
    outcome = identity(ring, zero, zero)
    assert outcome.answer is Answer.UNDECIDED
    assert "s_0 is zero on both sides" in outcome.reason
    with pytest.raises(ValueError, match="found on one only: s_0, s_1"):
        identity(ring, zero, {"s_1": zero["s_0"]})


def test_a_counter_example_names_the_entry_and_a_value():
    ring = FlintRing(4)
    left = symbols(ring, "a", (1, 2))
    right = left.copy()
    right[0, 1] = ring.symbol("b")
    outcome = identity(ring, {"s_0": [left]}, {"s_0": [right]})
    assert outcome.answer is Answer.REFUTED
    assert outcome.reason.startswith("s_0[0,1] at t = 0: the sides differ by a[0,1] - b; e.g. by")
    assert outcome.numbers["identities that fail"] == 1


def test_joined_outcomes_keep_the_worst():
    holds, refuted = Outcome(Answer.HOLDS), Outcome(Answer.REFUTED, reason="no")
    undecided = Outcome(Answer.UNDECIDED, reason="perhaps")
    assert all_of({"a": holds}).answer is Answer.HOLDS
    assert all_of({"a": holds, "b": undecided}).reason == "b: perhaps"
    assert all_of({"a": undecided, "b": refuted}).reason == "b: no"


def test_one_changed_weight_turns_the_theorem_red():
    """BPTT of the network with one weight changed is not what phase 2 follows."""
    point = energy_based(FlintRing(60), "2-3-2")

    def other(at, **options):
        weights = at.parameters["W_0_1"].constant.copy()
        weights[0, 0] = weights[0, 0] + 1
        felt = at.network.activations[1](at.state[1]).constant[0, 0]
        back = at.network.activations[0](at.state[0]).constant[0, 0]
        shift_0, shift_1 = np.zeros(2, dtype=object), np.zeros(3, dtype=object)
        shift_0[0], shift_1[0] = felt, back
        parameters = at.parameters | {
            "W_0_1": constant(weights, 1),
            "b_0": at.parameters["b_0"] - constant(shift_0, 1),
            "b_1": at.parameters["b_1"] - constant(shift_1, 1),
        }
        return nabla_side(replace(at, parameters=parameters), **options)

    assert theorem1.theorem_at(point, steps=3, bptt=other).answer is Answer.REFUTED


def test_the_joint_limit_sees_a_wrong_batch_factor():
    point = energy_based(FlintRing(120), "2-2-2", batch=2)
    assert modified_bptt_at(point, steps=2).answer is Answer.HOLDS
    kappa = kappa_per_layer(point)
    doubled = {name: k * 2 for name, k in kappa.items()}
    left = delta_side(point, C_EP, steps=2, kappa=doubled)
    right = delta_side(point, C_EP, steps=2, kappa=kappa)
    assert identity(point.ring, left, right).answer is Answer.REFUTED


def test_any_primitive_function_needs_symmetric_second_derivatives():
    point = generic_primitive(FlintRing(60), 3, 1)
    assert theorem1.theorem_at(point, steps=3).answer is Answer.HOLDS
    nabla_processes = nabla_side(point, steps=3)
    wrong = scaled(nabla_processes, 1)
    assert identity(point.ring, delta_side(point, C_EP, steps=3), wrong).answer is Answer.REFUTED


def test_augmented_function_needs_its_square():
    at = anywhere("energy-based", "2-2-2", capacity=80)
    assert augmented.augmented_at(at, steps=2).answer is Answer.HOLDS
    without = replace(at, kappa=dict.fromkeys(at.kappa, 0))
    frozen, moving = (
        augmented.trajectory(a, augmented.phase_two(a, C_EP, 2)) for a in (without, at)
    )
    assert identity(at.ring, moving, frozen).answer is Answer.REFUTED


def test_a_series_leaves_other_arrays_their_operators():
    class Other:
        __array_ufunc__ = None

        def __radd__(self, other):
            return "mine"

        __rsub__ = __rmul__ = __rmatmul__ = __radd__

    series = Series((np.ones((2, 2), dtype=object),), 1)
    assert {series + Other(), series - Other(), series * Other(), series @ Other()} == {"mine"}
    with pytest.raises(ValueError, match="known to order 1 only"):
        series.coefficient(2)


def test_a_full_ring_says_so():
    ring = SympyRing(1)
    ring.symbol("a")
    with pytest.raises(ValueError, match="symbol b: the ring has 1 symbols and all are in use"):
        ring.symbol("b")
