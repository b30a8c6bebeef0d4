"""``cep tolerance``: measured, drawn, and honest about a device that learns nothing."""

import json

import pytest

from cep_core.cli import main, tolerance

QUICK = ["--hidden", "4", "--epochs", "1", "--samples", "40"]


def test_a_training_too_short_to_tell_is_inconclusive_and_says_so(capsys):
    code = main(["tolerance", "EP-1h", "--only", "noise=0.01", *QUICK])
    said = capsys.readouterr().out
    assert code == 3
    assert "EP-1h (784-4-10, EP): 1 x 40 digits, 1 device a level" in said
    assert "inconclusive: the ideal device itself misclassifies" in said
    assert "tolerated" not in said


def test_the_answer_in_words_in_json_and_drawn(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(tolerance, "CHANCE", 101.0)
    drawn = tmp_path / "new" / "tolerance.svg"
    levels = ["--only", "asymmetry=0.1", "--only", "update_bits=12,8"]
    options = [*levels, *QUICK, "--margin", "100"]
    assert main(["tolerance", "C-EP-1h", *options, "--plot", str(drawn)]) == 0
    said = capsys.readouterr().out
    assert "tolerated within 100 points of training error: 0.1" in said
    assert "tolerated within 100 points of training error: 8" in said
    assert drawn.read_text().lstrip().startswith("<?xml")
    assert main(["tolerance", "C-EP-1h", *options, "--seeds", "2", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["verdict"] == "pass"
    assert answer["seeds"] == [0, 1]
    assert answer["tolerated"] == {"asymmetry": 0.1, "update_bits": 8}
    assert [(d["imperfection"], d["level"]) for d in answer["devices"]] == [
        ("asymmetry", 0.1),
        ("update_bits", 12),
        ("update_bits", 8),
    ]
    assert answer["ideal"]["gdu_error"] < answer["devices"][0]["gdu_error"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only", "rust"], "expected one of mismatch, asymmetry, weight_bits"),
        (["--only", "noise=a"], "noise: expected numbers separated by commas, found 'a'"),
        (["--hidden", "0"], "expected a positive integer, found '0'"),
    ],
)
def test_arguments_that_cannot_be_are_named(arguments, words, capsys):
    with pytest.raises(SystemExit) as left:
        main(["tolerance", *arguments])
    assert left.value.code == 2
    assert words in capsys.readouterr().err


def test_rows_and_levels_that_cannot_be_are_named_on_one_line(capsys):
    for arguments, words in (
        (["P-conv-small"], "channels: expected a row of dense layers"),
        (["EP-1h", "--only", "noise=-1"], "noise: expected a number of at least 0, found -1"),
        (["EP-1h", "--angle", "90"], "angle: expected none: only C-VF has one"),
    ):
        assert main(["tolerance", *arguments, *QUICK]) == 2
        errors = capsys.readouterr().err
        assert errors.startswith("error: ")
        assert words in errors
        assert errors.count("\n") == 1
