"""Figures of convolutional networks, from files of their own."""

import pytest

from cep_core.check.verdicts import Verdict
from cep_core.fields import FieldError
from reproduce.figures import kinds, specs
from reproduce.figures.processes.drawn import bars_frame, draw_relmse
from reproduce.figures.sample import sample_of

FOLDER = specs.FIGURES
LAYERS = (784, 10)


def small(name, tmp_path):
    """The file with fewer channels and steps."""
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    for old, new in (
        ("channels = [32, 64]", "channels = [2, 3]"),
        ("channels = [4, 6]", "channels = [2, 3]"),
        (
            "scales = [1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7]",
            "scales = [1e-2, 1e-3, 1e-4, 1e-5]",
        ),
        (
            "scales = [1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 1e-5, 1e-6, 1e-7]",
            "scales = [1e-3, 1e-4, 1e-5, 1e-6]",
        ),
    ):
        text = text.replace(old, new)
    path = tmp_path / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_published_network_and_settings():
    figure = kinds.read_figures(FOLDER / "conv-processes.toml")["fig-conv-04"]
    setting = figure.setting
    assert (setting.channels, setting.pooling, setting.beta) == ((32, 64), "max", 0.02)
    assert setting.maps(figure.shared.layers).states == ((10,), (64, 4, 4), (32, 12, 12))
    assert figure.shared.activation == "hard-sigmoid"
    assert {layer for part in figure.curves for layer in part.layers} == {
        "s_0", "s_1", "s_2", "W_0_1", "W_1_2", "W_2_x",
    }  # fmt: skip
    (bars,) = set(figure.parts) - set(figure.curves)
    assert {"b_0", "b_1", "b_2"} < set(bars.layers)


def test_files_of_figures_are_read_together_and_their_names_are_apart(tmp_path):
    assert {"fig-08-09", "fig-conv-04", "conv-error-beta"} <= set(kinds.read_figures())
    for name in ("one", "other"):
        small("conv-orders", tmp_path).rename(tmp_path / f"{name}.toml")
    with pytest.raises(FieldError, match=r"other\.toml: figures: expected different names"):
        kinds.read_figures(tmp_path)


def test_updates_over_gradients_by_layer(tmp_path):
    path = small("conv-processes", tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("hard-sigmoid", "sigmoid"))
    result = kinds.compute("fig-conv-04", sample_of(15, LAYERS), experiments=path)
    described = kinds.describe(result)
    check = kinds.check_figure(described, 0.0)
    assert check.verdict is Verdict.PASS, check.reason
    assert "channels 2-3, max pooling" in described["setting"]
    frames = kinds.KINDS["processes"].frames(result)
    assert set(frames) == {"fig-conv-04-neurons", "fig-conv-04-synapses"}
    drawn = " ".join(frames["fig-conv-04-synapses"].columns)
    assert "W_1_2[" in drawn
    assert {"s_0", "s_1", "s_2"} <= described["panels"][0]["relmse"].keys()
    (bars,) = set(result.figure.parts) - set(result.figure.curves)
    frame = bars_frame(result, bars)
    assert list(frame.index) == list(bars.layers)
    (exact,) = (name for name in frame if "exact" in name and "at β/1000" in name)
    assert frame[exact].max() < 1e-3
    (axes,) = draw_relmse(result, bars).axes
    assert len(axes.patches) == frame.size
    assert "hatched" in described["figures"][-1]["caption"]
    assert "a group for each of 9 layers" in described["figures"][-1]["alternative"]


@pytest.mark.parametrize("name", ["conv-error-beta", "conv-error-kappa"])
def test_errors_fall_in_proportion(name, tmp_path):
    path = small("conv-orders", tmp_path)
    result = kinds.compute(name, sample_of(15, LAYERS), experiments=path)
    check = kinds.check_figure(kinds.describe(result), 0.0)
    assert check.verdict is Verdict.PASS, check.reason
    if name == "conv-error-kappa":
        assert 1e-3 < result.stable["convolutional"] < 1e-1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "channels = [32, 64]",
            "channels = []",
            "settings.convolutional.channels: expected a list",
        ),
        (
            "channels = [32, 64]",
            "",
            "settings.convolutional.channels: expected a list .*found none",
        ),
        ("beta = 0.02", 'beta = 0.02\npooling = "median"', "pooling: expected one of max, average"),
        ('"W_2_x"', '"W_3_x"', "each one of .*W_2_x, found .*W_3_x"),
    ],
)
def test_a_malformed_file_names_its_field(old, new, message, tmp_path):
    text = (FOLDER / "conv-processes.toml").read_text(encoding="utf-8")
    path = tmp_path / "bad.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(FieldError, match=message):
        kinds.read_figures(path)
