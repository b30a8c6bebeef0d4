"""The first screen: what it says where the evidence passes, and what where it does not."""

from pathlib import Path

import pytest

from cep_core.check.verdicts import Check, Verdict
from reproduce.report.answers import answers
from reproduce.report.assemble import Gathered
from reproduce.report.broken import broken, suspects
from reproduce.report.published import Row, Run, rows, told
from reproduce.report.sections import sections
from reproduce.report.standing import OPTIONAL, REQUIRED, Standing
from reproduce.stages import Stage
from reproduce.table.published import PublishedRow

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


def gathered(rows=(), **stages):
    left = {
        name: None if checks is None else Standing(Stage(name, 1.0, tuple(checks)))
        for name, checks in ({"verify": VERIFY, "theory": THEORY} | stages).items()
    }
    every = dict.fromkeys((*REQUIRED, *OPTIONAL)) | left
    return Gathered(Path("nowhere"), every, list(rows))


def test_every_question_is_answered_with_numbers_where_the_evidence_passes():
    found = {answer.question: answer for answer in answers(gathered(), [])}
    right = found["Is the theorem right?"]
    assert right.word == "pass"
    assert "falls with order 1 to 1 in β" not in right.points[1].text
    assert "order 1 in β" in right.points[1].text
    assert "4.0e-16" in found["In what sense?"].points[1].text
    stops = [point.text for point in found["Where does it stop?"].points]
    assert "κ < 0.047 (energy-based)" in stops[0]
    assert "0.1 at 45°" in stops[1]
    assert "0.01 stays" in stops[2]


def test_a_claim_whose_evidence_fails_is_not_made():
    broken_one = Check("theorem1/a/C-EP", "s", FAIL, {}, "a plateau: a sign")
    right = answers(gathered(verify=(*VERIFY, broken_one)), [])[0]
    assert right.word == "fail"
    assert right.points[1].text == (
        "Theorem 1 in float64: not shown by this run (1 of 2 checks fail, e.g. theorem1/a/C-EP)."
    )


def test_what_has_not_run_is_no_answer():
    right = answers(gathered(theory=None, verify=None), [])[0]
    assert right.word == "not run"
    assert right.points[0].text == "Theorem 1 in exact arithmetic: not shown by this run (not run)."


def row(*runs):
    return Row("C-EP-1h", PublishedRow(2.28, 0.16, 0.41, confirmed=False), 2, 0.28, runs)


def run(seed, epochs, test=2.0):
    return Run(seed, epochs, 100, test, 0.3, test, "c" * 40, "a processor")


@pytest.mark.parametrize(
    ("runs", "word", "line"),
    [
        ((), "not run", "C-EP-1h: published 2.28 ± 0.16† %; no run."),
        (
            (run(0, 79),),
            "partial",
            "C-EP-1h: published 2.28 ± 0.16† %; 0 of 2 trials; seed 0 at epoch 79 of 100.",
        ),
        (
            (run(0, 100, 2.2), run(1, 100, 2.3)),
            "consistent but underpowered",
            "C-EP-1h: published 2.28 ± 0.16†, here 2.25 ± 0.07 % (2 of 2 trials; difference",
        ),
        (
            (run(0, 100, 90.2), run(1, 100, 2.2)),
            "not reproduced",
            "C-EP-1h: published 2.28 ± 0.16†, here 46.20 ± 62.23 % (2 of 2 trials; 1 of 2 ",
        ),
    ],
)
def test_a_row_says_how_far_it_has_come(runs, word, line):
    assert row(*runs).word == word
    assert told(row(*runs)).startswith(line)


def test_the_committed_results_are_those_of_the_published_settings():
    found = {row.name: row for row in rows()}
    assert list(found) == ["EP-1h", "EP-2h", "C-EP-1h", "C-EP-2h", "C-VF-1h", "C-VF-2h"]
    assert found["EP-1h"].runs[0].code
    assert all(run.of in {30, 50, 100, 150} for row in found.values() for run in row.runs)


def test_what_broke_is_told_worst_first_and_what_crashed_before_all():
    crashed = Check("verify/finished", "s", FAIL, {}, "it ended with exit code 1")
    doubtful = Check("a/b", "s", Verdict.INCONCLUSIVE)
    plain = Check("a/c", "s", FAIL, {}, "a sign")
    (found,) = [b for b in broken(gathered(verify=(doubtful, plain, crashed))) if b.counts]
    assert found.word == "fail"
    assert found.counts == {"inconclusive": 1, "fail": 2}
    assert [check.name for check in found.examples] == ["verify/finished", "a/c", "a/b"]


def test_what_fails_is_blamed_on_changed_code_that_all_of_it_depends_on():
    def failing(name, *sources):
        stage = Stage(name, 1.0, (Check("c", "s", FAIL),), sources=dict.fromkeys(sources, "new"))
        return Standing(stage)

    stages = {
        "verify": failing("verify", "cep_core/rules.py", "reproduce/verify.py"),
        "theory": failing("theory", "cep_core/rules.py", "theory/case.py", "cep_core/losses.py"),
        "table": Standing(Stage("table", 1.0, (Check("c", "s", PASS),))),
    }
    found = Gathered(Path("nowhere"), stages, [])
    before = {"cep_core/rules.py": "old", "theory/case.py": "new", "reproduce/verify.py": "old"}
    assert suspects(found, before) == ["cep_core/rules.py"]
    assert suspects(found, {}) == []


def test_sections_are_found_each_with_its_template_and_its_place():
    found = sections()
    assert {"published", "statements", "proofs", "machine", "figures", "table"} <= set(found)
    assert list(found) == sorted(found, key=lambda name: found[name].place)
    folder = Path(__file__).parents[2] / "reproduce" / "report" / "sections"
    assert [name for name in found if not (folder / f"{name}.html.j2").exists()] == []
    shown = {section.stage for section in found.values()} - {""}
    assert shown == {*REQUIRED, *OPTIONAL}
