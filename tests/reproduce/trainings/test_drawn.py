"""The trainings' figures hold the numbers that they are drawn from, and say what is missing."""

import pytest

from reproduce.trainings.drawn import FIGURES, draw, write


def trial(seed, errors, *, whole=True):
    return {
        "seed": seed,
        "whole": whole,
        "epochs": len(errors),
        "test_error": errors[-1],
        "test_errors": errors,
        "train_errors": [error / 2 for error in errors],
    }


@pytest.fixture
def found():
    signed = {"margin": 1.1, "angle_whole": 30.0}
    unknown = {"margin": None, "angle_whole": "nan"}
    return {
        "rows": [
            {
                "row": "EP-1h",
                "published": {"test_mean": 2.0, "test_std": 0.13},
                "test_error": {"mean": 2.1},
                "trials": [trial(0, [6.0, 2.1]), trial(1, [7.0], whole=False)],
            },
            {
                "row": "EP-2h",
                "published": {"test_mean": 1.95, "test_std": 0.1},
                "test_error": {"mean": None},
                "trials": [],
            },
        ],
        "others": [],
        "by_angle": [
            {"row": "C-VF-1h", "angle": 0.0, "trials": [trial(0, [3.0]), trial(1, [4.0])]},
            {"row": "C-VF-1h", "angle": 90.0, "trials": [trial(0, [9.0], whole=False)]},
        ],
        "angle_before": {"EP-1h": 14.0},
        "along": {
            "C-EP-1h/seed0": [
                {"epoch": 0, "moving": 0.0, "cycling": 0.0, "positive": signed, "negative": signed},
                {
                    "epoch": 5,
                    "moving": 0.02,
                    "cycling": 0.01,
                    "positive": unknown,
                    "negative": signed,
                },
            ]
        },
    }


def test_every_number_of_the_curves_is_in_the_frame(found):
    frame = draw("curves", found).frame
    assert frame["test error %"].tolist() == [6.0, 2.1, 7.0]
    assert frame["training error %"].tolist() == [3.0, 1.05, 3.5]
    assert frame["seed"].tolist() == [0, 0, 1]


def test_only_whole_trials_have_an_angle_and_the_missing_are_counted(found):
    drawn = draw("fig-04-right", found)
    assert drawn.frame["test error %"].tolist() == [3.0, 4.0]
    assert "2 trainings" in drawn.caption
    assert "1 of 2 rows and angles have not been trained" in drawn.caption


def test_a_row_without_a_whole_trial_has_no_point(found):
    assert draw("fig-05a", found).frame["training"].tolist() == ["EP-1h"]


def test_a_margin_that_is_not_known_is_a_gap(found):
    frame = draw("margin", found).frame
    assert frame["margin, β > 0"].isna().tolist() == [False, True]
    assert frame["margin, β < 0"].tolist() == [1.1, 1.1]
    assert frame["cycling %"].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_drawn_where_nothing_has_run(name, found, tmp_path):
    nothing = found | {"along": {}, "others": [], "by_angle": found["by_angle"][1:]}
    nothing["rows"] = found["rows"][1:]
    assert write(name, nothing, tmp_path)["title"] == FIGURES[name]
    assert {path.suffix for path in tmp_path.iterdir()} == {".png", ".svg", ".pdf", ".csv"}


def test_a_figure_that_does_not_exist_is_named(found):
    with pytest.raises(ValueError, match=r"figure 'fig-6' is not known; expected one of: curves"):
        draw("fig-6", found)
