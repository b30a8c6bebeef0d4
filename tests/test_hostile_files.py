"""Every format that is read, with hostile contents: accepted, or refused in one line that names it.

A quick number of examples runs by default, and 2,000 of each format by

    pytest --hypothesis-profile=thorough -k hostile
"""

import functools
import gzip
import json
import shutil
import struct
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cep_core.conformance.files import ConformanceError, read
from cep_core.data.idx import DataError, read_images, read_labels
from cep_core.fields import FieldError
from cep_core.runs.row import ROWS, read_row
from reproduce.command_line import main
from reproduce.figures.kinds import read_figures
from reproduce.figures.specs import FIGURES
from reproduce.report import standing
from reproduce.report.assemble import write_report
from reproduce.table.published import PUBLISHED, read_published
from tests.hostile import altered, only_named_faults, toml_file

CONFORMANCE = Path(__file__).parent / "data" / "conformance"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile")


@functools.cache
def opened_archive(path):
    """Arrays and description of a conformance file."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files if name != "meta"}
        return arrays, json.loads(str(file["meta"]))


@pytest.fixture(scope="module")
def curves():
    """Arrays and description of a conformance file that is computed in no time."""
    arrays, meta = opened_archive(CONFORMANCE / "curves-proto-cep.npz")
    return arrays, meta | {"T": 30}


DTYPES = ["u1", ">u2", "<i4", ">i8", "u8", "?", "f2", "f4", ">f8", "f8", "c16", "U3", "M8[s]", "V7"]


@st.composite
def altered_arrays(draw, arrays):
    """The arrays with some replaced by others of any type and shape, removed or added."""
    changed = dict(arrays)
    names = st.sampled_from(list(arrays)) | st.sampled_from(["", "../x", "delta/s_9", "meta.npy"])
    for name in draw(st.lists(names, max_size=3)):
        if name in changed and draw(st.booleans()):
            shape = changed[name].shape
        else:
            shape = draw(st.lists(st.integers(0, 3), max_size=3))
        changed[name] = np.zeros(shape, draw(st.sampled_from(DTYPES)))
    for name in draw(st.lists(st.sampled_from(list(arrays)), max_size=2)):
        changed.pop(name, None)
    return changed


@given(data=st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_conformance(folder, curves, capsys, data):
    arrays, meta = curves
    path = folder / "altered.npz"
    if data.draw(st.booleans()):
        arrays = data.draw(altered_arrays(arrays))
    else:
        meta = data.draw(altered(meta))
    np.savez(path, meta=np.array(json.dumps(meta)), **arrays)
    steps = meta.get("T")
    if isinstance(steps, int) and steps > 1000:
        only_named_faults(read, path, ConformanceError)
        return
    code = main(["conformance", str(path)])
    said = capsys.readouterr().out
    assert code in {0, 1} or (code == 2 and said.startswith(f"error: {path}: "))


KINDS = ("conv/conv-train-inside-cep-max", "homeostasis/homeo-loop-xent", "train-C-EP-1h")


@pytest.mark.parametrize("name", KINDS)
@given(data=st.data())
@settings(deadline=None)
def test_description_of_every_kind(folder, name, data):
    arrays, meta = opened_archive(CONFORMANCE / f"{name}.npz")
    path = folder / "altered.npz"
    heads = {key: value[:0] if value.ndim else value for key, value in arrays.items()}
    np.savez(path, meta=np.array(json.dumps(data.draw(altered(meta)))), **heads)
    only_named_faults(read, path, ConformanceError)


@given(at=st.integers(0), byte=st.integers(0, 255), cut=st.booleans())
@settings(deadline=None)
def test_damaged_conformance_archive(folder, at, byte, cut):
    contents = bytearray((CONFORMANCE / "curves-proto-cep.npz").read_bytes())
    at %= len(contents)
    if cut:
        del contents[at:]
    contents[at : at + 1] = bytes([byte])
    path = folder / "damaged.npz"
    path.write_bytes(contents)
    only_named_faults(read, path, ConformanceError)


@given(
    head=st.lists(st.integers(0, 5) | st.sampled_from([0x801, 0x803, 28, 2**32 - 1]), max_size=5),
    body=st.binary(max_size=60) | st.integers(0, 2000).map(bytes),
    zipped=st.booleans(),
    at=st.integers(0, 99),
    byte=st.integers(0, 255),
)
@settings(deadline=None)
def test_idx(folder, head, body, zipped, at, byte):
    contents = struct.pack(f">{len(head)}I", *head) + body
    contents = bytearray(gzip.compress(contents) if zipped else contents)
    contents[at : at + 1] = bytes([byte])
    path = folder / "idx"
    path.write_bytes(contents)
    for reader in (read_images, read_labels):
        only_named_faults(reader, path, DataError)


CHECK = {
    "name": "table/check",
    "statement": "a row learns",
    "verdict": "pass",
    "numbers": {"error": 1e-3, "count": 3, "curves": [1, 2]},
    "reason": "",
    "seconds": 1.5,
}
RECORD = {
    "stage": "", "verdict": "pass", "seconds": 2.5, "ran": "2026-01-01T00:00:00+00:00",
    "code": {"commit": None, "tree_is_clean": None, "sources_sha256": "", "sources": {}},
    "selection": {}, "inputs": {}, "files": {}, "checks": [CHECK], "details": {"seed": 3},
}  # fmt: skip
ROW = {
    "row": "EP-1h", "tier": "quick", "layers": "784-512-10", "nudge": "outside", "angle": None,
    "epochs": 2, "epochs_of_paper": 30, "seeds": [0, 1], "seconds": 3.5,
    "test_error": {"mean": 9.0, "std": 0.5}, "train_error": {"mean": 8.0, "std": 0.5},
    "test_error_by_epoch": [9.5, 9.0],
    "published": {"test_mean": 2.0, "test_std": 0.1, "train": 0.2, "confirmed": False},
    "settings": {"learning_rates": [0.1], "beta": 0.1, "free_steps": 9, "nudged_steps": 3,
                 "positive_probability": 0.5},
}  # fmt: skip
CASE = {
    "statement": "theorem1", "variant": "v", "claim": "c", "where": "w", "method": "m", "size": "s",
    "level": "symbolic", "expected": "holds", "verdict": "pass", "reason": "", "seconds": 0.5,
}  # fmt: skip
DETAILS = {
    "verify": {"parameters": {"beta": [0.1], "seed": 3}},
    "theory": {"rows": [CASE], "titles": {"theorem1": "Theorem 1"}},
    "table": {
        "label": "quick", "judged": "all", "rows": [ROW], "tier": "quick",
        "data": {"name": "d", "provenance": "digits", "train": 1, "test": 1, "sha256": {"f": "0"}},
    },
}  # fmt: skip
PROOF = {
    "verdict": "pass", "ran": "2026-01-01", "code": RECORD["code"], "reason": "", "seconds": 9.5,
    "coq_version": "8", "results": 3, "files": 2, "axioms": ["Coq.a.b"], "problems": [],
    "theorems": [{"name": "t", "file": "T.v", "statement_in_words": "w", "statement": "s",
                  "verdict": "pass"}],
    "negative_controls": [{"name": "c", "alteration": "a", "refused": True, "message": "m",
                           "refuted": True}],
    "map": [{"statement": "s", "paper": "p", "coq": ["t"], "symbolic": "x", "test": ""}],
    "not_proved": [{"subject": "s", "words": "w"}],
}  # fmt: skip
STAGES = {name: RECORD | {"stage": name, "details": details} for name, details in DETAILS.items()}
STAGES["proof"] = PROOF


@pytest.fixture
def small_report(monkeypatch):
    """A report of few parts that asks neither git nor the installed packages."""
    source = {"version": "0", "commit": None, "tree_is_clean": None, "packages": {"p": "1"}}
    source |= dict.fromkeys(("written", "python", "system", "processor"), "x")
    source |= {"cores": 1, "threads": 1, "uncommitted": []}
    monkeypatch.setattr("reproduce.report.assemble.provenance", lambda: source)
    monkeypatch.setattr(standing, "EXPECTED", dict.fromkeys(standing.EXPECTED, list))


def leave(stages, records):
    for name, record in records.items():
        path = stages / name / ("proof.json" if name == "proof" else "stage.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record), encoding="utf-8")


def test_unaltered_stages_are_reported(tmp_path, small_report):
    leave(tmp_path / "stages", STAGES)
    written = write_report(tmp_path / "stages", tmp_path / "reports")
    assert (written.folder / "report.html").stat().st_size > 10_000


@given(data=st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_stages(folder, small_report, data):
    stages, reports = folder / "stages", folder / "reports"
    leave(stages, dict.fromkeys(STAGES) | data.draw(altered(STAGES)))
    before = set(reports.iterdir()) if reports.exists() else set()
    try:
        written = write_report(stages, reports)
    except FieldError as fault:
        message = str(fault)
        left = set(reports.iterdir()) if reports.exists() else set()
        assert left == before
    else:
        message = f"{stages}: expected"
        assert written.word != "pass"
        shutil.rmtree(written.folder)
    assert message.startswith(f"{stages}")
    assert "expected" in message
    assert "\n" not in message


DOCUMENTS = {
    "row": (read_row, ROWS / "C-VF-1h.toml"),
    "figures": (read_figures, FIGURES / "figures.toml"),
    "published": (read_published, PUBLISHED),
}


@pytest.mark.parametrize(("read", "path"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_the_unaltered_document_is_read(folder, read, path):
    read(toml_file(folder, tomllib.loads(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize(("read", "path"), DOCUMENTS.values(), ids=DOCUMENTS)
@given(st.data())
@settings(deadline=None)
def test_toml(folder, read, path, data):
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    only_named_faults(read, toml_file(folder, data.draw(altered(document))))


@pytest.mark.parametrize("read", [read_row, read_figures, read_published])
@given(contents=st.binary(max_size=60))
def test_bytes_in_place_of_toml(folder, read, contents):
    path = Path(folder) / "bytes.toml"
    path.write_bytes(contents)
    only_named_faults(read, path)
