"""Every stage runs and is reported, whatever becomes of the others."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reproduce import all_stages
from reproduce.all_stages import MAIN_JOB, Task, run_all, run_stage
from reproduce.command_line import COMMANDS
from reproduce.report.standing import OPTIONAL, REQUIRED
from reproduce.stages import read_stage

ROOT = Path(__file__).parents[2]

LEAVES = """
import json, sys
from pathlib import Path
folder = Path(sys.argv[-1])
folder.mkdir(exist_ok=True)
check = {"name": "c", "statement": "s", "verdict": "pass"}
record = {"stage": folder.name, "verdict": "pass", "seconds": 1.0, "checks": [check]}
(folder / "stage.json").write_text(json.dumps(record))
"""


def task(name, code, minutes=1.0):
    return Task(name, ("-c", code), minutes)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(all_stages, "INTERVAL", 0.2)
    monkeypatch.setattr(all_stages, "CLOSING_SECONDS", 0.5)


def test_the_main_job_is_every_stage_that_a_report_requires():
    names = [task.name for task in MAIN_JOB]
    assert set(REQUIRED) <= set(names) <= {*REQUIRED, *OPTIONAL}
    assert names[-1] == "regression"


def test_tox_runs_the_main_job():
    assert all_stages in COMMANDS
    assert "commands = python -m reproduce all {posargs}" in (ROOT / "tox.ini").read_text()


def test_a_stage_that_fails_does_not_stop_the_next(tmp_path, capsys):
    tasks = [task("verify", "import sys; print('so far'); sys.exit('no paper')")]
    ended = run_all([*tasks, task("theory", LEAVES)], tmp_path)
    assert {name: end.code for name, end in ended.items()} == {"verify": 1, "theory": 0}
    (check,) = read_stage(tmp_path / "verify").checks
    assert (check.name, check.verdict) == ("verify/finished", "fail")
    assert check.numbers == {"exit code": 1}
    assert check.reason.startswith("it ended with exit code 1 and left no record. Its last lines: ")
    assert "no paper" in check.reason
    assert read_stage(tmp_path / "theory").verdict == "pass"
    assert "so far" in capsys.readouterr().out


def test_a_stage_that_is_killed_says_by_which_signal(tmp_path):
    run_stage(task("verify", "import os; os.abort()"), tmp_path / "verify")
    (check,) = read_stage(tmp_path / "verify").checks
    assert check.reason.startswith("it was ended by SIGABRT and left no record")


def test_what_a_stage_left_before_is_no_answer_of_now(tmp_path):
    run_stage(task("verify", LEAVES), tmp_path / "verify")
    assert read_stage(tmp_path / "verify").verdict == "pass"
    run_stage(task("verify", "raise SystemExit(3)"), tmp_path / "verify")
    assert read_stage(tmp_path / "verify").verdict == "fail"


def test_a_stage_that_does_not_end_is_stopped_and_what_it_left_is_kept(tmp_path, quick):
    hangs = LEAVES + "\nimport signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    run_stage(task("verify", hangs + "time.sleep(60)", 4 / 60), tmp_path / "verify")
    left, finished = read_stage(tmp_path / "verify").checks
    assert left.verdict == "pass"
    assert finished.verdict == "fail"
    assert "had not ended after 4 s and was stopped" in finished.reason


def test_a_line_a_minute_whatever_a_stage_says(tmp_path, quick, capsys):
    run_stage(task("verify", "import time; print('begun'); time.sleep(1)"), tmp_path / "verify")
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "begun"
    assert [line for line in said if line.endswith("s; last said: begun")]


def test_an_interrupt_ends_the_stage_and_the_job(tmp_path):
    stays = f"import time; open({str(tmp_path / 'begun')!r}, 'w'); time.sleep(60)"
    job = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from pathlib import Path; from reproduce.all_stages import Task, run_all; import sys;"
        f"run_all([Task('verify', ('-c', {stays!r}), 1.0)] * 2, Path({str(tmp_path)!r}))"
    )
    process = subprocess.Popen([sys.executable, "-c", job], cwd=ROOT, stderr=subprocess.PIPE)
    ends = time.monotonic() + 30
    while not (tmp_path / "begun").exists() and time.monotonic() < ends:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    assert b"KeyboardInterrupt" in process.communicate(timeout=30)[1]
    assert process.returncode != 0


def test_patience_is_a_positive_factor(tmp_path):
    class Arguments:
        patience, stages = -1.0, tmp_path

    with pytest.raises(ValueError, match="--patience: expected a positive factor, found -1"):
        all_stages.command(Arguments())


def test_the_record_of_a_stage_that_was_stopped_is_whole(tmp_path):
    run_stage(task("verify", "raise SystemExit(3)"), tmp_path / "verify")
    record = json.loads((tmp_path / "verify" / "stage.json").read_text())
    assert record["code"]["sources"]["cep_core/rules.py"]
    assert record["ran"]
