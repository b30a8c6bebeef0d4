"""The example project in a process of its own, against the package as it is installed."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "resistors"


def told(wheel, folder):
    """What pytest says in a copy of the project that has, beside its model, a mistaken one."""
    site, project = folder / "site", folder / "resistors"
    zipfile.ZipFile(wheel).extractall(site)
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    model = (project / "resistors.py").read_text(encoding="utf-8")
    assert model.count("-self.dt / 2") == 1
    (project / "mistaken.py").write_text(model.replace("-self.dt / 2", "-self.dt"), "utf-8")
    test = (project / "tests" / "test_theorem.py").read_text(encoding="utf-8")
    (project / "tests" / "test_mistaken.py").write_text(
        test.replace("from resistors", "from mistaken"), "utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "--tb=short", "-p", "no:cacheprovider"],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def verdicts(told, file):
    return {
        rule: verdict
        for verdict, name, rule in re.findall(
            r"^(PASSED|FAILED) tests/(\w+)\.py::\w+\[circuit-([\w-]+)\]", told, re.MULTILINE
        )
        if name == file
    }


def test_its_model_passes_and_a_forgotten_half_fails_where_it_is_used(wheel, tmp_path):
    output = told(wheel, tmp_path)
    passed = dict.fromkeys(("EP", "C-EP", "C-VF"), "PASSED")
    assert verdicts(output, "test_theorem") == passed, output
    mistaken = {"EP": "FAILED", "C-EP": "FAILED", "C-VF": "PASSED"}
    assert verdicts(output, "test_mistaken") == mistaken, output
    said = "likely cause: the parameters' updates are 2 times minus the gradients"
    assert output.count(said) >= 2
    installed = r"site/cep_core/testing\.py:\d+: in check"
    assert re.search(installed, output), "expected the unpacked wheel to have answered"


def test_the_test_is_five_lines_and_the_guide_shows_it():
    test = (EXAMPLE / "tests" / "test_theorem.py").read_text(encoding="utf-8")
    assert len([line for line in test.splitlines() if line]) == 5
    assert f"```python\n{test}```" in (EXAMPLE / "README.md").read_text(encoding="utf-8")
