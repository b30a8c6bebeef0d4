"""The report's section on Theorem 1 without symmetry shows what its stages left."""

import pytest

from reproduce.report.sections import correction
from reproduce.report.standing import NOT_RUN
from reproduce.report.templates import environment

ANGLES = [
    {"row": row, "angle": angle, "used": 60.0 + angle / 4, "limit": limit}
    for angle in (0.0, 90.0)
    for row, limit in (("C-VF-1h", 14.5 + angle), ("corrected-C-VF-1h", 6e-6))
]
ROW = {"statement": "corrected", "level": "symbolic", "verdict": "pass"}


class Gathered:
    """What two stages left."""

    def __init__(self, **left):
        self.left = left

    def details(self, name):
        return self.left.get(name, {})


@pytest.fixture
def gathered():
    return Gathered(
        theory={"rows": [ROW, ROW, ROW | {"statement": "theorem1", "verdict": "fail"}]},
        trainings={"corrected_angles": ANGLES},
    )


def shown(gathered):
    template = environment().get_template("correction.html.j2")
    return template.render(**correction.SECTION.data(gathered))


def test_angles_cases_and_devices_are_shown(gathered):
    section = shown(gathered)
    assert "2 cases symbolic" in section
    assert "104" in section
    assert "(82)" in section
    assert "1 % mismatch" in section


def test_its_verdict_is_that_of_its_statement(gathered):
    assert correction.SECTION.word(gathered) == "pass"
    assert correction.SECTION.word(Gathered()) == NOT_RUN


def test_what_was_not_measured_is_left_out(monkeypatch, tmp_path):
    monkeypatch.setattr(correction, "DEVICE", tmp_path / "none.json")
    section = shown(Gathered())
    assert "<table" not in section
    assert "AsymEP" in section
