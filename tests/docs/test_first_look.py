"""The notebook of the first look runs where the package is installed, and shows what it says."""

import ast
import json
import re
import tomllib
from pathlib import Path

import matplotlib.pyplot as plt
import torch

from cep_core import Verdict

ROOT = Path(__file__).parents[2]
CELLS = json.loads((ROOT / "docs" / "first_look.ipynb").read_text(encoding="utf-8"))["cells"]
TEXT = "\n".join("".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "markdown")
CODE = [cell for cell in CELLS if cell["cell_type"] == "code"]


def before(heading):
    """The code above a heading."""
    (place,) = [n for n, cell in enumerate(CELLS) if f"## {heading}" in "".join(cell["source"])]
    return ["".join(cell["source"]) for cell in CELLS[:place] if cell["cell_type"] == "code"]


def test_it_needs_the_package_and_what_draws():
    trees = [ast.parse("".join(cell["source"])) for cell in CODE]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    modules = {n.module for n in nodes if isinstance(n, ast.ImportFrom)}
    modules |= {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    assert {m.split(".")[0] for m in modules} == {"cep_core", "matplotlib", "torch"}


def test_the_extras_that_it_installs_exist():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (named,) = re.findall(r'pip install "cep-core\[([\w,]+)\]"', TEXT)
    assert set(named.split(",")) <= set(project["optional-dependencies"])


def test_it_is_kept_without_outputs():
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in CODE)


def test_what_it_shows_before_it_trains_is_what_it_says(monkeypatch):
    monkeypatch.setattr("builtins.print", lambda *_: None)
    plt.close("all")
    known = {}
    try:
        for source in before("Learning"):
            exec(compile(source, "first_look.ipynb", "exec"), known)
        assert len(plt.get_fignums()) == 4
    finally:
        plt.close("all")
    assert known["result"].verdict is Verdict.PASS
    assert torch.equal(
        known["path"][-1][0].round(decimals=6), known["path"][-2][0].round(decimals=6)
    )
    for name in known["shown"]:
        ours, theirs = (known[side].parameters[name] for side in ("updates", "gradients"))
        assert float((ours + theirs).norm() / theirs.norm()) < 0.01
