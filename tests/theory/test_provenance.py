"""Which code ran: the project's own checkout, never one around it, and what was imported."""

import json
import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
ASK = "import json, theory.provenance as p; print(json.dumps(p.provenance_of_code()))"


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
    package = folder / "theory"
    package.mkdir(parents=True)
    for name in ("__init__.py", "provenance.py"):
        (package / name).write_text((CHECKOUT / "theory" / name).read_text())
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
    (inner / "theory" / "more.py").write_text("")
    again = ask(inner)
    assert again["tree_is_clean"] is False
    assert again["sources_sha256"] == found["sources_sha256"], "more.py was not imported"
    with (inner / "theory" / "__init__.py").open("a") as file:
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
