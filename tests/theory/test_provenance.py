"""Which code ran: the project's own checkout, never one around it, and what was imported."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cep_core.provenance import changed_since, sources_of
from theory.command import main as theory

CHECKOUT = Path(__file__).parents[2]
ASK = (
    "import json, cep_core.provenance as p; "
    "print(json.dumps(p.provenance_of_code() | {'uncommitted': p.uncommitted()}))"
)


def git(folder, *arguments):
    who = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    done = subprocess.run(
        ["git", "-C", folder, *who, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def ask(folder, **environment):
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=folder,
        env=os.environ | environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


def copy(folder):
    """A checkout of nothing but the module that is asked."""
    package = folder / "cep_core"
    package.mkdir(parents=True)
    for name in ("__init__.py", "provenance.py"):
        (package / name).write_text((CHECKOUT / "cep_core" / name).read_text())
    (folder / ".gitignore").write_text("__pycache__/\n")
    return folder


def test_the_commit_is_the_checkouts_own(tmp_path):
    inner = copy(tmp_path / "inner")
    git(inner, "init", "-q")
    git(inner, "add", ".")
    git(inner, "commit", "-qm", "first")
    found = ask(inner)
    assert found["commit"] == git(inner, "rev-parse", "HEAD")
    assert found["tree_is_clean"] is True
    (inner / "cep_core" / "more.py").write_text("")
    again = ask(inner)
    assert again["tree_is_clean"] is False
    assert again["uncommitted"] == ["cep_core/more.py"]
    assert again["sources_sha256"] == found["sources_sha256"], "more.py was not imported"
    with (inner / "cep_core" / "__init__.py").open("a") as file:
        file.write("# changed\n")
    assert ask(inner)["sources_sha256"] != found["sources_sha256"]
    assert ask(inner, GIT_DIR=str(CHECKOUT / ".git"))["commit"] == found["commit"]


def test_a_repository_around_the_checkout_lends_it_nothing(tmp_path):
    inner = copy(tmp_path / "inner")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "not ours")
    assert ask(inner)["commit"] is None
    assert ask(inner)["tree_is_clean"] is None


def test_a_file_of_the_users_own_is_a_source_like_any_other(tmp_path):
    own = tmp_path / "own.py"
    own.write_text("import cep_core.provenance\n")
    sources = sources_of(own)
    assert list(sources) == [str(own), "cep_core/__init__.py", "cep_core/provenance.py"]
    assert changed_since(sources) == []
    own.write_text("import cep_core.provenance  # changed\n")
    assert changed_since(sources) == [str(own)]


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("from cep_core import gducheck", True),
        ("import cep_core", True),
        ("from cep_core.provenance import code_of", False),
    ],
)
def test_a_name_that_a_package_looks_up_needs_what_offers_it(text, needed, tmp_path):
    own = tmp_path / "own.py"
    own.write_text(text)
    sources = sources_of(own)
    assert "cep_core/__init__.py" in sources
    for offered in ("cep_core/face.py", "cep_core/check/gducheck.py"):
        assert (offered in sources) == needed


@pytest.mark.parametrize("name", ["../x.py", "/dev/zero", "a\0.py", "\ud800.py", "a" * 999 + ".py"])
def test_what_cannot_be_a_source_has_changed(name):
    assert changed_since({name: ""}) == [name]


def test_a_statement_of_the_users_own_is_recorded_with_its_digest(tmp_path, capsys):
    own = tmp_path / "own.py"
    own.write_text((CHECKOUT / "tests" / "extend" / "own_statement.py").read_text())
    asked = ["--also", str(own), "--only", "first_step", "--processes", "1"]
    assert theory([*asked, "--out", str(tmp_path / "stage")]) == 0
    stage = json.loads((tmp_path / "stage" / "stage.json").read_text())
    assert stage["code"]["sources"].items() >= sources_of(own).items()
    assert stage["selection"]["also"] == [str(own)]
    own.write_text("def cases(:\n")
    with pytest.raises(SystemExit):
        theory(asked)
    assert f"{own}: expected a Python file, found: " in capsys.readouterr().err
