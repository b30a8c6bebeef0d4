"""Workers: what one does is told; they end with their parent, by Ctrl-C, and by a second one."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cep_core.workers import WorkerDiedError, Workers

from .workers_under_test import work

CHECKOUT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "tests.cep_core.workers_under_test"]


def is_alive(pid):
    """Whether a process exists and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def gone_within(pids, seconds):
    deadline = time.monotonic() + seconds
    while any(map(is_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(is_alive, pids))


@pytest.fixture
def begin():
    """Start the program in a session of its own."""
    started = []

    def start(grace, *seconds):
        process = subprocess.Popen(
            [*PROGRAM, str(grace), *map(str, seconds)],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def program(begin):
    """Start the program; return it and its workers when they are at work."""

    def start(grace, *seconds):
        process = begin(grace, *seconds)
        said = [process.stdout.readline().split() for _ in seconds]
        assert all(line[0] == "begun" for line in said)
        return process, [int(line[1]) for line in said]

    return start


def test_each_item_is_done_and_its_error_is_its_own():
    with Workers(2) as workers:
        found = dict(workers.each_done(work, [0.01, -1.0, 0.5, 0.25, 0.75, 0.02, 0.03]))
    assert {item: outcome.value for item, outcome in found.items() if outcome.error is None} == {
        0.01: 0.02,
        0.02: 0.04,
        0.03: 0.06,
    }
    with pytest.raises(LookupError, match="half"):
        found[0.5].result()
    assert "in work" in found[0.5].error.__notes__[0]
    with pytest.raises(RuntimeError, match="StubbornError: a quarter"):
        found[0.25].result()
    assert "pickle" in str(found[0.75].error)
    with pytest.raises(WorkerDiedError, match="its process was killed by signal 9 before"):
        found[-1.0].result()


def test_workers_killed_by_another_thread_fail_what_they_do():
    with Workers(1) as workers:
        killer = threading.Timer(1.0, workers.kill)
        killer.start()
        ((_, outcome),) = workers.each_done(time.sleep, [60])
        killer.join()
    assert isinstance(outcome.error, WorkerDiedError)


def test_a_number_of_processes_that_is_not_positive_is_refused():
    with pytest.raises(ValueError, match="processes: expected a positive number, found 0"):
        Workers(0)


def test_workers_end_with_a_parent_that_is_killed(program):
    process, workers = program(60, 60)
    process.kill()
    assert gone_within(workers, 10)
    said, errors = process.communicate()
    assert "left" in said, "what it had open was closed"
    assert "Traceback" not in errors


def test_ctrl_c_ends_every_worker_also_a_stopped_one(program):
    process, workers = program(4, 60, 60)
    os.kill(workers[0], signal.SIGSTOP)
    os.killpg(process.pid, signal.SIGINT)
    said, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said.split() == ["left", str(workers[1])]
    assert "Traceback" not in errors
    assert gone_within(workers, 1)


def test_a_second_ctrl_c_ends_everything_at_once(program):
    process, workers = program(60, 60)
    os.kill(workers[0], signal.SIGSTOP)
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None, "it waits for the worker to end"
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert gone_within(workers, 1)


def test_ctrl_c_while_workers_start_leaves_no_traceback(begin):
    process = begin(60, 60)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while len(children.read_text().split()) < 2:  # the resource tracker and a worker
        time.sleep(0.005)
    workers = children.read_text().split()[1:]
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert gone_within(workers, 1)
