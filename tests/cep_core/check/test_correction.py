"""The checker under corrected rules: what passes, what the plain rule misses, wrong corrections."""

import re

import pytest
import torch

from cep_core import (
    ASYM_EP,
    C_VF,
    CORRECTED_C_VF,
    EnergyBased,
    PrimitiveNetwork,
    Problem,
    Prototypical,
    VectorFieldNetwork,
    Verdict,
    gducheck,
    largest_stable_kappa,
    nudged_phase,
)
from cep_core.activations import Sigmoid, Tanh
from theory.points.topologies import ring

SIZES = (5, 6, 4, 3)
FIELDS = {
    "prototypical, nudge outside": Prototypical((Sigmoid(),) * 3),
    "prototypical, nudge inside": Prototypical((Sigmoid(),) * 3, "inside"),
    "energy-based, no slope": EnergyBased((Tanh(),) * 3, 0.3, "none"),
    "a loop in one direction": Prototypical((Tanh(),) * 3, "outside", ring(3, tied=False)),
}
GENERATOR = torch.Generator()


def draw(*shape):
    return torch.rand(shape, generator=GENERATOR, dtype=torch.float64) - 0.5


def given(network, sizes=SIZES):
    GENERATOR.manual_seed(0)
    angle = {} if network.edges else {"backward_angle": 90.0}
    theta = network.initial_parameters(sizes, generator=GENERATOR, **angle)
    return {"x": draw(2, sizes[0]), "y": draw(2, sizes[-1]), "parameters": theta}


def of_ones_own():
    """Two layers with weights of their own in both directions, and what to check them on."""
    GENERATOR.manual_seed(2)
    theta = {"up": draw(3, 5), "down": draw(5, 3), "in": draw(5, 4)}
    start = (torch.zeros(2, 3, dtype=torch.float64), torch.zeros(2, 5, dtype=torch.float64))
    return {"x": draw(2, 4), "y": draw(2, 3), "parameters": theta, "start": start}


def field(x, state, theta):
    out, hidden = state
    return (
        torch.tanh(hidden @ theta["up"].T) + 0.2 * out.square(),
        torch.tanh(out @ theta["down"].T + x @ theta["in"].T),
    )


@pytest.mark.parametrize("name", FIELDS)
def test_corrected_rules_pass_without_symmetry_and_say_what_the_plain_one_misses(name):
    task = given(FIELDS[name])
    result = gducheck(FIELDS[name], **task, rule="corrected C-VF")
    assert result.verdict is Verdict.PASS, str(result)
    found = re.search(r"C-VF as published misses by (\S+) \(the neurons", str(result))
    assert found, str(result)
    assert float(found[1]) > 0.5
    assert "with the slope alone misses by" in str(result)
    assert gducheck(FIELDS[name], **task, rule=ASYM_EP).verdict is Verdict.PASS
    assert gducheck(FIELDS[name], **task, rule=C_VF).verdict is Verdict.FAIL


def test_a_field_of_ones_own():
    network, task = VectorFieldNetwork(field), of_ones_own()
    assert gducheck(network, **task, rule=CORRECTED_C_VF).verdict is Verdict.PASS
    plain = gducheck(network, **task, rule=C_VF)
    assert plain.verdict is Verdict.FAIL
    assert "the Jacobian is not symmetric" in str(plain)
    assert "without the correction" not in str(plain)


def test_where_the_nudge_enters_inside_a_field_of_ones_own_the_correction_is_not_known():
    def inside(x, state, theta, nudge=None):
        out, hidden = state
        at = hidden @ theta["up"].T
        moved = at if nudge is None else at - nudge
        return torch.tanh(moved), torch.tanh(out @ theta["down"].T + x @ theta["in"].T)

    network = VectorFieldNetwork(inside, nudge_inside=True)
    with pytest.raises(ValueError, match="nudge_inside: expected a field whose output is nudged"):
        gducheck(network, **of_ones_own(), rule=CORRECTED_C_VF)


def test_a_symmetric_network_with_an_activation_needs_no_correction():
    """``P`` acts on force and nudge alike: ``J - J^T`` would not be what is to be taken out."""

    def phi(x, state, theta):
        out, hidden = state
        return (out @ theta["up"] * hidden).sum() + (hidden * (x @ theta["in"].T)).sum()

    task = of_ones_own()
    del task["parameters"]["down"]
    network = PrimitiveNetwork(phi, activation=torch.tanh)
    result = gducheck(network, **task, rule=CORRECTED_C_VF)
    assert result.verdict is Verdict.PASS, str(result)


class Forgetful(Prototypical):
    """An asymmetry without the slopes."""

    def asymmetry(self, x, steady, parameters, vector):
        return tuple(v * 2 for v in super().asymmetry(x, steady, parameters, vector))


def test_a_wrong_correction_fails_and_is_named():
    network = Forgetful((Sigmoid(),) * 3)
    result = gducheck(network, **given(network), rule=CORRECTED_C_VF)
    assert result.verdict is Verdict.FAIL
    assert "the correction is not (J - J^T)(s - s_*)" in str(result)
    assert "1.0e+00, relative" in str(result)
    assert "primitive function" not in str(result), "asymmetry is no fault of a corrected rule"


def test_the_stability_bound_is_that_of_the_corrected_phase():
    network = Prototypical((Sigmoid(),) * 2)
    task = given(network, (5, 6, 3))
    problem = Problem(network, **task).settled()
    bound = largest_stable_kappa(
        network, problem.x, problem.parameters, problem.rest, rule=CORRECTED_C_VF
    )

    def growth(kappa):
        def moves(start, steps):
            *_, last = nudged_phase(
                network,
                CORRECTED_C_VF,
                problem.x,
                problem.y,
                problem.parameters,
                start,
                beta=1e-7,
                kappa=kappa,
                steps=steps,
            )
            return float((last.following[0] - last.state[0]).norm())

        return moves(problem.rest, 120) / moves(problem.rest, 80)

    assert growth(0.9 * bound.kappa) < 1 < growth(1.1 * bound.kappa)
