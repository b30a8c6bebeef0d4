"""What is made of an answer: a data frame, JSON, a plot."""

import json
import math

import matplotlib.pyplot as plt
import pytest

from cep_core import EP, PrimitiveNetwork, VectorFieldNetwork, Verdict, gducheck
from tests.cases import models
from tests.cases.models import hopfield, task, two_way

NETWORK = PrimitiveNetwork(hopfield)


@pytest.fixture(scope="module")
def result():
    return gducheck(NETWORK, **task(), steps=4)


def test_a_data_frame_has_a_row_per_tensor_and_strength(result):
    frame = result.to_frame()
    assert set(frame["tensor"]) == {"W", "V", "s_0", "s_1"}
    assert set(frame["part"]) == {"parameters", "neurons"}
    assert set(frame["verdict"]) == {"pass"}
    sizes = frame.groupby(["tensor", "swept"]).size()
    assert set(sizes.xs("beta", level="swept")) == {len(result.betas)}
    assert set(sizes.xs("kappa", level="swept")) == {3}
    limits = limits_of(result)
    for limit in limits:
        rows = frame[(frame["tensor"] == limit.name) & (frame["swept"] == "beta")]
        assert tuple(rows["value"]) == result.betas
        assert tuple(rows["error"]) == limit.errors
        falling = frame[(frame["tensor"] == limit.name) & (frame["swept"] == "kappa")]["error"]
        assert falling.is_monotonic_decreasing
        assert float(falling.iloc[-1]) < 1e-3


def test_json_is_plain_and_says_what_the_text_says(result):
    told = json.loads(json.dumps(result.as_json(), allow_nan=False))
    assert told["verdict"] == "pass"
    assert [t["name"] for t in told["parameters"]["tensors"]] == ["W", "V"]
    assert told["betas"] == list(result.betas)
    assert told["relmse"] == result.relmse
    assert [e["error"] for e in told["errors_in_kappa"]["W"]] == list(
        result.errors_in_kappa["W"].values()
    )


def limits_of(result):
    return (*result.parameters.tensors, *result.neurons.tensors)


def lines_of(axes):
    """The curves of a plot by the name of their tensor, and the floors."""
    curves = [line for line in axes.lines if len(line.get_xdata()) > 2]
    floors = [line for line in axes.lines if line not in curves]
    return curves, floors


def test_a_plot_has_a_curve_and_a_floor_per_tensor(result):
    figure = result.plot()
    left, right = figure.axes
    curves, floors = lines_of(left)
    assert [c.get_label() for c in curves] == ["W", "V", "s_0", "s_1"]
    assert [t.get_text() for t in left.get_legend().get_texts()] == ["W", "V", "s_0", "s_1"]
    limits = limits_of(result)
    for curve, floor, limit in zip(curves, floors, limits, strict=True):
        assert tuple(curve.get_ydata()) == limit.errors
        assert floor.get_ydata()[0] == limit.noise
        assert floor.get_color() == curve.get_color()
    curves, floors = lines_of(right)
    assert len(curves) == len(floors) == 4
    assert [tuple(c.get_ydata()) for c in curves] == [
        tuple(result.errors_in_kappa[limit.name].values()) for limit in limits
    ]
    assert {axes.get_xscale() for axes in (left, right)} == {"log"}
    plt.close(figure)


def answers():
    yield gducheck(NETWORK, **task(), rule=EP, steps=2)  # kappa is not swept
    yield gducheck(NETWORK, **task(), free_steps=3)  # nothing is compared
    untied = models.two_way_task(tied=False)
    yield gducheck(VectorFieldNetwork(two_way), **untied, rule="C-VF", steps=3)
    given = task()
    given["parameters"]["unused"] = given["parameters"]["W"].clone()
    yield gducheck(NETWORK, **given, steps=2, betas=(-1e-2, -1e-3), estimator="centred")


def test_every_kind_of_answer_can_be_told_in_every_form():
    for result in answers():
        frame, figure = result.to_frame(), result.plot()
        told = json.dumps(result.as_json(), allow_nan=False)
        assert f'"verdict": "{result.verdict}"' in told
        assert set(frame.columns) >= {"part", "tensor", "swept", "value", "error", "noise"}
        assert len(frame) >= len(result.betas) * len(result.parameters.tensors)
        figure.canvas.draw()
        plt.close(figure)


def test_a_plot_on_axes_of_ones_own(result):
    figure, axes = plt.subplots(1, 2)
    assert result.plot(axes) is figure
    assert axes[0].lines
    plt.close(figure)


def test_without_pandas_the_message_says_what_to_install(result, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(ImportError, match=r"a data frame needs pandas.*pip install pandas"):
        result.to_frame()


def test_the_text_has_a_table_per_tensor_and_per_step(result):
    text = str(result)
    assert result.verdict is Verdict.PASS
    for limit in result.parameters.tensors:
        row = next(line for line in text.splitlines() if line.split()[:1] == [limit.name])
        assert f"{limit.gap:.1e}" in row
        assert f"{limit.relmse:.1e} ± " in row
    lines = text.splitlines()
    (start,) = (n for n, line in enumerate(lines) if "off by, at step" in line)
    for limit, line in zip(limits_of(result), lines[start + 1 :], strict=False):
        assert line.split() == [
            limit.name,
            *("-" if math.isnan(g) else f"{g:.0e}" for g in limit.steps),
        ]
    assert not math.isnan(result.angle)
