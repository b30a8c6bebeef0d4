"""Running Coq: compiling in dependency order, listing axioms, re-checking with coqchk."""

import re
import shutil
import subprocess
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

from theory.proof.sources import Control
from theory.proof.statements import Theorem

PREFIX = "CEP"
TOOLS = ("coqc", "coqdep", "coqchk")
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


def _run(arguments: Iterable[str], folder: Path) -> Run:
    try:
        done = subprocess.run(  # noqa: S603 - our own sources, no shell
            list(arguments),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIME_LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        return Run(ok=False, output=f"no answer within {TIME_LIMIT_S} s")
    return Run(done.returncode == 0, (done.stdout + done.stderr).strip())


def missing(folder: Path) -> str:
    """Why Coq cannot run here; empty when it can. ``folder`` is written to."""
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    if absent:
        return f"{', '.join(absent)} not found"
    (folder / "Probe.v").write_text("From Coquelicot Require Coquelicot.\n", encoding="utf-8")
    probe = _run(["coqc", "-w", "none", "Probe.v"], folder)
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
    with ThreadPoolExecutor(jobs) as pool:
        while order.is_active():
            for name in order.get_ready():
                command = ["coqc", "-q", "-w", "none", "-Q", ".", PREFIX, name]
                running[pool.submit(_run, command, folder)] = name
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name = running.pop(future)
                done[name] = future.result()
                if done[name].ok:
                    order.done(name)
    return done


_MARK = "@@ "


def axioms_of(folder: Path, theorems: Iterable[Theorem]) -> dict[str, tuple[str, ...]]:
    """The axioms that ``Print Assumptions`` lists for each theorem, by the theorem's name.

    Names are as short as they are unambiguous without any library imported.
    Raises ``RuntimeError`` with Coq's message when a theorem is not there.
    """
    lines = []
    for theorem in theorems:
        module = f"{PREFIX}.{Path(theorem.file).stem}"
        lines += [
            f"Require {module}.",
            f'Goal True. idtac "{_MARK}{theorem.name}". exact I. Qed.',
            f"Print Assumptions {module}.{theorem.name}.",
        ]
    (folder / "AxiomsOf.v").write_text("\n".join(lines) + "\n", encoding="utf-8")
    run = _run(["coqc", "-q", "-w", "none", "-Q", ".", PREFIX, "AxiomsOf.v"], folder)
    if not run.ok:
        msg = f"Print Assumptions failed: {run.output}"
        raise RuntimeError(msg)
    found = {}
    for part in run.output.split(_MARK)[1:]:
        name, _, listing = part.partition("\n")
        found[name.strip()] = tuple(sorted(parse_axioms(listing)))
    return found


def parse_axioms(listing: str) -> list[str]:
    """Names of the axioms in one answer of ``Print Assumptions``.

    Raises ``ValueError`` when the answer is neither a list nor "Closed under …".
    """
    if "Closed under the global context" in listing:
        return []
    if not listing.lstrip().startswith("Axioms:"):
        msg = f"not an answer of Print Assumptions: {listing[:200]!r}"
        raise ValueError(msg)
    return re.findall(r"^([\w.']+)(?=\s*:|\s*$)", listing.partition("Axioms:")[2], re.MULTILINE)


def allowed(axiom: str) -> bool:
    """Whether a name, qualified as far as Coq printed it, is one of the allowed axioms."""
    return any(full == axiom or full.endswith("." + axiom) for full in ALLOWED_AXIOMS)


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
    (folder / name).write_text(control.source, encoding="utf-8")
    run = _run(["coqc", "-q", "-w", "none", "-Q", ".", PREFIX, name], folder)
    if run.ok:
        return ""
    where, _, message = run.output.partition("Error:")
    if f"line {control.line}," not in where:
        msg = f"{control.name}: Coq stopped before the altered statement: {run.output}"
        raise RuntimeError(msg)
    return " ".join(message.split())[-MESSAGE_LENGTH:]
