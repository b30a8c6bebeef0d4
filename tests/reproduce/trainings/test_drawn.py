"""The trainings' figures hold the numbers that they are drawn from, and say what is missing."""

import pytest

from cep_core.runs.row import row_named
from reproduce.figures.seen import seen
from reproduce.trainings.corrected import ROWS, angles_before
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
        "corrected": [
            {"row": row, "angle": angle, "trials": []} for row in ROWS for angle in (0.0, 90.0)
        ],
        "corrected_angles": [
            {"row": row, "angle": angle, "used": 60.0 + place, "limit": 10.0 * place}
            for angle in (0.0, 90.0)
            for place, row in enumerate(ROWS)
        ],
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


def test_without_symmetry_what_has_not_run_is_named_and_what_has_begun_is_no_mean(found):
    published, _, corrected = ROWS
    points = {(p["row"], p["angle"]): p for p in found["corrected"]}
    points[published, 90.0]["trials"] = [trial(0, [9.0]), trial(1, [8.0], whole=False)]
    points[corrected, 90.0]["trials"] = [trial(0, [4.0], whole=False)]
    drawn = draw("corrected", found)
    absent = f"Not run: {published} at 0°; slope-{published} at 0, 90°; {corrected} at 0°. "
    assert absent in drawn.caption
    errors, _ = drawn.canvas.axes
    means = [list(line.get_ydata()) for line in errors.lines if line.get_linestyle() == "-"]
    assert [9.0] in means
    assert [8.5] not in means
    frame = drawn.frame.set_index(["row", "angle"])
    assert frame.loc[(published, 90.0), "test error %"].tolist() == [9.0, 8.0]
    assert frame.loc[(corrected, 0.0), "degrees to BPTT"] == 62.0


def test_in_the_limit_the_corrected_update_is_bptts_at_every_angle(monkeypatch):
    small = {
        name: row_named(name).changed(sizes=(784, 12, 10), batch=4, free_steps=30) for name in ROWS
    }
    monkeypatch.setattr("reproduce.trainings.corrected.row_named", small.get)
    monkeypatch.setattr("reproduce.trainings.corrected.ANGLES", (0.0, 180.0))
    found = {(a["row"], a["angle"]): a for a in angles_before()}
    for angle in (0.0, 180.0):
        assert found["corrected-C-VF-1h", angle]["limit"] < 0.01
        assert found["C-VF-1h", angle]["limit"] > 5
    assert found["C-VF-1h", 180.0]["limit"] > 2 * found["C-VF-1h", 0.0]["limit"]


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


def test_what_is_seen_is_told_curve_by_curve(found):
    told = {name: seen(d.frame, d.by, d.over) for name in FIGURES if (d := draw(name, found))}
    assert "EP-1h, 0, test error %: 6 to 2.1" in told["curves"]
    assert "C-VF-1h, 0.0, test error %: 3 to 4" in told["fig-04-right"]
    assert "EP-1h, angle before training: 14" in told["fig-05a"]
    assert "moving %: 0 to 2" in told["margin"]
    assert seen(draw("margin", found | {"along": {}}).frame) == "Nothing has been measured yet."
