"""Directories of runs: one owner at a time, and nothing of anybody else's touched."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from cep_core.runs import epochs as loop
from cep_core.runs.directory import claimed, is_held
from cep_core.runs.files import RunError
from cep_core.runs.row import row_named
from cep_core.runs.train import Request, identity_of, train
from reproduce.command_line import main
from tests.small_row import small_row

CHECKOUT = Path(__file__).parents[3]
SMALL = small_row(sizes=[784, 40, 10], free_steps=5, nudged_steps=3, epochs=4)


@pytest.fixture
def identity(tiny_row, tiny_data):
    return identity_of(Request(tiny_row, 5), "fast", tiny_data)


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


def begin(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "reproduce", *map(str, arguments)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.mark.parametrize("trial", range(10))
def test_of_many_runs_at_once_one_owns_a_new_directory(identity, tmp_path, trial):
    runs, outcomes = [identity | {"seed": seed} for seed in range(8)], []
    barrier, decided = threading.Barrier(len(runs)), threading.Barrier(len(runs))

    def contend(run):
        barrier.wait()
        try:
            with claimed(tmp_path / "new", run):
                outcomes.append(run)
                decided.wait()
        except RunError as error:
            outcomes.append(str(error))
            decided.wait()

    threads = [threading.Thread(target=contend, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (owner,) = [outcome for outcome in outcomes if isinstance(outcome, dict)]
    assert json.loads((tmp_path / "new" / "run.json").read_text())["identity"] == owner
    refusals = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert len(refusals) == 7
    assert [s for s in refusals if "is in use by" not in s and "belongs to another" not in s] == []


def test_a_second_process_for_the_same_run_disturbs_nothing(
    identity, tiny_row, tiny_data, tmp_path
):
    with claimed(tmp_path, identity):
        being_written = tmp_path / ".checkpoint-0001-0123abcd.safetensors"
        being_written.write_bytes(b"half")
        with pytest.raises(RunError, match=rf"is in use by process {os.getpid()} on \S+: wait"):
            train(Request(tiny_row, 5), tiny_data, tmp_path)
        assert being_written.exists()
    assert train(Request(tiny_row, 5), tiny_data, tmp_path)["epochs"] == 3
    assert not being_written.exists()


@pytest.mark.parametrize("name", ["notes.txt", ".run-notes.json", ".tmpA1b2C3", "checkpoint"])
def test_a_refused_directory_is_left_as_it_was(tiny_row, tiny_data, tmp_path, name):
    (tmp_path / name).write_text("mine")
    (tmp_path / ".checkpoint-0001-0123abcd.safetensors").write_text("mine too")
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    with pytest.raises(RunError, match="expected an empty directory or a run, found other files"):
        train(Request(tiny_row, 5), tiny_data, tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


def test_the_directory_of_another_run_is_left_as_it_was(tiny_row, tiny_data, tmp_path):
    train(Request(tiny_row, 5), tiny_data, tmp_path, epochs=1)
    leftover = tmp_path / ".checkpoint-0002-0123abcd.safetensors"
    leftover.write_bytes(b"half")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(RunError, match="belongs to another run"):
        train(Request(tiny_row, 6), tiny_data, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("replaced", [False, True], ids=["removed", "replaced"])
def test_a_directory_that_is_removed_while_a_run_goes_on_is_named(
    identity, tiny_row, tiny_data, tmp_path, monkeypatch, replaced
):
    folder, away = tmp_path / "run", tmp_path / "away"
    original = loop.train_epoch

    def train_epoch(*arguments, **named):
        if (folder / "checkpoint-0001.safetensors").exists():
            folder.rename(away)
            if replaced:
                train(Request(tiny_row, 6), tiny_data, folder, epochs=1)
        return original(*arguments, **named)

    monkeypatch.setattr(loop, "train_epoch", train_epoch)
    with pytest.raises(RunError, match="found that it was removed or replaced while the run went"):
        train(Request(tiny_row, 5), tiny_data, folder)
    assert folder.exists() == replaced
    assert not (folder / "checkpoint-0002.safetensors").exists()
    monkeypatch.setattr(loop, "train_epoch", original)
    assert train(Request(tiny_row, 5 + replaced), tiny_data, folder)["epochs"] == 3


@pytest.mark.parametrize("name", ["DONE", "results.json", "checkpoint-0003.safetensors"])
def test_a_fifo_in_place_of_a_runs_file_is_replaced_unread(tiny_row, tiny_data, tmp_path, name):
    whole = train(Request(tiny_row, 5), tiny_data, tmp_path)
    (tmp_path / name).unlink()
    (tmp_path / "DONE").unlink(missing_ok=True)
    os.mkfifo(tmp_path / name)
    again = train(Request(tiny_row, 5), tiny_data, tmp_path)
    assert again["test_error"] == whole["test_error"]
    assert (tmp_path / name).is_file()


@pytest.mark.parametrize("what", ["link", "fifo", "folder"])
def test_a_lock_that_is_not_the_runs_own_is_refused_and_left_alone(
    tiny_row, tiny_data, tmp_path, what
):
    mine, lock = tmp_path / "mine", tmp_path / "run" / "run.lock"
    mine.write_text("mine")
    lock.parent.mkdir()
    make = {"link": lambda p: p.symlink_to(mine), "fifo": os.mkfifo, "folder": os.mkdir}
    make[what](lock)
    with pytest.raises(RunError, match=f"{lock}: expected a file of the run's own"):
        train(Request(tiny_row, 5), tiny_data, lock.parent)
    assert not is_held(lock.parent)
    assert mine.read_text() == "mine"
    assert list(lock.parent.iterdir()) == [lock]


def test_a_link_to_nothing_is_named(tiny_row, tiny_data, tmp_path):
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(RunError, match="found a symbolic link to nowhere, which is not there"):
        train(Request(tiny_row, 5), tiny_data, tmp_path / "link")


def ended_alike(folder, whole, *arguments):
    """Whether two runs, the second one undisturbed and trained here, end in the same bits."""
    assert main([*map(str, arguments), "--out", str(whole)]) == 0
    one, other = (load_file(path / "checkpoint-0004.safetensors") for path in (folder, whole))
    return one.keys() == other.keys() and all(torch.equal(one[n], other[n]) for n in one)


def test_a_file_that_cannot_be_written_is_named_and_the_epochs_before_are_kept(small, tmp_path):
    """A limit on the size of files stands for a disk that is full."""
    folder, arguments = tmp_path / "run", ["run", small, "--seed", "0", "--epochs", "4"]
    asked = [*map(str, arguments), "--out", str(folder)]
    assert main([*asked, "--epochs", "1"]) == 0
    size = (folder / "checkpoint-0001.safetensors").stat().st_size - 1000
    limited = begin(
        *asked, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    )
    _, errors = limited.communicate()
    assert limited.returncode == 2
    assert errors == f"error: {folder / 'checkpoint-0002.safetensors'}: File too large\n"
    assert [p.name for p in folder.iterdir() if p.name.startswith(".")] == []
    assert main(asked) == 0
    assert ended_alike(folder, tmp_path / "whole", *arguments)


ON_A_SMALL_DISK = """
mount -t tmpfs -o size=1000k tmpfs disk || exit 77
dd if=/dev/zero of=disk/filled bs=1k count=550 status=none
cd "$1"; shift
"$@" --out "$DISK/run"; echo "code $?" >&2
ls -A "$DISK/run" >&2
rm "$DISK/filled"
"$@" --out "$DISK/run" && cp -r "$DISK/run" "$DISK/../run"
"""


def test_a_full_disk_is_no_divergence_and_what_it_ended_is_resumed(small, tmp_path):
    """A real one: a file system of a megabyte, in a namespace of its own."""
    (tmp_path / "disk").mkdir()
    arguments = ["run", small, "--seed", "0", "--epochs", "4"]
    command = [sys.executable, "-m", "reproduce", *arguments]
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", ON_A_SMALL_DISK, "sh", CHECKOUT, *command],
        cwd=tmp_path,
        env=os.environ | {"DISK": str(tmp_path / "disk")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode in {1, 77} and "reproduce" not in done.stderr + done.stdout:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    newest = tmp_path / "disk" / "run" / "checkpoint-0003.safetensors"
    error, code, *left = done.stderr.splitlines()
    assert (error, code) == (f"error: {newest}: No space left on device", "code 2")
    kept = [f"checkpoint-000{epoch}.safetensors" for epoch in range(3)]
    assert left == [*kept, "results.json", "run.json", "run.lock"]
    assert "resumed after epoch 2" in done.stdout
    assert done.returncode == 0
    assert ended_alike(tmp_path / "run", tmp_path / "whole", *arguments)


def test_a_reader_that_goes_away_is_named(small, tmp_path):
    arguments = ["run", small, "--seed", "0", "--out", tmp_path / "run", "--epochs", "300"]
    with begin(*arguments) as process:
        assert "epoch 1/300" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == "stopped: nobody reads the output any more\n"
    assert process.returncode == 141
    assert (tmp_path / "run" / "checkpoint-0001.safetensors").exists()


@pytest.mark.parametrize("after", [0.1, 0.4, 1.0])
def test_ctrl_c_while_the_program_starts_is_one_line(small, tmp_path, after):
    process = begin(
        *("run", small, "--seed", "0", "--out", tmp_path / "run", "--epochs", "3000"),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    mapped = Path(f"/proc/{process.pid}/maps")
    while "site-packages" not in mapped.read_text() and process.poll() is None:
        time.sleep(0.01)  # Python itself answers until its first import from there
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate()
    assert process.returncode == 130
    assert errors == "interrupted\n" or "Resume with" in said
    assert "Traceback" not in errors


def test_rates_too_steep_for_beta_are_named():
    row = row_named("EP-1h").changed(learning_rates=(1e20, 1e20), beta=1e-30)
    with pytest.raises(RunError, match="rate / beta is a finite float32, found 1e-30 with"):
        Request(row, 0)
    Request(row, 0, dtype="float64")
