"""The report's section on convolutional networks shows what its stages left."""

import pytest

from reproduce.report.sections import convolutional
from reproduce.report.standing import NOT_RUN
from reproduce.report.templates import environment
from tests.reproduce.test_correction_section import Gathered
from tests.reproduce.whole import SEARCH, SMALL

CASE = {"statement": "winners", "level": "numerical", "verdict": "pass"}


@pytest.fixture
def gathered():
    return Gathered(
        theory={"rows": [CASE, CASE, CASE | {"statement": "theorem1", "verdict": "fail"}]},
        trainings={
            "others": [{"name": "P-conv-small", "trials": [SMALL]}],
            "beside": [{"statement": "EP <b>", "answer": "holds", "reason": "12.5", "test": "t"}],
            "search": [
                SEARCH | {"learning_rates": [0.05, 0.01, 0.1], "error": 38.6},
                SEARCH | {"learning_rates": [0.1, 0.01, 0.1], "error": 80.0},
            ],
        },
    )


def shown(gathered):
    template = environment().get_template("convolutional.html.j2")
    return template.render(**convolutional.SECTION.data(gathered))


def test_errors_residuals_claims_and_the_search_are_shown(gathered):
    section = shown(gathered)
    assert "2 cases numerical" in section
    assert "20.00, 12.50" in section
    assert "unknown" in section
    assert "EP &lt;b&gt;" in section
    assert "0.05, 0.01, 0.1 (38.6" in section
    assert "0.1, 0.01, 0.1 (80.0" not in section
    assert "Not run: EP, nudge outside, as published; C-EP, nudge inside; BPTT." in section


def test_its_verdict_is_that_of_its_statements(gathered):
    assert convolutional.SECTION.word(gathered) == "pass"
    assert convolutional.SECTION.word(Gathered()) == NOT_RUN


def test_nothing_that_has_not_run_is_shown():
    section = shown(Gathered())
    assert "<table" not in section
    assert "Not run: EP, nudge inside" in section
