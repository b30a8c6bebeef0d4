"""``cep conformance``: one JSON document whatever becomes of the files."""

import json
from pathlib import Path

import pytest

from cep_core.cli import main

FILE = Path(__file__).parents[2] / "data" / "conformance" / "curves-toy-cep.npz"


@pytest.fixture
def cep(capsys):
    def run(*arguments):
        code = main(["conformance", *map(str, arguments), "--json"])
        said = capsys.readouterr()
        assert said.err == ""
        return code, json.loads(said.out)

    return run


def test_every_array_is_told_with_its_difference(cep):
    code, answer = cep(FILE)
    assert (code, answer["verdict"]) == (0, "pass")
    (file,) = answer["files"]
    assert file["kind"] == "curves"
    assert {"delta/W_0_1", "nabla/W_0_1"} <= {array["array"] for array in file["arrays"]}
    assert all(array["difference"] <= file["tolerance"] for array in file["arrays"])


def test_a_difference_beyond_the_tolerance_fails(cep):
    code, answer = cep(FILE, "--tol", "0")
    assert (code, answer["verdict"]) == (1, "fail")
    assert not all(array["passes"] for array in answer["files"][0]["arrays"])


def test_a_file_that_cannot_be_read_leaves_the_others_their_answer(cep, tmp_path):
    code, answer = cep(tmp_path / "absent.npz", FILE)
    assert (code, answer["verdict"]) == (2, None)
    absent, whole = answer["files"]
    assert absent["error"].startswith(f"{tmp_path / 'absent.npz'}: expected")
    assert whole["verdict"] == "pass"
