import json
from pathlib import Path

import pytest

from cep_core import workers
from cep_core.check.verdicts import Verdict
from cep_core.workers import WorkerDiedError
from theory import case as statement
from theory import pool, statements
from theory.case import Answer, Case, Level, Outcome, all_cases, decide, select
from theory.command import main


def case(answer=Answer.HOLDS, *, expected=Answer.HOLDS, name="variant", level=Level.SYMBOLIC):
    return Case(
        "theorem1",
        name,
        "the claim",
        "everywhere",
        "by decree",
        "1-1",
        level,
        lambda: Outcome(answer, {"n": 1}, "because"),
        expected,
    )


@pytest.mark.parametrize(
    ("found", "expected", "verdict"),
    [
        (Answer.HOLDS, Answer.HOLDS, Verdict.PASS),
        (Answer.REFUTED, Answer.HOLDS, Verdict.FAIL),
        (Answer.HOLDS, Answer.REFUTED, Verdict.FAIL),
        (Answer.REFUTED, Answer.REFUTED, Verdict.PASS),
        (Answer.UNDECIDED, Answer.HOLDS, Verdict.INCONCLUSIVE),
        (Answer.UNDECIDED, Answer.REFUTED, Verdict.INCONCLUSIVE),
    ],
)
def test_only_the_expected_answer_passes(found, expected, verdict):
    check = decide(case(found, expected=expected))
    assert check.verdict is verdict
    assert check.numbers == {"n": 1}
    assert check.reason == "because"


def test_a_case_that_breaks_down_is_inconclusive_and_says_what_happened():
    def broken():
        raise ZeroDivisionError("the ring has no inverse")

    check = decide(Case("theorem1", "v", "c", "w", "m", "s", Level.SYMBOLIC, broken))
    assert check.verdict is Verdict.INCONCLUSIVE
    assert "ZeroDivisionError: the ring has no inverse" in check.reason


def test_every_statement_has_cases_and_every_name_is_unique():
    cases = all_cases()
    files = {path.stem for path in Path(statements.__file__).parent.glob("*.py")}
    assert {c.statement for c in cases} == files - {"__init__"}
    assert len({c.name for c in cases}) == len(cases)
    assert {c.level for c in cases} == set(Level)


def test_two_cases_of_one_name_are_refused(monkeypatch):
    twice = ("theory.statements.centred", "theory.statements.centred")
    monkeypatch.setattr(statement, "sources", lambda: twice)
    with pytest.raises(ValueError, match="two cases are called 'centred/"):
        all_cases()


def test_selection_by_name_and_level():
    cases = [case(), case(name="other", level=Level.MODULAR)]
    assert select(cases) == tuple(cases)
    assert select(cases, levels=["modular"]) == (cases[1],)
    assert select(cases, only=["theorem1/symbolic/var"]) == (cases[0],)
    with pytest.raises(ValueError, match=r"no case is called 'theorem9'.*statements: theorem1"):
        select(cases, only=["theorem9"])


def test_command_writes_both_files_and_succeeds(tmp_path, capsys):
    arguments = ["--only", "centred/symbolic/prototypical", "--processes", "1"]
    assert main([*arguments, "--json", str(tmp_path / "a.json"), "--out", str(tmp_path)]) == 0
    written = json.loads((tmp_path / "a.json").read_text())
    stage = json.loads((tmp_path / "stage.json").read_text())
    assert stage["stage"] == "theory"
    assert written["verdict"] == stage["verdict"] == "pass"
    assert len(stage["checks"]) == len(stage["details"]["rows"]) == 4
    row = stage["details"]["rows"][0]
    assert {"statement", "where", "method", "size", "seconds", "verdict"} <= row.keys()
    assert "4 of 4 as expected" in capsys.readouterr().out


def test_command_decides_in_two_processes(capsys):
    assert main(["--only", "centred/symbolic/energy"]) == 0
    assert "4 of 4 as expected" in capsys.readouterr().out


def test_command_fails_unless_every_answer_is_the_expected_one(monkeypatch, capsys, tmp_path):
    wrong = case(Answer.REFUTED)
    monkeypatch.setattr("theory.command.gather", lambda **_: (case(name="right"), wrong))
    assert main(["--processes", "1", "--out", str(tmp_path)]) == 1
    assert "because" in capsys.readouterr().out
    assert json.loads((tmp_path / "stage.json").read_text())["verdict"] == "fail"


def test_interrupted_command_keeps_what_was_decided(monkeypatch, tmp_path):
    def interrupted():
        raise KeyboardInterrupt

    second = Case("theorem1", "b", "c", "w", "m", "s", Level.SYMBOLIC, interrupted, cost=0.1)
    monkeypatch.setattr("theory.command.gather", lambda **_: (case(), second))
    assert main(["--processes", "1", "--json", str(tmp_path / "a.json")]) == 130
    found = json.loads((tmp_path / "a.json").read_text())
    assert [check["verdict"] for check in found["checks"]] == ["pass", "not run"]


def test_list_decides_nothing(capsys):
    assert main(["--list", "--level", "certified"]) == 0
    printed = capsys.readouterr().out
    assert "/certified/" in printed
    assert "/symbolic/" not in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "nothing"], "no case is called 'nothing'"),
        (["--only", "centred", "--level", "certified"], "no case has this name at this level"),
        (["--processes", "0"], "--processes: expected a positive count, found 0"),
    ],
)
def test_bad_usage_is_explained(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (WorkerDiedError(), "worker process died"),
        (ImportError("no such module"), "worker process failed: ImportError: no such module"),
    ],
)
def test_a_dead_worker_loses_its_own_case_only(monkeypatch, error, reason):
    def each_done(_, work, names):
        return ((name, workers.Outcome(error=error)) for name in names)

    monkeypatch.setattr(pool.Workers, "each_done", each_done)
    checks = list(pool.decide_all([case(), case(name="other")], 2))
    assert [c.verdict for c in checks] == [Verdict.INCONCLUSIVE] * 2
    assert reason in checks[0].reason
