import json
from pathlib import Path

import pytest
import sympy

from theory.arithmetic.polynomials import FlintRing, SympyRing
from theory.derivation import equation, expression, symbol

NOTEBOOK = Path(__file__).parents[2] / "reproduce" / "notebooks" / "derivation.ipynb"


def cells():
    return json.loads(NOTEBOOK.read_text())["cells"]


def test_the_notebook_runs_and_its_sums_are_zero(monkeypatch):
    shown = []
    code = [c for c in cells() if c["cell_type"] == "code"]
    namespace = {}
    for cell in code:
        source = "".join(cell["source"])
        exec(compile(source, str(NOTEBOOK), "exec"), namespace)
        if "def show" in source:
            namespace["show"] = shown.append
    sums = [f for f in shown if f.startswith((r"\Delta_s(0) + \nabla", r"\Delta_s(2) + \nabla"))]
    assert len(sums) == 3
    assert all(r"\left[\begin{matrix}0\\0\\0\end{matrix}\right]" in formula for formula in sums)
    moved = [f for f in shown if f.startswith(r"\Delta_s(1) + \nabla")]
    assert r"\kappa_{0}" in moved[1]


def test_the_notebook_is_committed_without_outputs():
    for cell in cells():
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("ring", [FlintRing, SympyRing])
def test_a_polynomial_is_written_as_it_is(ring):
    made = ring(3)
    rho, dt = made.symbol("r1_0[0,1]"), made.symbol("dt")
    found = expression(made, rho * rho * dt / 2 - dt)
    r, t = symbol("r1_0[0,1]"), symbol("dt")
    assert sympy.expand(found - (r**2 * t / 2 - t)) == 0
    assert equation("F", found) == "F = " + sympy.latex(found)
    assert expression(made, 0) == 0


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("W_1_x[0,2]", "W^{1x}_{02}"),
        ("r0_1[0,2]", r"\rho(s^{1}_{2})"),
        ("Phi_012", r"\Phi_{012}"),
        ("s[1]", "s_{1}"),
        ("theta[0]", r"\theta_{0}"),
        ("kappa_1", r"\kappa_{1}"),
        ("kappa", r"\kappa"),
        ("y[0,1]", "y_{1}"),
        ("unknown", "unknown"),
    ],
)
def test_symbols_are_written_as_in_the_paper(name, latex):
    assert symbol(name).name == latex
