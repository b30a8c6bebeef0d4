"""``python -m reproduce all``: every stage of the main job, then the report, whatever happens.

A stage runs in a process of its own. One that fails, crashes or does not come to an end is said to
have failed, and the next one begins; only an interrupt ends the job before its report.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cep_core.check.record import Begun, write_stage
from cep_core.check.verdicts import Check, Verdict, combine
from cep_core.command_line import results_folder
from cep_core.files import write_json
from cep_core.provenance import PACKAGES, ROOT
from cep_core.terminal import INTERVAL, say
from reproduce.report import add_report_options, report
from reproduce.stages import STAGES, begin

CLOSING_SECONDS = 20.0
"""What an interrupted stage has to write down what it found, before it is killed."""

QUOTED = 4
"""Last lines of a stage's output that its failure quotes."""


@dataclass(frozen=True)
class Task:
    """A stage of the main job and how it is run.

    Attributes:
        name: of the stage and its folder.
        command: arguments of Python that run it, without its folder.
        minutes: how long it may take; several times what it takes on two cores.

    """

    name: str
    command: tuple[str, ...]
    minutes: float


MAIN_JOB = (
    Task("verify", ("-m", "reproduce", "verify"), 15),
    Task("theory", ("-m", "theory", "--mutants"), 30),
    Task("derivation", ("-m", "reproduce", "derivation"), 10),
    Task("figures", ("-m", "reproduce", "figures"), 20),
    Task("table", ("-m", "reproduce", "table", "--tier", "quick"), 30),
    Task("trainings", ("-m", "reproduce", "trainings"), 15),
    Task("homeostasis", ("-m", "reproduce", "homeostasis"), 20),
    Task("benchmarks", ("-m", "benchmarks", "--quick"), 10),
    Task("regression", ("-m", "reproduce", "regress"), 10),
)
"""In their order: the last one compares what the others left."""


@dataclass(frozen=True)
class Ended:
    """How a stage ended: its exit code (None: it was stopped), its time, its last lines."""

    code: int | None
    seconds: float
    last: tuple[str, ...]


def run_stage(task: Task, folder: Path, *, patience: float = 1.0) -> Ended:
    """Run one stage into ``folder`` and pass on what it says, and a line a minute in any case.

    What it left before is removed first. If it leaves no record, or is stopped for its time, a
    check that failed says so in its record, with the last lines of its output.

    Args:
        task: what to run.
        folder: the stage's folder.
        patience: factor on the time that it may take.

    """
    (folder / "stage.json").unlink(missing_ok=True)
    begun = begin(*(ROOT / package for package in PACKAGES))
    limit = task.minutes * 60 * patience
    with _started(task, folder) as process:
        code, last = _followed(process, task.name, begun, limit)
    ended = Ended(code, begun.seconds, last)
    if code is None:
        _note(task, folder, begun, ended, f"it had not ended after {limit:.0f} s and was stopped")
    elif not (folder / "stage.json").exists():
        _note(task, folder, begun, ended, f"it {_end_in_words(code)} and left no record")
    return ended


@contextmanager
def _started(task: Task, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The stage's process, which is ended with the block whatever ends that."""
    process = subprocess.Popen(  # noqa: S603 - fixed commands
        [sys.executable, *task.command, "--out", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """Interrupt a process that still runs, and kill it if it takes too long to close."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(CLOSING_SECONDS)
    process.kill()
    process.wait()


def _followed(
    process: subprocess.Popen[str], name: str, begun: Begun, limit: float
) -> tuple[int | None, tuple[str, ...]]:
    """Pass on a process' output until it ends; its exit code, None at the limit, and last lines."""
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    last: deque[str] = deque(maxlen=QUOTED)

    threading.Thread(target=_read, args=(process, lines), daemon=True).start()
    while (left := limit - begun.seconds) > 0:
        try:
            line = lines.get(timeout=min(INTERVAL, left))
        except queue.Empty:
            say(f"  {name}: {begun.seconds:.0f} s; last said: {last[-1] if last else 'nothing'}")
            continue
        if line is None:
            with suppress(subprocess.TimeoutExpired):
                return process.wait(max(left, 1.0)), tuple(last)
            break
        say(line)
        last += [line] if line.strip() else []
    return None, tuple(last)


def _read(process: subprocess.Popen[str], lines: queue.SimpleQueue[str | None]) -> None:
    """Hand over every line of a process' output, and None at its end."""
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            lines.put(line.rstrip())
    lines.put(None)


def _end_in_words(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    names = {int(one): one.name for one in signal.Signals}
    return f"was ended by {names.get(-code, f'signal {-code}')}"


def _note(task: Task, folder: Path, begun: Begun, ended: Ended, why: str) -> None:
    """Add to the stage's record, or make one of, the check that it has come to its end."""
    words = [f"{why}.", f"Its last lines: {' | '.join(ended.last)}" if ended.last else ""]
    check = Check(
        f"{task.name}/finished",
        f"The stage {task.name} runs to its end",
        Verdict.FAIL,
        {} if ended.code is None else {"exit code": ended.code},
        " ".join(words).strip(),
        round(ended.seconds, 3),
    )
    path = folder / "stage.json"
    if not path.exists():
        write_stage(folder, stage=task.name, checks=[check], begun=begun)
        return
    record = json.loads(path.read_text(encoding="utf-8"))
    verdict = combine([Verdict(record["verdict"]), check.verdict])
    checks = [*record["checks"], check.as_json()]
    write_json(path, record | {"checks": checks, "verdict": str(verdict)})


def run_all(tasks: Sequence[Task], folder: Path, *, patience: float = 1.0) -> dict[str, Ended]:
    """Run the stages one after another, whatever becomes of each; return how they ended."""
    ended: dict[str, Ended] = {}
    for number, task in enumerate(tasks, start=1):
        say(f"=== {number}/{len(tasks)} {task.name} ({time.strftime('%H:%M:%S')})")
        ended[task.name] = run_stage(task, folder / task.name, patience=patience)
    return ended


def add_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``all`` to the command line."""
    parser = subparsers.add_parser(
        "all",
        help="run every stage of the main job, then write the report, whatever happened",
        description="Exit code 0: every stage and the report pass; 1: not all.",
    )
    parser.add_argument("--stages", type=results_folder, default=STAGES, metavar="DIR")
    parser.add_argument(
        "--patience", type=float, default=1.0, help="factor on the time that a stage may take"
    )
    add_report_options(parser)
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Run everything and report; 0: all pass, 1: not all."""
    if not arguments.patience > 0:
        msg = f"--patience: expected a positive factor, found {arguments.patience}"
        raise ValueError(msg)
    folder = arguments.stages.resolve()
    ended = run_all(MAIN_JOB, folder, patience=arguments.patience)
    say("=== report")
    code = report(folder, arguments.reports, arguments.label)
    return max(code, int(any(end.code != 0 for end in ended.values())))
