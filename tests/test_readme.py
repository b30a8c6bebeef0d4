"""What the README shows works as shown."""

import json
import re
from pathlib import Path

from cep_core.cli import main as cep
from reproduce.command_line import main
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
    (line,) = re.findall(r"python -m reproduce (run .*)", README)
    words = line.split()
    words[words.index("--epochs") + 1] = "1"
    words[words.index("--out") + 1] = str(tmp_path / "run")
    assert main(words) == 0
    assert (tmp_path / "run" / "results.json").exists()


def test_every_file_that_the_readme_links_to_exists():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def newest():
    """The newest release whose report is committed."""
    releases = [p.parent for p in (ROOT / "reports").glob("[0-9]*/verdicts.json")]
    return max((r for r in releases if "+" not in r.name), key=lambda r: r.name.split("."))


def test_picture_and_link_are_of_the_newest_report():
    release = newest()
    (picture,) = re.findall(r"!\[[^]]*\]\((reports/[^)]*)\)", README)
    assert picture.split("/")[1] == release.name
    page = "README.md" if (release / "README.md").exists() else "report.html"
    assert f"(reports/{release.name}/{page})" in README


def test_the_numbers_of_the_answers_are_those_of_the_newest_report():
    found = json.loads((newest() / "verdicts.json").read_text(encoding="utf-8"))["checks"]
    checks = {check["name"]: check["numbers"] for stage in found.values() for check in stage}
    verify = {check["name"]: check["numbers"] for check in found["verify"]}
    stable = "largest stable kappa"
    inside = verify["stability/prototypical, nudge inside/784-512-10"][stable]
    energy = verify["stability/energy-based/784-512-10"][stable]
    assert f"κ < {inside:.2g} (prototypical) and κ < {energy:.2g} (energy-based, dt = " in README
    levels = [n["plateau"] for name, n in verify.items() if name.startswith("published/")]
    assert f"a relative error of {min(levels):.1g} to {max(levels):.1g} however small" in README
    deviation = max(verify["asymmetry/Ψ = 45°"]["deviation by step"])
    assert f"up to {deviation:.2g};" in README
    cases = sum(name.startswith("theorem1/") for name in verify)
    assert f"in {cases} of {cases} cases" in README
    trained = checks.get("table/full/EP-1h/outside", {}).get("test_error_last")
    if trained is not None:
        assert f"EP with one hidden layer: {trained:.2f} % test error" in README


def test_the_interpreter_that_the_readme_names_is_the_one_that_tox_makes():
    assert "[testenv:main]" in (ROOT / "tox.ini").read_text(encoding="utf-8")
    assert ".tox/main/bin/python -m reproduce --help" in README
