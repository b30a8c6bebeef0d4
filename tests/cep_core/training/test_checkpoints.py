"""Checkpoints: whole or absent, verified when read, unable to run code."""

import pickle

import pytest
import torch

from cep_core.training.checkpoints import Checkpoint, CheckpointError, latest, path_of, read, save

RECORD = {"history": {"test_error": [5.25, 1 / 3]}}


def checkpoint(epoch, offset=0.0):
    weights = torch.arange(12, dtype=torch.float32).reshape(3, 4) + offset
    return Checkpoint(epoch, {"W_0_x": weights, "b_0": torch.ones(3, dtype=torch.float64)}, RECORD)


def same(a, b):
    assert a.epoch == b.epoch
    assert a.record == b.record
    assert a.parameters.keys() == b.parameters.keys()
    assert all(torch.equal(a.parameters[name], b.parameters[name]) for name in a.parameters)


@pytest.fixture
def warnings():
    return []


def test_what_is_written_is_read(tmp_path):
    same(read(save(tmp_path, checkpoint(3), run="r"), run="r"), checkpoint(3))


def test_a_transposed_parameter_survives(tmp_path):
    saved = Checkpoint(1, {"W": torch.rand(3, 4).T}, {})
    same(read(save(tmp_path, saved, run="r"), run="r"), saved)


def test_the_last_two_are_kept(tmp_path):
    for epoch in range(1, 6):
        save(tmp_path, checkpoint(epoch), run="r")
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        path_of(tmp_path, epoch).name for epoch in (4, 5)
    ]


def test_the_newest_is_used(tmp_path, warnings):
    for epoch in (9, 10):
        save(tmp_path, checkpoint(epoch, offset=epoch), run="r")
    same(latest(tmp_path, run="r", warn=warnings.append), checkpoint(10, offset=10))
    assert warnings == []


def test_an_empty_folder_has_none(tmp_path, warnings):
    assert latest(tmp_path, run="r", warn=warnings.append) is None


def truncated(path):
    path.write_bytes(path.read_bytes()[:-5])


def emptied(path):
    path.write_bytes(b"")


def bit_flipped_in_a_parameter(path):
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def error_altered_in_the_record(path):
    content = path.read_bytes()
    assert b"5.25" in content
    path.write_bytes(content.replace(b"5.25", b"1.25"))


def replaced_by_a_pickle(path):
    path.write_bytes(pickle.dumps({"W": 1}))


def replaced_by_the_epoch_before(path):
    path.write_bytes(path_of(path.parent, 1).read_bytes())


def replaced_by_another_runs(path):
    save(path.parent, checkpoint(2), run="other")


DAMAGE = {
    truncated: "expected a whole safetensors file",
    emptied: "expected a whole safetensors file",
    replaced_by_a_pickle: "expected a whole safetensors file",
    bit_flipped_in_a_parameter: "SHA-256 of the contents: expected",
    error_altered_in_the_record: "SHA-256 of the contents: expected",
    replaced_by_the_epoch_before: r"epoch: expected 2, found 1 \(swapped\)",
    replaced_by_another_runs: r"run: expected 'r', found 'other' \(swapped\)",
}


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda d: d.__name__)
def test_a_damaged_one_is_named_and_the_previous_one_used(tmp_path, warnings, damage):
    save(tmp_path, checkpoint(1, offset=1), run="r")
    path = save(tmp_path, checkpoint(2, offset=2), run="r")
    damage(path)
    with pytest.raises(CheckpointError, match=f"{path}: {DAMAGE[damage]}"):
        read(path, run="r")
    same(latest(tmp_path, run="r", warn=warnings.append), checkpoint(1, offset=1))
    assert len(warnings) == 1
    assert str(path) in warnings[0]


def test_every_truncation_is_noticed(tmp_path):
    path = save(tmp_path, checkpoint(1), run="r")
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=str(path)):
            read(path, run="r")


def test_a_missing_one_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="checkpoint-0001"):
        read(path_of(tmp_path, 1), run="r")


def test_a_pickle_runs_no_code(tmp_path):
    ran = tmp_path / "ran"

    class Bomb:
        def __reduce__(self):
            return ran.touch, ()

    path = path_of(tmp_path, 1)
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(CheckpointError):
        read(path, run="r")
    assert not ran.exists()


def test_an_interrupted_write_leaves_what_was_there(tmp_path, monkeypatch, warnings):
    save(tmp_path, checkpoint(1), run="r")

    def interrupted(path, content):
        path.write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.write_bytes", interrupted)
    for epoch in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            save(tmp_path, checkpoint(epoch, offset=7), run="r")
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint-0001.safetensors"]
    same(latest(tmp_path, run="r", warn=warnings.append), checkpoint(1))


def test_strange_file_names_are_left_alone(tmp_path, warnings):
    stranger = tmp_path / "checkpoint-final.safetensors"
    stranger.write_bytes(b"mine")
    save(tmp_path, checkpoint(8), run="r")
    assert latest(tmp_path, run="r", warn=warnings.append).epoch == 8
    assert stranger.read_bytes() == b"mine"
    assert warnings == []
