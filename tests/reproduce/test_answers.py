"""The first screen: what it says where the evidence passes, and what where it does not."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from cep_core.check.verdicts import Check, Verdict
from reproduce.report.answers import answers
from reproduce.report.assemble import Gathered
from reproduce.report.broken import broken, suspects
from reproduce.report.published import Row, rows_of
from reproduce.report.sections import sections
from reproduce.report.standing import OPTIONAL, REQUIRED, Standing
from reproduce.stages import Stage

PASS, FAIL = Verdict.PASS, Verdict.FAIL

VERIFY = (
    Check("theorem1/a/EP", "s", PASS, {"orders": {"in beta": 0.9996, "in kappa": 1.0004}}),
    Check("augmented/a", "s", PASS, {"states": 4e-16}),
    Check("centred/a", "s", PASS, {"order": 1.9996}),
    Check("stability/energy-based/784-512-10", "s", PASS, {"largest stable kappa": 0.047}),
    Check("asymmetry/Ψ = 45°", "s", PASS, {"deviation by step": [0.0, 0.135]}),
    Check("published/a", "s", PASS, {"plateau": 0.014}),
    Check("inconclusive/a kink", "s", PASS),
)

THEORY = tuple(
    Check(f"{name}/symbolic/a", "s", PASS) for name in ("theorem1", "joint_limit", "augmented")
)


def gathered(**stages):
    left = {
        name: None if checks is None else Standing(Stage(name, 1.0, tuple(checks)))
        for name, checks in ({"verify": VERIFY, "theory": THEORY} | stages).items()
    }
    every = dict.fromkeys((*REQUIRED, *OPTIONAL)) | left
    return Gathered(Path("nowhere"), every)


def test_every_question_is_answered_with_numbers_where_the_evidence_passes():
    found = {answer.question: answer for answer in answers(gathered())}
    right = found["Is the theorem right?"]
    assert right.word == "pass"
    assert "falls with order 1.00 to 1.00 in β" not in right.points[1].text
    assert "order 1.00 in β" in right.points[1].text
    assert "4.0e-16" in found["In what sense?"].points[1].text
    stops = [point.text for point in found["Where does it stop?"].points]
    assert "κ < 0.047 (energy-based)" in stops[0]
    assert "0.1 at 45°" in stops[1]
    assert "0.01 stays" in stops[2]


def test_a_claim_whose_evidence_fails_is_not_made():
    broken_one = Check("theorem1/a/C-EP", "s", FAIL, {}, "a plateau: a sign")
    right = answers(gathered(verify=(*VERIFY, broken_one)))[0]
    assert right.word == "fail"
    assert right.points[1].text == (
        "Theorem 1 in float64: not shown by this run (1 of 2 checks fail, e.g. theorem1/a/C-EP)."
    )


def test_what_has_not_run_is_no_answer():
    right = answers(gathered(theory=None, verify=None))[0]
    assert right.word == "not run"
    assert right.points[0].text == "Theorem 1 in exact arithmetic: not shown by this run (not run)."


@pytest.mark.parametrize(
    ("found", "word", "line"),
    [
        (
            {"answer": "not run", "mean": None, "std": None},
            "not run",
            "C-EP-1h: published 2.28 ± 0.16† %; here seed 0 at epoch 79 of 100.",
        ),
        (
            {"answer": "not reproduced", "mean": 3.1, "std": 0.2},
            "not reproduced",
            "C-EP-1h: published 2.28 ± 0.16† %, here 3.10 ± 0.20 % (seed 0 at epoch 79 of 100).",
        ),
    ],
)
def test_a_row_says_what_came_out(found, word, line):
    theirs = {"test_mean": 2.28, "test_std": 0.16, "confirmed": False}
    standing = "seed 0 at epoch 79 of 100"
    row = {"row": "C-EP-1h", "published": theirs, "test_error": found, "standing": standing}
    assert rows_of({"rows": [row]}) == [Row("C-EP-1h", word, line)]


def test_without_trainings_every_row_of_the_paper_was_not_run():
    found = rows_of({})
    assert [row.name for row in found[:2]] == ["EP-1h", "EP-2h"]
    assert {row.word for row in found} == {"not run"}
    assert found[0].told == "EP-1h: published 2.00 ± 0.13† %."


def test_what_broke_is_told_worst_first_and_what_crashed_before_all():
    crashed = Check("verify/finished", "s", FAIL, {}, "it ended with exit code 1")
    missing = Check("a/d", "s", Verdict.NOT_RUN, {}, "it was not run")
    doubtful = Check("a/b", "s", Verdict.INCONCLUSIVE)
    plain = Check("a/c", "s", FAIL, {}, "a sign")
    (found,) = [b for b in broken(gathered(verify=(missing, doubtful, plain, crashed))) if b.counts]
    assert found.word == "fail"
    assert found.counts == {"not run": 1, "inconclusive": 1, "fail": 2}
    assert [check.name for check in found.examples] == ["verify/finished", "a/c", "a/b"]
    (found,) = [b for b in broken(gathered(verify=(missing, crashed))) if b.counts]
    assert [check.name for check in found.examples] == ["verify/finished"]


def test_what_fails_is_blamed_on_changed_code_that_all_of_it_depends_on():
    def failing(name, *sources):
        stage = Stage(name, 1.0, (Check("c", "s", FAIL),), sources=dict.fromkeys(sources, "new"))
        return Standing(stage)

    stages = {
        "verify": failing("verify", "cep_core/rules.py", "reproduce/verify.py"),
        "theory": failing("theory", "cep_core/rules.py", "theory/case.py", "cep_core/losses.py"),
        "table": Standing(Stage("table", 1.0, (Check("c", "s", PASS),))),
    }
    found = Gathered(Path("nowhere"), stages)
    before = {"cep_core/rules.py": "old", "theory/case.py": "new", "reproduce/verify.py": "old"}
    sound = SimpleNamespace(label="1.0.0", sources=before)
    assert suspects(found, [], sound) == {
        "files": ["cep_core/rules.py"],
        "since": "report 1.0.0, in which nothing fails",
    }
    assert suspects(found, [], None)["files"] == []
    assert suspects(Gathered(Path("nowhere"), {"table": stages["table"]}), [], sound)["files"] == []


def test_what_no_commit_has_is_blamed_before_what_is_new():
    stage = Stage("verify", 1.0, (Check("c", "s", FAIL),), sources={"a.py": "new", "b.py": "new"})
    found = Gathered(Path("nowhere"), {"verify": Standing(stage)})
    sound = SimpleNamespace(label="1.0.0", sources={})
    assert suspects(found, ["b.py", "README.md"], sound) == {
        "files": ["b.py"],
        "since": "the last commit",
    }


def test_sections_are_found_each_with_its_template_and_its_place():
    found = sections()
    assert {"published", "statements", "proofs", "machine", "figures", "table"} <= set(found)
    assert list(found) == sorted(found, key=lambda name: found[name].place)
    folder = Path(__file__).parents[2] / "reproduce" / "report" / "sections"
    assert [name for name in found if not (folder / f"{name}.html.j2").exists()] == []
    shown = {section.stage for section in found.values()} - {""}
    assert shown == {*REQUIRED, *OPTIONAL}
