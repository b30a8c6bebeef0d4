"""What a run leaves and a sweep asks for, with hostile contents: used whole, or named in a line.

Quick by default, 2,000 of each format by ``pytest --hypothesis-profile=thorough -k hostile``.
"""

import json
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save as serialized

from cep_core.runs.directory import claimed, hash_of, opened, results_in
from cep_core.runs.files import RunError, read_results
from cep_core.runs.record import Recorder, why_unfit
from cep_core.runs.row import Row, SpecError
from cep_core.runs.subject import of_row
from cep_core.runs.train import Request, identity_of
from cep_core.training import checkpoints
from reproduce.sweep.spec import read_sweep
from tests.hostile import altered, hostile, only_named_faults, toml_file

many = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def row():
    sizes, rates = (784, 3, 10), (0.02, 0.04)
    return Row("tiny", "EP, tiny", "EP", sizes, rates, 0.2, free_steps=2, nudged_steps=2, epochs=3)


@pytest.fixture
def identity(row, tiny_data):
    return identity_of(Request(row, 5), "fast", tiny_data)


RESULTS = {
    "row": "EP-1h", "title": "EP", "seed": 0, "hash": "0" * 64, "epochs": 2, "epochs_of_paper": 30,
    "test_error": [9.5, 8.5], "train_error": [8.0, 7.0], "seconds": [1.0, 1.5],
    "residual": [1e-3, None], "norms": {"W_0_1": [1.0, 2.0]},
    "data": {"name": "mnist5k", "train": 4000, "test": 1000}, "engine": "fast",
    "identity": {"spec": {"name": "EP-1h"}, "seed": 0}, "provenance": [{"first_epoch": 1}],
}  # fmt: skip


@given(data=st.data())
@many
def test_results(folder, data):
    path = folder / "results.json"
    path.write_text(json.dumps(data.draw(altered(RESULTS))), encoding="utf-8")
    only_named_faults(read_results, path)


@given(data=st.data())
@many
def test_run_file(folder, identity, data):
    head = data.draw(altered({"hash": hash_of(identity), "identity": identity, "software": {}}))
    if data.draw(st.booleans()) and isinstance(head.get("identity"), dict):
        head["hash"] = hash_of(head["identity"])
    path = folder / "run" / "run.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(head), encoding="utf-8")
    opened(path.parent, identity)
    results_in(path.parent, identity, 1)
    try:
        with claimed(path.parent, identity) as place:
            assert place.run == head["hash"]
    except RunError as fault:
        message = str(fault)
        assert message.startswith((f"{path}: ", f"{path.parent} belongs to another run: "))
        assert "\n" not in message
        assert len(message) < 2000


HISTORY = {
    "test_error": [9.5, 8.5],
    "train_error": [8.0, 7.0],
    "seconds": [1.0, 1.5],
    "residual": [1e-3, None],
    "norms": {"W_0_1": [1.0, 2.0]},
}
RECORD = {"history": HISTORY, "provenance": [{"first_epoch": 1, "code": None, "processor": "x"}]}
SHAPES = [(), (0,), (3,), (10, 3), (10, 3, 1), (3, 784)]
DTYPES = [torch.float64, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.int64]


@st.composite
def altered_parameters(draw, parameters):
    changed = dict(parameters)
    for name in draw(st.lists(st.sampled_from([*parameters, "", "../x", "memory/v"]), max_size=2)):
        dtype = draw(st.sampled_from([torch.float32, torch.float32, *DTYPES]))
        shape = parameters[name].shape if name in parameters else draw(st.sampled_from(SHAPES))
        changed[name] = torch.zeros(shape, dtype=dtype)
    for name in draw(st.lists(st.sampled_from(list(parameters)), max_size=1)):
        changed.pop(name, None)
    return changed


@given(data=st.data())
@many
def test_checkpoint(folder, row, tiny_data, identity, capsys, data):
    state = row.initial(5, torch.float32)
    kind = data.draw(st.sampled_from(["record", "parameters", "head", "bytes"]))
    run = hash_of(identity)
    whole = {"run": run, "epoch": 2, "record": RECORD}
    parameters = state
    if kind == "record":
        whole["record"] = data.draw(altered(RECORD))
    elif kind == "parameters":
        parameters = data.draw(altered_parameters(state))
    elif kind == "head":
        whole = data.draw(altered(whole))
    head = json.dumps(whole)
    digest = checkpoints._digest(head, parameters)
    contents = bytearray(serialized(parameters, {"head": head, "sha256": digest}))
    if kind == "bytes":
        at = data.draw(st.integers(0, len(contents) - 1))
        contents[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    place = folder / "resumed"
    with claimed(place, identity) as held:
        path = checkpoints.path_of(place, 2)
        path.write_bytes(contents)
        warned = []
        found = checkpoints.latest(
            place, run=run, warn=warned.append, why_unfit=lambda c: why_unfit(c, state)
        )
        recorder = Recorder(held, of_row(row), tiny_data, seed=5)
        recorder.begin(found, state)
        errors = {"test_error": 9.0, "train_error": 8.0, "seconds": 1.0}
        recorder.add(state, **errors)
        results = recorder.finish()
        assert results["hash"] == run
        assert results == results_in(place, identity, results["epochs"])
        for left in [*place.glob("checkpoint-*"), place / "results.json", place / "DONE"]:
            left.unlink()
    assert (found is None) == bool(warned)
    for told in warned:
        assert told.startswith(f"checkpoint not used: {path}: ")
        assert "expected" in told
        assert "\n" not in told
        assert len(told) < 2000


SWEEP = {
    "runs": [
        {"rows": ["EP-1h", "C-VF-1h"], "seeds": [0, 1], "epochs": 3, "vary": {"beta": [0.1, 0.2]}},
        {"rows": ["C-VF-1h"], "seeds": [2], "engine": "fast", "vary": {"angle": [0, 45]}},
    ]
}


def test_the_unaltered_sweep_is_read(folder):
    assert len(read_sweep(toml_file(folder, SWEEP))) == 2


@given(document=altered(SWEEP))
@many
def test_sweep(folder, document):
    only_named_faults(read_sweep, toml_file(folder, document), SpecError)


@given(value=hostile)
@many
def test_a_value_in_place_of_a_sweep(folder, value):
    only_named_faults(read_sweep, toml_file(folder, {"runs": value}), SpecError)


@given(contents=st.binary(max_size=60))
@many
def test_bytes_in_place_of_a_file(folder, contents):
    path = Path(folder) / "bytes"
    path.write_bytes(contents)
    only_named_faults(read_sweep, path)
    only_named_faults(read_results, path)
