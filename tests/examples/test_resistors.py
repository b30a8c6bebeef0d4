"""The example project in a process of its own, against the package as it is installed."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import cep_core

EXAMPLE = Path(__file__).parents[2] / "examples" / "resistors"


def told(wheel, folder):
    """What pytest says in a copy of the project, asked for a model with a mistake too."""
    site, project = folder / "site", folder / "resistors"
    zipfile.ZipFile(wheel).extractall(site)
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    model = (project / "resistors.py").read_text(encoding="utf-8")
    assert model.count("-self.dt / 2") == 1
    (project / "mistaken.py").write_text(model.replace("-self.dt / 2", "-self.dt"), "utf-8")
    asked = ("--cep-model", "mistaken:circuit", "--cep-rule", "EP", "--cep-rule", "C-VF")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", *asked],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def test_its_model_passes_and_a_forgotten_half_fails_where_it_is_used(wheel, tmp_path):
    output = told(wheel, tmp_path)
    answers = dict(
        reversed(pair) for pair in re.findall(r"^(PASSED|FAILED) (\S+)", output, re.MULTILINE)
    )
    own = "tests/test_theorem.py::test_the_updates_are_those_of_backpropagation"
    right = {f"{own}[circuit-{rule}]": "PASSED" for rule in ("EP", "C-EP", "C-VF")}
    mistaken = {"::mistaken:circuit[EP]": "FAILED", "::mistaken:circuit[C-VF]": "PASSED"}
    assert answers == right | mistaken, output
    said = (
        "likely cause: the parameters' updates are 2 times minus the gradients: a factor is wrong"
    )
    assert f"{said}\n" in output
    assert f"cep-core-{cep_core.__version__}" in output, "expected the unpacked wheel's plugin"


def test_the_test_is_five_lines_and_the_guide_shows_it():
    test = (EXAMPLE / "tests" / "test_theorem.py").read_text(encoding="utf-8")
    assert len([line for line in test.splitlines() if line]) == 5
    assert f"```python\n{test}```" in (EXAMPLE / "README.md").read_text(encoding="utf-8")
