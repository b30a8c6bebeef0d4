"""What the README shows works as shown."""

import json
import re
from pathlib import Path

import pytest

from cep_core.cli import main as cep
from reproduce.report.earlier import releases
from reproduce.report.release import readme_part, with_part
from tests.cases import factories

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_example_of_a_model_of_ones_own_passes(capsys):
    exec(compile(EXAMPLES[0], "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith("GDU property: pass")


def test_the_example_of_a_test_of_ones_own_is_one_for_every_pair():
    known = {"hopfield": factories.right, "convolutional": factories.wrong}
    exec(compile(EXAMPLES[1], "README.md", "exec"), known)
    (mark,) = known["test_the_gdu_property"].pytestmark
    assert [case.id for case in mark.args[1]] == [
        "right-EP",
        "right-C-EP",
        "wrong-EP",
        "wrong-C-EP",
    ]


def test_the_example_of_the_command_runs(capsys):
    (line,) = re.findall(r"^cep (gducheck .*)", README, re.MULTILINE)
    words = line.replace("my_package.models:hopfield", "tests.cases.factories:right").split()
    assert cep([*words, "--steps", "2"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "pass"


def test_the_example_of_training_runs(tmp_path, capsys):
    (line,) = re.findall(r"^cep (train .*)", README, re.MULTILINE)
    words = line.split()
    words[words.index("--epochs") + 1] = "1"
    words[words.index("--out") + 1] = str(tmp_path / "run")
    assert cep(words) == 0
    assert (tmp_path / "run" / "results.json").exists()


def test_every_file_that_the_readme_links_to_exists():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def newest():
    """The newest release whose report is committed."""
    return releases(ROOT / "reports")[-1]


def test_the_readme_says_what_the_newest_report_says():
    report = newest()
    if "answers" not in json.loads((report / "verdicts.json").read_text(encoding="utf-8")):
        pytest.skip(f"report {report.name} is of a version that kept no answers")
    assert with_part(README, readme_part(report)) == README


def test_the_newest_report_is_small():
    report = newest()
    if not (report / "ro-crate-metadata.json").exists():
        pytest.skip(f"report {report.name} is of a version that kept every drawing twice")
    assert sum(p.stat().st_size for p in report.rglob("*") if p.is_file()) < 4e6


def test_the_interpreter_that_the_readme_names_is_the_one_that_tox_makes():
    assert "[testenv:main]" in (ROOT / "tox.ini").read_text(encoding="utf-8")
    assert ".tox/main/bin/python -m reproduce --help" in README
