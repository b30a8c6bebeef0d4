"""Two reports held against each other: what got worse comes first, and is the exit code."""

import json

import pytest

from reproduce.command_line import main

CHECK = {"name": "theorem1/EP", "statement": "s", "verdict": "pass", "numbers": {"order": 1.0}}


def report(folder, *, checks=(CHECK,), stages=None, published=None, **manifest):
    folder.mkdir(parents=True)
    written = {"label": folder.name, "written": "2026-01-01", "packages": {"torch": "2.5"}}
    (folder / "manifest.json").write_text(json.dumps(written | manifest))
    verdicts = {"stages": stages or {"verify": "pass"}, "checks": {"verify": list(checks)}}
    (folder / "verdicts.json").write_text(json.dumps(verdicts | {"published": published or {}}))
    return str(folder)


def compared(capsys, *arguments):
    code = main(["compare", *map(str, arguments)])
    return code, capsys.readouterr().out.splitlines()


def changed(**fields):
    return CHECK | fields


def test_nothing_changed_between_a_report_and_itself(tmp_path, capsys):
    same = report(tmp_path / "a")
    code, lines = compared(capsys, same, same)
    assert (code, lines) == (0, ["a → a: 0 changes (none); 0 verdicts worse"])


@pytest.mark.parametrize(
    ("after", "line"),
    [
        ([changed(verdict="fail")], "worse   verify: theorem1/EP: pass → fail"),
        ([changed(verdict="inconclusive")], "worse   verify: theorem1/EP: pass → inconclusive"),
        ([changed(verdict="not run")], "worse   verify: theorem1/EP: pass → not run"),
        ([], "worse   verify: theorem1/EP: pass → not there"),
    ],
)
def test_a_verdict_that_got_worse_comes_first_and_is_the_exit_code(tmp_path, capsys, after, line):
    more = [check | {"numbers": {"order": 1.5}} for check in after]
    before = report(tmp_path / "a")
    later = report(tmp_path / "b", checks=more, packages={"torch": "2.6"})
    code, lines = compared(capsys, before, later)
    assert code == 1
    assert lines[1].strip() == line


def test_what_changed_otherwise_is_told_and_is_no_fault(tmp_path, capsys):
    before = report(
        tmp_path / "a",
        checks=[changed(verdict="fail")],
        published={"EP-1h": {"verdict": "not run", "told": "no run"}},
        sources={"cep_core/rules.py": "0" * 64, "gone.py": "1" * 64},
        parameters={"verify": {"beta": [0.1]}},
    )
    new = changed(numbers={"order": 1.5, "seconds": 9.0})
    later = report(
        tmp_path / "b",
        checks=[new, changed(name="new")],
        published={"EP-1h": {"verdict": "reproduced", "told": "1.95"}},
        sources={"cep_core/rules.py": "2" * 64},
        parameters={"verify": {"beta": [0.2]}},
        packages={"torch": "2.6"},
    )
    code, lines = compared(capsys, before, later)
    assert code == 0
    assert [line.strip() for line in lines[1:]] == [
        "verdict  published: EP-1h: not run → reproduced",
        "verdict  verify: theorem1/EP: fail → pass",
        "verdict  verify: new: not there → pass",
        "number   verify: theorem1/EP: order: 1 → 1.5",
        "code     cep_core/rules.py: 000000000000 → 222222222222",
        "code     gone.py: 111111111111 → not there",
        "version  torch: 2.5 → 2.6",
        "setting  verify, beta: [0.1] → [0.2]",
    ]


def test_a_published_number_that_is_lost_is_worse(tmp_path, capsys):
    words = ("reproduced", "consistent but underpowered")
    before, later = (
        report(tmp_path / name, published={"EP-1h": {"verdict": word, "told": "1.95"}})
        for name, word in zip("ab", words, strict=True)
    )
    assert compared(capsys, before, later)[0] == 1
    assert compared(capsys, later, before)[0] == 0


def test_rounding_is_no_change(tmp_path, capsys):
    before = report(tmp_path / "a")
    later = report(tmp_path / "b", checks=[changed(numbers={"order": 1.0 + 1e-9})])
    assert compared(capsys, before, later) == (0, ["a → b: 0 changes (none); 0 verdicts worse"])


def test_the_largest_numbers_come_first_and_the_rest_are_counted(tmp_path, capsys):
    before = report(tmp_path / "a", checks=[changed(numbers={str(i): 1.0 for i in range(40)})])
    moved = {str(i): 1.0 + i / 100 for i in range(40)}
    later = report(tmp_path / "b", checks=[changed(numbers=moved)])
    lines = compared(capsys, before, later)[1]
    assert "theorem1/EP: 39: 1 → 1.39" in lines[1]
    assert lines[-1].strip() == "and 14 more of this kind"


def test_the_page_escapes_and_holds_everything(tmp_path, capsys):
    before = report(tmp_path / "a")
    later = report(tmp_path / "b", checks=[changed(name="<script>", verdict="fail")])
    page = tmp_path / "page.html"
    compared(capsys, before, later, "--page", page)
    text = page.read_text(encoding="utf-8")
    assert "&lt;script&gt;" in text
    assert "<script" not in text
    assert "Verdicts that got worse: 2" in text  # one is gone, and a new one fails


def test_what_is_no_report_is_named(tmp_path, capsys):
    same = report(tmp_path / "a")
    assert main(["compare", same, str(tmp_path / "none")]) == 2
    assert "none: expected the folder of a report, found none" in capsys.readouterr().err
    (tmp_path / "a" / "verdicts.json").write_text('{"stages": 3}')
    assert main(["compare", same, same]) == 2
    assert "verdicts.json: stages: expected" in capsys.readouterr().err
