"""Running Coq: compiling in dependency order, asking its toplevel, re-checking with coqchk."""

import shutil
import subprocess
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

from theory.proof.sources import PREFIX, Control

TOOLS = ("coqc", "coqdep", "coqchk", "coqtop")
TIME_LIMIT_S = 600
MESSAGE_LENGTH = 300

INSTALL = """Coq with Coquelicot is not installed, so the proof was not checked. To install it:
  Debian, Ubuntu:  apt-get install coq libcoq-coquelicot
  opam:            opam install coq coq-coquelicot, with Coq's "released" repository added"""

# The standard library's classical real numbers rest on these four and on nothing else.
ALLOWED_AXIOMS = frozenset(
    {
        "Coq.Reals.ClassicalDedekindReals.sig_forall_dec",
        "Coq.Reals.ClassicalDedekindReals.sig_not_dec",
        "Coq.Logic.FunctionalExtensionality.functional_extensionality_dep",
        "Coq.Logic.Classical_Prop.classic",
    }
)


@dataclass(frozen=True)
class Run:
    """What a program of Coq answered."""

    ok: bool
    output: str


_running: set[subprocess.Popen[str]] = set()
_interrupted = threading.Event()


@contextmanager
def side_by_side(jobs: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that wait for programs of Coq; these are killed if an interrupt ends the block."""
    try:
        with ThreadPoolExecutor(jobs) as pool:
            try:
                yield pool
            except KeyboardInterrupt:
                _interrupted.set()
                pool.shutdown(wait=False, cancel_futures=True)
                for program in list(_running):
                    program.kill()
                raise
    finally:
        _interrupted.clear()


def _run(arguments: Iterable[str], folder: Path, commands: str = "") -> Run:
    with subprocess.Popen(  # noqa: S603 - our own sources, no shell
        list(arguments),
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as program:
        _running.add(program)
        if _interrupted.is_set():  # it began while the others were killed
            program.kill()
        try:
            output, _ = program.communicate(commands, timeout=TIME_LIMIT_S)
        except BaseException as error:
            program.kill()
            if isinstance(error, subprocess.TimeoutExpired):
                return Run(ok=False, output=f"no answer within {TIME_LIMIT_S} s")
            raise
        finally:
            _running.discard(program)
    return Run(program.returncode == 0, output.strip())


def _coq(tool: str) -> list[str]:
    return [tool, "-q", "-w", "none", "-Q", ".", PREFIX]


def compile_text(folder: Path, name: str, source: str) -> Run:
    """Write ``source`` to the file ``name`` of ``folder`` and compile it."""
    (folder / name).write_text(source, encoding="utf-8")
    return _run([*_coq("coqc"), name], folder)


def toplevel(folder: Path, commands: str) -> Run:
    """Give the commands to Coq's toplevel, which goes on after an error."""
    return _run(_coq("coqtop"), folder, commands)


def missing(folder: Path) -> str:
    """Why Coq cannot run here; empty when it can. ``folder`` is written to."""
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    if absent:
        return f"{', '.join(absent)} not found"
    probe = compile_text(folder, "Probe.v", "From Coquelicot Require Coquelicot.\n")
    return "" if probe.ok else f"Coquelicot not found by coqc ({probe.output.splitlines()[-1]})"


def version(folder: Path) -> str:
    """The first line that ``coqc --version`` prints."""
    return _run(["coqc", "--version"], folder).output.splitlines()[0]


def dependencies(folder: Path, files: Iterable[str]) -> dict[str, set[str]]:
    """For each ``.v`` file the files of the development that it needs, by ``coqdep``.

    Raises ``RuntimeError`` with what ``coqdep`` said when it fails.
    """
    names = list(files)
    run = _run(["coqdep", "-Q", ".", PREFIX, *names], folder)
    if not run.ok:
        msg = f"coqdep failed: {run.output}"
        raise RuntimeError(msg)
    needs: dict[str, set[str]] = {name: set() for name in names}
    for line in run.output.splitlines():
        left, _, right = line.partition(":")
        made = left.split()
        if made and made[0].endswith(".vo"):
            needs[made[0][:-1]] = {word[:-1] for word in right.split() if word.endswith(".vo")}
    return needs


def compile_all(folder: Path, files: Iterable[str], jobs: int) -> dict[str, Run]:
    """Compile the files in dependency order; those whose needs failed are left out."""
    order = TopologicalSorter(dependencies(folder, files))
    order.prepare()
    done: dict[str, Run] = {}
    running: dict[Future[Run], str] = {}
    with side_by_side(jobs) as pool:
        while order.is_active():
            for name in order.get_ready():
                running[pool.submit(_run, [*_coq("coqc"), name], folder)] = name
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name = running.pop(future)
                done[name] = future.result()
                if done[name].ok:
                    order.done(name)
    return done


def recheck(folder: Path, files: Iterable[str]) -> tuple[list[str], list[str]]:
    """Re-check the compiled files, the libraries included, by ``coqchk``.

    Returns the axioms of the whole context, fully qualified, and the problems.
    """
    modules = [f"{PREFIX}.{Path(name).stem}" for name in files]
    run = _run(["coqchk", "-silent", "-o", "-Q", ".", PREFIX, *modules], folder)
    if not run.ok:
        return [], [f"coqchk refused: {run.output[-800:]}"]
    return parse_context(run.output)


def parse_context(output: str) -> tuple[list[str], list[str]]:
    """The axioms in ``coqchk``'s summary, and what else it says that must not be there."""
    parts: dict[str, list[str]] = {}
    title = ""
    for line in output.splitlines():
        if line.startswith("* "):
            title, _, rest = line[2:].partition(":")
            parts[title] = [rest.strip()] if rest.strip() else []
        elif title and line.strip():
            parts[title].append(line.strip())
    axioms = [
        name for name in parts.get("Axioms", ["missing from the summary"]) if name != "<none>"
    ]
    problems = [f"coqchk: axiom {name}" for name in axioms if name not in ALLOWED_AXIOMS]
    for title, lines in parts.items():
        if title.startswith(("Constants/Inductives", "Inductives")):
            problems += [f"coqchk: {title}: {line}" for line in lines if line != "<none>"]
    return axioms, problems


def refusal(folder: Path, control: Control) -> str:
    """Coq's message when it refuses the altered statement of a control; empty when it does not.

    Only an error at the altered statement itself counts: one before it means that the
    control could not be stated, and is raised as ``RuntimeError``.
    """
    name = f"Control{control.name}.v"
    run = compile_text(folder, name, control.source)
    if run.ok:
        return ""
    where, _, message = run.output.partition("Error:")
    if f"line {control.line}," not in where:
        msg = f"{control.name}: Coq stopped before the altered statement: {run.output}"
        raise RuntimeError(msg)
    return " ".join(message.split())[-MESSAGE_LENGTH:]
