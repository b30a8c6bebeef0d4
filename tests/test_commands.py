"""Every command ends in words and with an exit code: interrupted early, unread, or led astray."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.command import main as benchmarks
from cep_core.check.verdicts import Check, Verdict
from cep_core.command_line import answered
from reproduce import derivation
from reproduce.command_line import main as reproduce
from reproduce.stages import begin, write_stage
from theory.command import main as theory
from theory.proof.check import main as proof

ROOT = Path(__file__).parents[1]


def command(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "arguments", [("reproduce", "verify"), ("theory",), ("benchmarks", "--quick")], ids=str
)
def test_an_interrupt_while_torch_loads_is_one_line(arguments, how):
    process = command(*arguments, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    mapped = Path(f"/proc/{process.pid}/maps")
    while "site-packages" not in mapped.read_text() and process.poll() is None:
        time.sleep(0.01)  # Python itself answers until its first import from there
    process.send_signal(how)
    said, errors = process.communicate()
    assert (process.returncode, said, errors) == (130, "", "interrupted\n")


@pytest.mark.parametrize("arguments", [("theory", "--list"), ("reproduce", "verify")], ids=str)
def test_a_reader_that_goes_away_ends_the_command_quietly(arguments):
    with command(*arguments) as process:
        process.stdout.close()
        errors = process.stderr.read()
    assert errors == "stopped: nobody reads the output any more\n"
    assert process.returncode == 141


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (ValueError("a: expected b,\nfound c"), 2, "error: a: expected b, found c\n"),
        (FileNotFoundError(2, "No such file", "x"), 2, "error: x: No such file\n"),
        (MemoryError(), 2, "error: memory: expected enough for these sizes, found too little\n"),
    ],
)
def test_what_ends_a_command_early_is_said_in_one_line(capsys, fault, code, words):
    def run():
        raise fault

    assert answered(run) == code
    assert capsys.readouterr().err == words


COMMANDS = {
    "verify": (reproduce, ["verify", "--out"]),
    "derivation": (reproduce, ["derivation", "--out"]),
    "figures": (reproduce, ["figures", "--out"]),
    "regress": (reproduce, ["regress", "--out"]),
    "report": (reproduce, ["report", "--reports"]),
    "theory": (theory, ["--out"]),
    "benchmarks": (benchmarks, ["--out"]),
    "along": (reproduce, ["along", "runs", "--out"]),
    "collect": (reproduce, ["collect", "runs", "--out"]),
}
FILES = {
    "theory": (theory, ["--json"]),
    "proof": (proof, ["--json"]),
    "device": (reproduce, ["device", "--out"]),
}


@pytest.mark.parametrize(("main", "arguments"), COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("inside", ["", "inner"])
def test_a_place_that_cannot_hold_results_is_refused_before_anything_is_computed(
    tmp_path, capsys, monkeypatch, main, arguments, inside
):
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "file").write_text("mine")
    for name, found in (
        ("dangling", "a symbolic link to nowhere, which is not there"),
        ("file", "a file"),
    ):
        asked = [*arguments, str(tmp_path / name / inside)]
        monkeypatch.setattr(sys, "argv", ["benchmarks", *asked])
        with pytest.raises(SystemExit) as caught:
            main() if main is benchmarks else main(asked)
        assert caught.value.code == 2
        words = capsys.readouterr().err
        assert f"{tmp_path / name}: expected a folder, found {found}" in words
    assert (tmp_path / "file").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dangling", "file"]


@pytest.mark.parametrize(("main", "arguments"), FILES.values(), ids=FILES)
def test_a_file_that_cannot_be_made_is_refused_before_anything_is_computed(
    tmp_path, capsys, main, arguments
):
    (tmp_path / "dangling").symlink_to("nowhere")
    for place, words in {
        tmp_path: f"{tmp_path}: expected a file, found a folder",
        tmp_path / "dangling" / "x.json": f"{tmp_path / 'dangling'}: expected a folder, found a sy",
    }.items():
        with pytest.raises(SystemExit) as caught:
            main([*arguments, str(place)])
        assert caught.value.code == 2
        assert words in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["dangling"]


def test_a_stage_that_is_a_link_to_nowhere_or_a_fifo_is_named(tmp_path, capsys):
    stages = tmp_path / "stages"
    check = Check("verify/check", "s", Verdict.PASS)
    write_stage(stages / "verify", stage="verify", checks=[check], begun=begin(Path(__file__)))
    (stages / "theory").mkdir()
    record = stages / "theory" / "stage.json"
    for found in ("a symbolic link that leads nowhere", "a FIFO"):
        if found == "a FIFO":
            record.unlink()
            os.mkfifo(record)
        else:
            record.symlink_to("nowhere")
        for name, place in (("report", "--reports"), ("regress", "--out")):
            asked = [name, "--stages", str(stages), place, str(tmp_path / name)]
            assert reproduce(asked) == 2
            assert (
                capsys.readouterr().err == f"error: {record}: expected a JSON file, found {found}\n"
            )
            assert not (tmp_path / name).exists()


def test_a_derivation_that_is_interrupted_leaves_nothing(tmp_path, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(derivation, "run_notebook", interrupted)
    assert reproduce(["derivation", "--out", str(tmp_path / "out")]) == 130
    assert capsys.readouterr().err == "interrupted\n"
    assert not (tmp_path / "out").exists()


def is_running(process):
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_the_check_of_the_proof_ends_with_every_program_of_coq_when_interrupted(tmp_path):
    tools, scratch = tmp_path / "tools", tmp_path / "scratch"
    tools.mkdir()
    scratch.mkdir()
    slow = (
        f'#!/bin/sh\ncase "$*" in *Probe.v) exit;; esac\necho $$ >>{tmp_path}/begun\nexec sleep 99'
    )
    for name, text in {
        "coqc": slow,
        **dict.fromkeys(("coqdep", "coqchk", "coqtop"), "#!/bin/sh"),
    }.items():
        (tools / name).write_text(f"{text}\n")
        (tools / name).chmod(0o755)
    process = command(
        "theory.proof",
        "--json",
        str(tmp_path / "proof.json"),
        env=os.environ | {"PATH": f"{tools}:{os.environ['PATH']}", "TMPDIR": str(scratch)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    begun = tmp_path / "begun"
    while not begun.exists() or len(begun.read_text().split()) < 2:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=50)
    assert (process.returncode, said, errors) == (130, "", "interrupted\n")
    assert not any(map(is_running, begun.read_text().split()))
    assert list(scratch.iterdir()) == []
    assert not (tmp_path / "proof.json").exists()
