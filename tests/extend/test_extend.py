"""Everything that the guide to extending adds, from outside the package and one file each."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from cep_core import C_EP, EnergyBased, Verdict, chain, gducheck
from cep_core.activations import Tanh
from theory.arithmetic.polynomials import FlintRing
from theory.case import Answer, module_from
from theory.command import main as theory
from theory.points.steady import energy_based
from theory.statements.theorem1 import theorem_at

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
GUIDE = CHECKOUT / "docs" / "extend.md"
FILES = ("own_rule.py", "own_edge.py", "own_row.toml", "own_figure.toml", "own_statement.py")


@pytest.mark.parametrize("name", FILES)
def test_the_guide_shows_the_tested_file(name):
    blocks = re.findall(
        r"```(?:python|toml)\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL
    )
    assert (HERE / name).read_text(encoding="utf-8") in blocks


def with_own_edge():
    return (*chain(2), module_from(HERE / "own_edge.py").OneToOne(0, 1))


def test_an_edge_has_the_property_in_floats_and_in_polynomials():
    network = EnergyBased((Tanh(), Tanh()), 0.2, edges=with_own_edge())
    generator = torch.Generator().manual_seed(0)
    parameters = network.initial_parameters((4, 3, 3), generator=generator)
    x = torch.rand(2, 4, generator=generator, dtype=torch.float64)
    y = torch.rand(2, 3, generator=generator, dtype=torch.float64)
    result = gducheck(network, x, y, parameters, rule=C_EP)
    assert result.verdict is Verdict.PASS, str(result)
    point = energy_based(FlintRing(200), "2-3-3", edges=with_own_edge())
    assert "D_0_1" in point.parameters
    assert theorem_at(point, steps=4).answer is Answer.HOLDS


def run(*arguments, at=CHECKOUT):
    command = [sys.executable, "-m", "reproduce", *map(str, arguments)]
    return subprocess.run(command, cwd=at, capture_output=True, text=True, check=False, timeout=300)


def test_a_row_is_trained_from_its_file(tmp_path):
    done = run("run", HERE / "own_row.toml", "--seed", 0, "--epochs", 1, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "run" / "results.json").read_text(encoding="utf-8"))
    assert results["row"] == "EP-small"
    assert results["test_error"][0] < 40


def test_a_figure_of_an_existing_kind_is_drawn_from_its_file(tmp_path):
    done = run("figures", "--experiments", HERE / "own_figure.toml", "--out", tmp_path / "figures")
    assert done.returncode == 0, done.stdout + done.stderr
    stage = json.loads((tmp_path / "figures" / "stage.json").read_text(encoding="utf-8"))
    assert [check["name"] for check in stage["checks"]] == ["figures/own-orders"]
    assert "tests/extend/own_figure.toml" in stage["code"]["sources"]
    assert stage["verdict"] == "pass"
    assert (tmp_path / "figures" / "own-orders" / "own-orders.png").stat().st_size > 10_000


def test_a_statement_is_decided_beside_the_others(capsys):
    own = str(HERE / "own_statement.py")
    assert theory(["--also", own, "--only", "first_step", "--processes", "1"]) == 0
    assert "1 of 1 as expected" in capsys.readouterr().out
    assert theory(["--also", own, "--list"]) == 0
    assert "first_step/symbolic/energy-based/2-3-2" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        theory(["--also", str(HERE / "own_row.toml"), "--list"])
    assert "expected a Python file with a function cases()" in capsys.readouterr().err
