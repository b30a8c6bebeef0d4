"""Files are whole or absent; stages and verdicts say the worst of what they hold."""

import json
import os
from pathlib import Path

import pytest

from cep_core.check.verdicts import Check, Verdict, combine
from cep_core.files import DEEPEST, parse_json, replacing, write_json, write_text
from reproduce.stages import begin, read_stage, write_stage


def test_a_file_appears_whole_with_its_folder(tmp_path):
    write_text(tmp_path / "a" / "b.txt", "Δ → −∇")
    assert (tmp_path / "a" / "b.txt").read_text(encoding="utf-8") == "Δ → −∇"
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["b.txt"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_write_keeps_the_old_file_and_leaves_nothing_else(tmp_path, error):
    path = tmp_path / "result.json"
    write_json(path, [1])

    def interrupted():
        with replacing(path) as temporary:
            temporary.write_text("[1, 2")
            raise error

    with pytest.raises(error):
        interrupted()
    assert json.loads(path.read_text()) == [1]
    assert [p.name for p in tmp_path.iterdir()] == ["result.json"]


def test_what_is_not_json_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", {"error": float("nan")})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [
        ((), Verdict.NOT_RUN),
        ((Verdict.PASS, Verdict.PASS), Verdict.PASS),
        ((Verdict.PASS, Verdict.NOT_RUN), Verdict.NOT_RUN),
        ((Verdict.NOT_RUN, Verdict.INCONCLUSIVE, Verdict.PASS), Verdict.INCONCLUSIVE),
        ((Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.PASS), Verdict.FAIL),
    ],
)
def test_the_worst_verdict_counts(verdicts, worst):
    assert combine(verdicts) is worst


def test_a_stage_is_read_back_as_written(tmp_path):
    assert read_stage(tmp_path / "none") is None
    check = Check("a", "b", Verdict.PASS, {"error": 1e-3}, "by order", 0.5)
    verdict = write_stage(
        tmp_path / "s", stage="s", checks=[check], begun=begin(Path(__file__)), details={"seed": 1}
    )
    found = read_stage(tmp_path / "s")
    assert verdict is found.verdict is Verdict.PASS
    assert found.checks == (check,)
    assert found.details == {"seed": 1}
    assert "tests/cep_core/test_files.py" in found.sources
    assert found.ran


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_file_has_the_mode_that_the_user_asks_for(tmp_path, mask):
    before = os.umask(mask)
    try:
        write_text(tmp_path / "file", "text")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o666 & ~mask


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("NaN", "NaN, which is not JSON"),
        ("[-Infinity]", "-Infinity, which is not JSON"),
        ("1e999", "1e999, which is not JSON"),
        ("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), "nested too deeply"),
        ("[" * 99_999, "nested too deeply"),
        ("9" * 5000, "4300"),
        ("{", "Expecting"),
        ('"\\ud800"', "surrogates not allowed"),
    ],
    ids=lambda text: text[:9],
)
def test_what_is_no_json_is_refused_in_one_line(text, found):
    with pytest.raises(ValueError, match=found) as caught:
        parse_json(text)
    assert "\n" not in str(caught.value)


def test_json_is_read_as_it_was_written():
    value = {"a": [1.5, -2, True, None, {"b": 10**400}, "\U0001f600"]}
    assert parse_json(json.dumps(value)) == value
    assert parse_json("[" * DEEPEST + "]" * DEEPEST)[0] is not None
