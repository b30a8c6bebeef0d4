"""``cep stability``: the bound of the package, in words, in JSON and as an exit code."""

import json
import math

import pytest
import torch

from cep_core import C_EP, free_phase, largest_stable_kappa
from cep_core.cli import main
from tests.cases.factories import right

ROW = """
name = "tiny"
title = "C-EP, small"
rule = "C-EP"
sizes = [784, 6, 10]
learning_rates = [{rates}]
beta = 0.2
free_steps = 30
nudged_steps = 4
epochs = 1
batch = 3
"""


def stability(capsys, *arguments):
    code = main(["stability", *map(str, arguments)])
    return code, capsys.readouterr()


def test_a_row_beyond_its_bound_fails_and_the_bound_is_the_same_whatever_its_rates(
    tmp_path, capsys
):
    found = []
    for rates in ("1e-4, 2e-4", "1.0, 2.0"):
        row = tmp_path / "row.toml"
        row.write_text(ROW.format(rates=rates))
        code, said = stability(capsys, row, "--json")
        answer = json.loads(said.out)
        found.append((code, answer["verdict"]))
        assert answer["largest_stable_rates"]["positive"] == pytest.approx(
            BOUNDS.setdefault("rates", answer["largest_stable_rates"]["positive"]), rel=1e-2
        )
        code, said = stability(capsys, row)
        assert "beta > 0: stable up to" in said.out
        assert "beta < 0: stable" in said.out
    assert found == [(0, "pass"), (1, "fail")]


BOUNDS = {}


def test_ones_own_model_has_the_bound_of_the_package(capsys):
    given = right()
    free = free_phase(
        given["network"],
        given["x"],
        given["parameters"],
        steps=20_000,
        tolerance=1e-12,
        start=given["start"],
    )
    where = (given["network"], given["x"], given["parameters"], free.state)
    kappa = largest_stable_kappa(*where, rule=C_EP, highest=1e3).kappa
    code, said = stability(capsys, "tests.cases.factories:right", "--beta", "0.5", "--json")
    answer = json.loads(said.out)
    multiple = float(answer["largest_stable_multiple"]["positive"])
    assert code == 0
    assert multiple == pytest.approx(0.5 * kappa, rel=1e-2) or math.isinf(kappa)
    _, said = stability(capsys, "tests.cases.factories:right", "--rate", "1e9")
    assert "fail" in said.out


def test_a_rule_that_is_not_continual_has_no_bound_and_says_why(tmp_path, capsys):
    row = tmp_path / "row.toml"
    row.write_text(ROW.format(rates="1.0, 2.0").replace('"C-EP"', '"EP"'))
    code, said = stability(capsys, row)
    assert code == 0
    assert "EP changes no parameter while it is nudged" in said.out


def test_a_network_that_never_settles_is_inconclusive(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("cep_core.check.margin.LONGEST", 3)
    row = tmp_path / "row.toml"
    row.write_text(ROW.format(rates="1e-4, 2e-4").replace("free_steps = 30", "free_steps = 1"))
    code, said = stability(capsys, row)
    assert code == 3
    assert "the free phase still moves by" in said.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], "row: expected one of"),
        (["tests.cases.factories:right", "--beta", "0"], "--beta: expected a positive number"),
        (["tests.cases.factories:right", "--rate", "-1"], "--rate: expected a positive number"),
        (["tests.cases.factories:number"], "expected arguments of gducheck by name"),
        (["C-EP-1h", "--seed", "-1"], "--seed: expected an integer of at least 0"),
    ],
)
def test_a_refusal_is_one_line(arguments, words, capsys):
    code, said = stability(capsys, *arguments)
    assert (code, said.out) == (2, "")
    assert words in said.err
    assert said.err.count("\n") == 1
    assert torch.get_num_threads() == 1
