import pytest

from cep_core.check.verdicts import Verdict
from theory.case import Answer, decide
from theory.mutants.table import METHODS, MUTANTS, Mutant, cells, table

CELLS = cells()


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.variant)
def test_every_method_sees_what_it_should_and_nothing_breaks(cell):
    check = decide(cell)
    assert check.verdict is Verdict.PASS, check.reason


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mutant_is_caught_by_a_method_over_polynomials_and_one_at_full_size(mutant):
    seen = [c for c in CELLS if c.variant.startswith(f"{mutant.name} under")]
    caught = [c.method for c in seen if c.expected is Answer.REFUTED]
    assert any("mod p" in method for method in caught)
    assert any("mod p" not in method for method in caught)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_passes_what_is_right(method):
    assert METHODS[method](Mutant("none")).answer is Answer.HOLDS


def test_the_table_has_a_reason_for_everything_that_is_not_caught():
    some = [c for c in CELLS if c.variant.startswith(("missing 1/beta", "BPTT: sign"))]
    found = table({c.name: decide(c) for c in some})
    rows = {row["mutant"]: row for row in found["rows"]}
    assert list(rows) == [mutant.name for mutant in MUTANTS]
    answers = rows["missing 1/beta in theta"]
    assert answers["joint limit, kappa free"]["answer"] == "caught"
    assert answers["Theorem 1, neurons"]["answer"] == "not visible"
    assert "kappa = 0" in answers["Theorem 1, neurons"]["why"]
    assert rows["BPTT: sign"]["joint limit, kappa free"]["answer"] == "not applicable"
    assert rows["frozen theta"]["joint limit, kappa free"]["answer"] == "not run"


def test_a_cell_that_does_not_pass_is_shown_as_wrong():
    cell = CELLS[0]
    failed = decide(cell)
    wrong = type(failed)(failed.name, failed.statement, Verdict.FAIL, reason="it passed")
    row = table({cell.name: wrong})["rows"][0]
    assert row[cell.method] == {"answer": "WRONG", "why": "it passed"}
