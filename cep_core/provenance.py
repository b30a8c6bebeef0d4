"""Which code is running: its commit, whether that is all of it, and a digest of what is imported.

Read once for each process: what is on the disk later is not what runs. This module needs no more
than the standard library, so that the check of the proof can say the same of itself.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypedDict

ROOT = Path(__file__).resolve().parents[1]
"""The checkout."""

GENERATED = ("reports", "build")
"""Folders that the main job writes itself; changes there do not make the tree unclean."""

PACKAGES = ("cep_core", "theory", "reproduce", "benchmarks")
"""Top-level packages of the project."""


FACE = "face.py"
"""Module of a package's names that are looked up when they are asked for."""

SOURCES = frozenset({".py", ".ipynb", ".toml", ".v", ".csv", ".yml"})
"""Kinds of files in a folder on which results depend."""


class Code(TypedDict):
    """Which code ran.

    Attributes:
        commit: full hash; None outside the project's own git checkout.
        tree_is_clean: whether the files were the commit's; None outside the checkout.
        sources_sha256: of the project's modules that were imported, by path and contents.

    """

    commit: str | None
    tree_is_clean: bool | None
    sources_sha256: str


def provenance_of_code() -> Code:
    """Tell which code this process runs."""
    return {
        "commit": commit(),
        "tree_is_clean": tree_is_clean(),
        "sources_sha256": sources_sha256(),
    }


@functools.cache
def commit() -> str | None:
    """Full hash of the commit that is checked out; None outside the project's own checkout."""
    return _git("rev-parse", "HEAD")


@functools.cache
def tree_is_clean() -> bool | None:
    """Whether the tracked and untracked files are those of the commit; None outside a checkout."""
    found = uncommitted()
    return None if found is None else not found


@functools.cache
def uncommitted() -> tuple[str, ...] | None:
    """Paths of files that are not, or not so, in the commit; None outside a checkout."""
    where = ("--", ".", *(f":(exclude){folder}" for folder in GENERATED))
    changed = _git("diff", "--name-only", "-z", "HEAD", *where)
    added = _git("ls-files", "--others", "--exclude-standard", "-z", *where)
    if changed is None or added is None:
        return None
    return tuple(sorted({*changed.split("\0"), *added.split("\0")} - {""}))


def sources_sha256() -> str:
    """Digest of the project's modules that this process has imported, by path and contents."""
    return _digest(
        {path.relative_to(ROOT).as_posix(): _sha256(path) for path in imported_sources()}
    )


def imported_sources() -> list[Path]:
    """Files of the project's modules that this process has imported, sorted."""
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    paths = {Path(file).resolve() for file in files if file}
    folders = [ROOT / package for package in PACKAGES]
    return sorted(p for p in paths if any(p.is_relative_to(folder) for folder in folders))


def sources_of(*roots: Path) -> dict[str, str]:
    """Digest of every file of the project that ``roots`` need, by its path in the checkout.

    A root is a source, a notebook, a file of settings, or a folder of such files; it may be a
    user's own, outside the checkout, and then has its whole path. What a source imports is needed
    too, whether or not it has been imported yet: work may be done in processes of its own. Names
    that are put together at run time are not followed; name their folder.
    """
    waiting = [path for root in roots for path in _files(root.resolve())]
    needed: dict[str, str] = {}
    while waiting:
        path = waiting.pop()
        name = (path.relative_to(ROOT) if path.is_relative_to(ROOT) else path).as_posix()
        if name not in needed:
            needed[name] = _sha256(path)
            waiting += _imports(path)
    return dict(sorted(needed.items()))


def code_of(*roots: Path) -> dict[str, Any]:
    """Which code ``roots`` are: as :class:`Code`, and ``sources``, the digest of every file."""
    sources = sources_of(*roots)
    return {
        "commit": commit(),
        "tree_is_clean": tree_is_clean(),
        "sources_sha256": _digest(sources),
        "sources": sources,
    }


def changed_since(sources: Mapping[str, str]) -> list[str]:
    """Files of a record that are not, or no longer, what they were, or that are no sources."""
    return [
        name
        for name, digest in sources.items()
        if (digest_inside(*_place(Path(name))) if Path(name).suffix in SOURCES else None) != digest
    ]


def digest_inside(folder: Path, name: str) -> str | None:
    """Digest of a file in a folder; None if there is none, or the name leads out of the folder."""
    path = folder / name
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
        return hashlib.sha256(path.read_bytes()).hexdigest() if inside and path.is_file() else None
    except (OSError, ValueError):  # one that cannot be read, or that no file can have
        return None


def _place(path: Path) -> tuple[Path, str]:
    return (path.parent, path.name) if path.is_absolute() else (ROOT, str(path))


def _files(root: Path) -> list[Path]:
    if not root.is_dir():
        return [root]
    found = (path for path in root.rglob("*") if path.suffix in SOURCES and path.is_file())
    return [path for path in found if not any(p[0] == "." for p in path.relative_to(root).parts)]


@functools.cache
def _imports(path: Path) -> tuple[Path, ...]:
    """Files of the project that a source or a notebook imports, wherever in it."""
    if path.suffix == ".py":
        texts = [path.read_text(encoding="utf-8")]
    elif path.suffix == ".ipynb":
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    else:
        return ()
    names: set[str] = set()
    for node in (node for text in texts for node in _executed(ast.parse(text))):
        if isinstance(node, ast.Import):
            names.update(f"{alias.name}.*" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    ours = (name.split(".") for name in names if name.partition(".")[0] in PACKAGES)
    return tuple(path for parts in ours for path in _modules(parts))


def _executed(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes below one, without what is written for type checkers alone."""
    yield tree
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"):
            yield from _executed(node)


def _modules(parts: list[str]) -> list[Path]:
    """Files of what is imported, a module or a name in one, and of the packages around it."""
    places = [ROOT.joinpath(*parts[: i + 1]) for i in range(len(parts))]
    files = [file for f in places for file in (f / "__init__.py", f.with_suffix(".py"))]
    found = [file for file in files if file.is_file()]
    is_package = places[-2] if len(places) > 1 else places[-1]
    if found and found[-1] == is_package / "__init__.py":  # a name of the package's own
        found += [face for face in [is_package / FACE] if face.is_file()]
    return found


def _digest(sources: Mapping[str, str]) -> str:
    lines = "".join(f"{name} {digest}\n" for name, digest in sources.items())
    return hashlib.sha256(lines.encode()).hexdigest()


@functools.cache
def _sha256(path: Path) -> str:
    """Digest of a source file, as it was when this process first asked."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@functools.cache
def _is_checkout() -> bool:
    """Whether git's top level is the project's own, not that of a repository around it."""
    top = _run_git("rev-parse", "--show-toplevel")
    return top is not None and Path(top).resolve() == ROOT


def _git(*arguments: str) -> str | None:
    return _run_git(*arguments) if _is_checkout() else None


def _run_git(*arguments: str) -> str | None:
    redirected = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", "-C", str(ROOT), *arguments],  # noqa: S607 - whichever git the user has
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
            env=redirected,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
