"""One command makes a version's report, writes what the README says from it, and commits both."""

import subprocess
from pathlib import Path

import pytest

import cep_core
from cep_core.check.verdicts import Check, Verdict
from cep_core.fields import FieldError
from reproduce.command_line import main
from reproduce.report import release as module
from reproduce.report import standing
from reproduce.report.files import PICTURE
from reproduce.report.release import BEGIN, END, readme_part, with_part
from reproduce.report.standing import EXPECTED
from reproduce.stages import begin, write_stage
from tests.reproduce.whole import SVG

LABEL = cep_core.__version__


def git(folder, *arguments):
    done = subprocess.run(
        ["git", "-C", folder, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A repository with what a release touches, and the stages of a main job in it."""
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "n")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "e@example.org")
    monkeypatch.setattr(standing, "EXPECTED", dict.fromkeys(EXPECTED, list))
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "uncommitted", lambda: ())
    (tmp_path / "README.md").write_text(f"# Title\n\n{BEGIN}\nold\n{END}\n\nmore\n")
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n## {LABEL} (today)\n")
    (tmp_path / "CITATION.cff").write_text(f"title: t\nversion: {LABEL}\n")
    (tmp_path / ".gitignore").write_text("build/\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    stage, _, drawing = PICTURE.partition("/")
    folder = tmp_path / "build" / "stages" / stage
    (folder / drawing).parent.mkdir(parents=True)
    (folder / drawing).write_text(SVG)
    figure = {"caption": "It falls | <so>.", "alternative": "Lines", "files": {"svg": drawing}}
    notebook = {"title": "Error", "notebook": "n.ipynb", "figures": [figure], "curves": []}
    write_stage(
        folder,
        stage=stage,
        checks=[Check("figures/error-beta", "s", Verdict.PASS)],
        begun=begin(Path(__file__)),
        files=[drawing],
        details={"notebooks": [notebook | {"stable": {}}]},
    )
    return tmp_path


def run(checkout, *options):
    return main(["release", "--stages", str(checkout / "build" / "stages"), *options])


def test_a_release_is_its_report_and_the_readme_in_one_commit(checkout):
    assert run(checkout, "--anyway") == 0
    assert git(checkout, "log", "-1", "--format=%s") == f"Report {LABEL}"
    assert git(checkout, "status", "--porcelain") == ""
    readme = (checkout / "README.md").read_text(encoding="utf-8")
    assert readme.startswith("# Title\n")
    assert readme.endswith(f"{END}\n\nmore\n")
    assert f"![Lines](reports/{LABEL}/{PICTURE})\n\n*It falls | <so>.*" in readme
    assert (checkout / "reports" / LABEL / PICTURE).is_file()
    assert f"[{LABEL}](reports/{LABEL}/README.md)" in readme
    assert "<br>*not run*: EP-2h: published 1.95 ± 0.10† %.<br>" in readme
    assert "published numbers:\n6 not run." in readme
    assert "| What is new here? | *not run*. Not run. |" in readme
    assert with_part(readme, readme_part(checkout / "reports" / LABEL)) == readme


def refused(checkout, capsys, *options):
    readme = (checkout / "README.md").read_text(encoding="utf-8")
    assert run(checkout, *options) == 2
    assert (checkout / "README.md").read_text(encoding="utf-8") == readme
    assert git(checkout, "log", "--format=%s") == "first"
    assert not (checkout / "reports" / LABEL).exists()
    return capsys.readouterr().err


def test_what_does_not_pass_is_released_only_if_it_is_said(checkout, capsys):
    told = refused(checkout, capsys)
    assert "expected stages that pass (else --anyway), found not run" in told


def test_a_tree_with_changes_is_not_released(checkout, capsys, monkeypatch):
    monkeypatch.setattr(module, "uncommitted", lambda: ("cep_core/rules.py",))
    told = refused(checkout, capsys, "--anyway")
    assert "expected nothing uncommitted, found cep_core/rules.py" in told


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("CHANGELOG.md", f"CHANGELOG.md: expected the line '## {LABEL}'"),
        ("CITATION.cff", f"CITATION.cff: expected the line 'version: {LABEL}'"),
        ("README.md", "README.md: expected the lines"),
    ],
)
def test_a_file_that_does_not_know_the_version_is_named(checkout, capsys, file, found):
    (checkout / file).write_text("nothing\n")
    assert found in refused(checkout, capsys, "--anyway")


def test_a_report_without_answers_says_so(tmp_path):
    (tmp_path / "manifest.json").write_text('{"label": "0.1.1", "written": "2026"}')
    (tmp_path / "verdicts.json").write_text('{"verdict": "pass"}')
    with pytest.raises(FieldError, match="answers"):
        readme_part(tmp_path)
