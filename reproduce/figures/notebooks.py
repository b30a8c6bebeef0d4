"""Running a notebook with checked parameters, in this interpreter, into a folder made at once."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cep_core.check.verdicts import Check, Verdict
from cep_core.files import NO_ROOM

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
CHECKOUT = Path(__file__).parent.parent.parent
KERNEL = "this-interpreter"
ATTEMPTS = 3
FORMATS = ("png", "svg", "pdf", "csv")
"""What a figure is drawn in, and the numbers in it."""

_ANY_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
"""What a notebook asks for: the kernel of whoever runs it."""


class NotebookError(RuntimeError):
    """A notebook did not run to its end; the message says which cell failed, and why."""


@contextlib.contextmanager
def kernel_of_this_interpreter() -> Iterator[None]:
    """Make a kernel named :data:`KERNEL` known to Jupyter, for the duration of the block.

    It runs ``sys.executable`` on one thread, whatever kernels the user has installed.
    """
    saved = os.environ.get("JUPYTER_PATH")
    with tempfile.TemporaryDirectory(prefix="kernel-") as folder:
        place = Path(folder) / "kernels" / KERNEL
        place.mkdir(parents=True)
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        quiet = ["--log-level=CRITICAL"]  # what fails in a cell comes back with the notebook
        path = os.pathsep.join(filter(None, (str(CHECKOUT), os.environ.get("PYTHONPATH"))))
        fixed = {"PYTHONPATH": path, "MPLBACKEND": "agg", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        spec = {
            "argv": [sys.executable, "-m", "ipykernel_launcher", *quiet, "-f", "{connection_file}"],
            "display_name": "this interpreter",
            "language": "python",
            "env": threads | fixed,
        }
        (place / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
        os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, (folder, saved)))
        try:
            yield
        finally:
            if saved is None:
                del os.environ["JUPYTER_PATH"]
            else:
                os.environ["JUPYTER_PATH"] = saved


def declared_parameters(notebook: Path) -> set[str]:
    """Names that the notebook's parameters cell assigns."""
    import papermill  # noqa: PLC0415 - seconds to import, and only this command needs it

    return set(papermill.inspect_notebook(str(notebook)))


def check_parameters(notebook: Path, parameters: Mapping[str, Any]) -> None:
    """Refuse a parameter that the notebook does not declare; papermill only warns.

    Raises:
        ValueError: names the notebook, the parameter and those that it has.

    """
    declared = declared_parameters(notebook)
    unknown = sorted(set(parameters) - declared)
    if unknown:
        expected = ", ".join(sorted(declared))
        msg = f"{notebook.name}: no parameter {unknown[0]!r}; expected some of: {expected}"
        raise ValueError(msg)


def _execute(notebook: Path, executed: Path, parameters: Mapping[str, Any]) -> None:
    import papermill  # noqa: PLC0415 - as above
    from papermill.exceptions import PapermillExecutionError  # noqa: PLC0415

    for attempt in range(1, ATTEMPTS + 1):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of the notebook tools, not ours
                papermill.execute_notebook(
                    str(notebook),
                    str(executed),
                    parameters=dict(parameters),
                    kernel_name=KERNEL,
                    cwd=str(executed.parent),
                    progress_bar=False,
                )
        except PapermillExecutionError as error:
            _refuse_full_disk(error.evalue, executed)
            msg = f"{notebook.name}: cell {error.exec_count}: {error.ename}: {error.evalue}"
            raise NotebookError(msg) from error
        except Exception as error:
            # A kernel that dies before it answers: its ports were taken by another one meanwhile.
            _refuse_full_disk(str(error), executed)
            if attempt == ATTEMPTS:
                msg = f"{notebook.name}: no kernel would start in {ATTEMPTS} attempts: {error}"
                raise NotebookError(msg) from error
        else:
            return


def _refuse_full_disk(fault: str, executed: Path) -> None:
    """Raise what a notebook or its kernel met if that is a full disk: no fault of the notebook."""
    found = re.match(r"\[Errno (\d+)\]", fault)
    if found is not None and int(found[1]) in NO_ROOM:
        raise OSError(int(found[1]), os.strerror(int(found[1])), str(executed.parent.parent))


def _forget_paths(executed: Path) -> None:
    """Drop what papermill notes of this machine's folders, and the kernel that only it knows."""
    contents = json.loads(executed.read_text(encoding="utf-8"))
    contents["metadata"]["kernelspec"] = dict(_ANY_KERNEL)
    for field in ("input_path", "output_path"):
        contents["metadata"]["papermill"].pop(field, None)
    executed.write_text(json.dumps(contents, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def without_outputs(executed: str) -> str:
    """The text of a notebook as it was before it ran, its parameters kept.

    Run again where it lies, it makes the same files: it needs the folder and a checkout above it.
    """
    contents = json.loads(executed)
    contents["metadata"].pop("papermill", None)
    for cell in contents["cells"]:
        cell["metadata"].pop("papermill", None)
        cell["metadata"].pop("execution", None)
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    return json.dumps(contents, indent=1, ensure_ascii=False) + "\n"


def run_notebook(notebook: Path, folder: Path, parameters: Mapping[str, Any]) -> None:
    """Run ``notebook`` into ``folder``, which is replaced as a whole once it has succeeded.

    The notebook runs in that folder and writes its files there, and is itself kept beside them. If
    it fails or is interrupted, ``folder`` stays as it was. Papermill changes the working directory
    of the process meanwhile: notebooks that run at once need a process each.

    Args:
        notebook: source notebook, with a cell tagged ``parameters``.
        folder: result; its parent is made if need be.
        parameters: Python values by name.

    Raises:
        ValueError: a parameter that the notebook does not declare.
        NotebookError: the notebook failed.
        OSError: the disk is full.

    """
    check_parameters(notebook, parameters)
    folder.parent.mkdir(parents=True, exist_ok=True)
    assembled = folder.parent.resolve() / f".{folder.name}-{secrets.token_hex(4)}"
    assembled.mkdir()
    try:
        _execute(notebook, assembled / notebook.name, parameters)
        _forget_paths(assembled / notebook.name)
        if folder.exists():
            shutil.rmtree(folder)
        assembled.rename(folder)
    finally:
        shutil.rmtree(assembled, ignore_errors=True)


def draw_each(
    stage: str, notebook: str, names: Iterable[str], out: Path
) -> tuple[list[dict[str, Any]], list[Check]]:
    """Draw figures by a notebook that takes their ``name``, each in the folder of that name.

    Args:
        stage: its name.
        notebook: file name below :data:`NOTEBOOKS`; it leaves ``plotted.json`` beside the figure.
        names: of the figures.
        out: folder of the stage.

    Returns:
        What each notebook left in ``plotted.json``, with ``files``, by kind, relative to ``out``;
        and a check that fails for every figure that could not be drawn, the others are not lost.

    """
    drawn: list[dict[str, Any]] = []
    faults: list[Check] = []
    with kernel_of_this_interpreter():
        for name in names:
            try:
                run_notebook(NOTEBOOKS / notebook, out.resolve() / name, {"name": name})
            except NotebookError as error:
                statement = f"{name}: the notebook runs to its end"
                faults.append(Check(f"{stage}/{name}", statement, Verdict.FAIL, {}, str(error)))
                continue
            plotted = json.loads((out / name / "plotted.json").read_text(encoding="utf-8"))
            files = {kind: f"{name}/{name}.{kind}" for kind in FORMATS}
            drawn.append(plotted | {"files": files | {"notebook": f"{name}/{notebook}"}})
    return drawn, faults
