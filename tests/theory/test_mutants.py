import pytest

from cep_core.check.verdicts import Verdict
from cep_core.losses import SquaredError
from cep_core.networks.initial import initial_parameters
from cep_core.phases import kappa_of, nudged_phase
from theory.case import Answer, decide
from theory.mutants import correction
from theory.mutants import table as methods
from theory.mutants.kind import MODULAR, MODULAR_JOINT, PHASE_TWO, Mutant
from theory.mutants.planted import edit, planted
from theory.mutants.table import METHODS, MUTANTS, cells, decide_planted, table
from theory.mutants.training import TRAINING

CELLS = cells()


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """The main job plants at full size."""
    for module in (methods, correction):
        monkeypatch.setattr(module, "ONE_HIDDEN", (5, 4, 3))


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.variant)
def test_every_method_sees_what_it_should_and_nothing_breaks(cell):
    check = decide(cell)
    assert check.verdict is Verdict.PASS, check.reason


@pytest.mark.parametrize("method", METHODS)
def test_what_is_not_applicable_does_not_show(method):
    for mutant in MUTANTS:
        if method in mutant.inapplicable:
            assert decide_planted(mutant, method).answer is Answer.HOLDS, mutant.name


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mutant_is_caught_and_those_of_phase_two_over_polynomials_and_at_full_size(mutant):
    caught = set(mutant.methods) - {*mutant.unseen, *mutant.inapplicable}
    assert caught
    if caught.intersection(PHASE_TWO) and mutant.name not in {
        "sum over the mini-batch in place of its mean",
        "EP applies its updates at once",
        "C-VF's derivative at s_{t+1}",  # the statement has a case at full size
    }:
        assert caught & {MODULAR, MODULAR_JOINT}
        assert caught - {MODULAR, MODULAR_JOINT}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_passes_what_is_right(method):
    assert METHODS[method][0](Mutant("none")).answer is Answer.HOLDS


def test_an_error_is_planted_for_everyone_who_has_imported_the_function_and_taken_out_again():
    halved = edit(SquaredError.gradient, "return output - target", "return 'planted'")
    loss = SquaredError()
    with planted([halved]):
        assert loss.gradient(3, 2) == "planted"
    assert loss.gradient(3, 2) == 1
    with pytest.raises(ZeroDivisionError), planted([halved]):
        raise ZeroDivisionError
    assert loss.gradient(3, 2) == 1


@pytest.mark.parametrize(
    ("function", "piece", "count"), [(kappa_of, "eta / gamma", 0), (nudged_phase, "state", 7)]
)
def test_a_piece_that_does_not_occur_once_is_refused_by_name(function, piece, count):
    told = f"phases.{function.__name__}: expected '{piece}' once in its source, found it {count}"
    with pytest.raises(ValueError, match=told), planted([edit(function, piece, "0")]):
        pass


def test_the_catalogue_matches_the_code_and_no_function_is_changed_twice():
    for mutant in MUTANTS:
        functions = [e.function for e in mutant.edits]
        assert len(set(functions)) == len(functions)
        for e in mutant.edits:
            assert e.code is not e.function.__code__
            assert e.code.co_code != e.function.__code__.co_code or (
                e.code.co_consts,
                e.code.co_names,
            ) != (e.function.__code__.co_consts, e.function.__code__.co_names)


def test_the_errors_of_training_are_planted_in_the_package_that_users_import():
    for mutant in TRAINING:
        assert mutant.where.startswith("cep_core."), mutant.name
    assert initial_parameters in {e.function for mutant in TRAINING for e in mutant.edits}


def test_the_table_has_a_reason_for_everything_that_is_not_caught():
    some = [c for c in CELLS if c.variant.startswith(("missing 1/beta", "BPTT: sign"))]
    found = table({c.name: decide(c) for c in some})
    rows = {row["mutant"]: row for row in found["rows"]}
    assert list(rows) == [mutant.name for mutant in MUTANTS]
    answers = rows["missing 1/beta in theta"]
    assert answers["planted"] == "cep_core.phases.nudged_phase"
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
