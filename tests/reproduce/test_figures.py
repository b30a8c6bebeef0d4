"""The figures: specifications, the numbers, the notebooks and what they leave."""

import functools
import json
from dataclasses import replace
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import torch

from cep_core.check.verdicts import Verdict
from cep_core.networks import Prototypical
from cep_core.rules import C_EP, C_VF
from reproduce.figures import command, kinds, notebooks, specs
from reproduce.figures.kinds import compute, describe, plot
from reproduce.figures.processes.computed import chosen_elements
from reproduce.figures.sample import sample_of
from reproduce.figures.wording import between

SMALL = (784, 128, 10)
LAYERS = (4, 3, 2)
PAPER = specs.FIGURES / "figures.toml"
NAMES = list(kinds.read_figures(PAPER))


@functools.cache
def small(name):
    return compute(name, sample_of(15, SMALL), layers=SMALL)


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_figures_have_the_settings_of_the_paper():
    figures = kinds.read_figures(PAPER)
    energy, prototypical = figures["fig-10-11"].setting, figures["fig-08-09"].setting
    assert (energy.dt, energy.beta, energy.free_steps, energy.nudged_steps) == (0.08, 5e-3, 800, 80)
    assert (prototypical.beta, prototypical.free_steps, prototypical.nudged_steps) == (
        1e-2,
        150,
        10,
    )
    assert [(c.rule, c.eta, c.angle) for c in figures["fig-05b"].columns] == [
        ("EP", 0.0, None),
        ("C-EP", 2e-5, None),
        ("C-VF", 2e-5, 45.0),
    ]
    for name in ("fig-08-09", "fig-10-11", "fig-12-13", "fig-14-15"):
        assert [c.eta for c in figures[name].columns] == [0.0, 2e-5]
        assert figures[name].rows[0] == "published"
    assert all(figure.shared.layers == (784, 512, 10) for figure in figures.values())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("digit = 15", "digit = -1", ": digit: expected a whole number from 0 to 3999, found -1"),
        (
            'rule = "EP"',
            'rule = "PE"',
            ": processes.fig-05b.columns[0].rule: expected one of EP, C-EP, C-VF",
        ),
        (
            'setting = "prototypical"',
            'setting = "toy"',
            "processes.fig-08-09.setting: expected one of energy-based, prototypical, found 'toy'",
        ),
        (
            "free_steps = 800",
            "free_steps = 0",
            "settings.energy-based.free_steps: expected a whole number from 1 to 1000000, found 0",
        ),
        (
            "dt = 0.08\n",
            "",
            "settings.energy-based.dt: expected a positive number from 1e-30 to 1,",
        ),
        ('"EP", eta = 0.0', '"EP", eta = 0.0, speed = 1', "speed: expected one of the fields eta"),
        ('"EP", eta = 0.0', '"EP", eta = 0.0, angle = 1', "angle: expected one of the fields eta"),
        ("seed = 0", "seed 0", "figures.toml: expected TOML, found"),
        ("beta = 0.005", "beta = 1e308", "settings.energy-based.beta: expected a positive number"),
        ("[784, 512, 10]", "[784, 1_000_000_000, 10]", "layers: expected a list of 2 or more"),
        ("[784, 512, 10]", "[784, 99_999, 10]", "expected at most 268435456 weights times nudged"),
        ("seed = 0", f"seed = {'9' * 400}", "seed: expected a whole number from 0 to 1000000000"),
        ('layers = ["s_0"]', 'layers = ["s_7"]', "layers: expected a list of 1 or more values, ea"),
        ("[processes.fig-05b]", '[processes."../x"]', "figures: expected a name of letters, digi"),
        ("[processes.fig-05b]", "[orders.error-beta]", "expected"),
        ('name = "fig-09"', 'name = "fig-08"', "expected different names, found 'fig-08' twice"),
        ("[settings.prototypical]", "[settings.toy]", "settings.toy: expected one of the fields"),
    ],
)
def test_a_wrong_specification_is_named(tmp_path, old, new, message):
    text = PAPER.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "figures.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=r"figures\.toml") as caught:
        kinds.read_figures(path)
    assert message in str(caught.value)


def test_published_dynamics_depend_on_the_rule():
    setting = kinds.read_figures()["fig-10-11"].setting
    slopes = [
        specs.network_of(setting, "published", rule, "tanh", LAYERS).drift_slope
        for rule in (C_EP, C_VF)
    ]
    assert slopes == ["hidden", "none"]
    prototypical = kinds.read_figures()["fig-08-09"].setting
    assert specs.network_of(prototypical, "exact", C_EP, "tanh", LAYERS).nudge == "inside"
    with pytest.raises(ValueError, match="dynamics 'exact-identity' of setting 'prototypical'"):
        specs.network_of(prototypical, "exact-identity", C_EP, "tanh", LAYERS)


def test_elements_are_drawn_from_those_that_are_alive_however_small():
    process = torch.zeros(4, 5)
    process[:, 3], process[2, 1] = 1.0, -2e-30
    assert chosen_elements(process, 0) == [(1,), (3,)]


def test_elements_are_drawn_at_random_by_the_seed_and_not_by_their_size():
    process = torch.arange(1.0, 101.0).repeat(2, 1)
    first, again, other = (chosen_elements(process, seed) for seed in (0, 0, 1))
    assert first == again != other
    drawn = [index for seed in range(200) for (index,) in chosen_elements(process, seed)]
    assert 40 < sum(drawn) / len(drawn) < 60


def test_a_caption_is_made_from_the_numbers_of_the_run():
    (neurons, _) = describe(small("fig-05b"))["figures"]
    panels = describe(small("fig-05b"))["panels"]
    untied = [p["limit"]["s_0"] for p in panels if p["backward_angle"]]
    assert f"untied backward weights: RelMSE {between(untied)}" in neurons["caption"]
    assert "exact dynamics, tied weights: RelMSE" in neurons["caption"]
    assert "they lie apart" in neurons["alternative"]


def test_untied_panels_are_judged_and_named():
    plotted = describe(small("fig-05b"))
    check = kinds.check_figure(plotted, 0.0)
    assert "untied backward weights" in check.statement
    for panel in plotted["panels"]:
        if panel["backward_angle"]:
            panel["limit"] = dict.fromkeys(panel["limit"], 1e-9)
    assert kinds.check_figure(plotted, 0.0).verdict is Verdict.FAIL


def test_a_published_curve_that_falls_on_is_no_plateau():
    result = small("error-beta")
    first, *others = result.curves
    wrong = replace(result, curves=(replace(first, order=0.0), *others))
    for words in ("caption", "alternative"):
        assert "EP falls with order 1.00" in describe(result)["figures"][0][words]
        assert "EP has order 0.00, expected 1" in describe(wrong)["figures"][0][words]
    plotted = describe(result)
    assert "stays at" in plotted["figures"][0]["caption"]
    assert "dt = 0.08" in plotted["figures"][0]["caption"]
    plotted["curves"][-1]["last_order"] = 0.9
    assert kinds.check_figure(plotted, 0.0).verdict is Verdict.FAIL


def test_dark_pixels_are_never_drawn():
    result = small("fig-08-09")
    trace = result.panels[0][0].traces["W_1_x"]
    assert float(trace.minus_nabla.abs().sum(0).min()) > 0


def test_same_elements_and_weights_in_every_panel():
    result = small("fig-05b")
    panels = [panel for row in result.panels for panel in row]
    assert len({panel.traces["W_0_1"].elements for panel in panels}) == 1
    ep, cep = result.panels[1][:2]
    same = ep.traces["W_0_1"].minus_nabla - cep.traces["W_0_1"].minus_nabla
    assert float(same.abs().max()) == 0


@pytest.mark.parametrize("name", NAMES)
def test_small_version_passes_its_check(name):
    plotted = describe(small(name))
    check = kinds.check_figure(json.loads(json.dumps(plotted)), 0.0)
    assert check.verdict is Verdict.PASS, (check.reason, check.numbers)


@pytest.mark.parametrize("name", ["fig-12-13", "error-kappa"])
def test_every_figure_is_drawn_in_every_format(name, tmp_path):
    plotted = plot(small(name), tmp_path)
    for shown in plotted["figures"]:
        for kind in command.FORMATS:
            assert (tmp_path / f"{shown['name']}.{kind}").stat().st_size > 0
        assert "<text" in (tmp_path / f"{shown['name']}.svg").read_text(encoding="utf-8")
        assert pd.read_csv(tmp_path / f"{shown['name']}.csv").notna().all(axis=None)


def test_check_sees_an_exact_dynamics_that_is_not(monkeypatch):
    def published(setting, dynamics, rule, activation, layers):
        made = specs.network_of(setting, dynamics, rule, activation, layers)
        return Prototypical(made.activations, "outside")

    monkeypatch.setattr("reproduce.figures.settled.network_of", published)
    plotted = describe(compute("fig-08-09", sample_of(15, SMALL), layers=SMALL))
    assert kinds.check_figure(plotted, 0.0).verdict is Verdict.FAIL


def test_check_is_inconclusive_about_an_unsettled_free_phase():
    plotted = describe(small("fig-08-09"))
    plotted["panels"][0]["residual"] = 1e-3
    assert kinds.check_figure(plotted, 0.0).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("digit", [-1, 4000])
def test_a_digit_that_is_not_there_is_named(digit):
    with pytest.raises(
        ValueError, match=f"digit: expected a position from 0 to 3999, found {digit}"
    ):
        sample_of(digit, SMALL)


def test_layers_that_do_not_fit_the_digits_are_named():
    with pytest.raises(ValueError, match="layers: expected 784 first and 10 last"):
        sample_of(0, (28, 10))


def test_unknown_figure_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"figure 'fig-99' is not known; expected .*, fig-05b, "):
        command.make_figures(tmp_path, ["fig-99"])
    assert not list(tmp_path.iterdir())


SOURCES = [notebooks.NOTEBOOKS / f"{name}.ipynb" for name in ("orders", "processes")]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_source_notebooks_carry_no_outputs_and_no_mathematics(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert sum("compute(" in cell.source for cell in code) == 1
    assert sum("plot(" in cell.source for cell in code) == 1
    assert not any("numpy" in cell.source or "torch" in cell.source for cell in code)
    assert notebooks.declared_parameters(path) == {"name", "seed", "digit", "layers", "experiments"}


@pytest.mark.parametrize(
    "path", sorted(notebooks.NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem
)
def test_a_notebook_finds_the_checkout_that_it_lies_in(path):
    code = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    first = next(source for source in code if "import" in source)
    before, _, after = first.partition("sys.path[:0] = map(str, above[:1])")
    assert '(folder / "tox.ini").exists()' in before
    assert "cep_core" not in before
    assert "cep_core" in after or "reproduce" in after


def test_a_parameter_that_the_notebook_lacks_is_refused(tmp_path):
    message = "processes.ipynb: no parameter 'sed'; expected some of: digit, experiments, layers"
    with pytest.raises(ValueError, match=message):
        notebooks.run_notebook(SOURCES[-1], tmp_path / "result", {"sed": 1})
    assert not list(tmp_path.iterdir())


@pytest.fixture
def kernel():
    with notebooks.kernel_of_this_interpreter():
        yield


@pytest.mark.usefixtures("kernel")
def test_notebook_leaves_a_whole_folder_and_no_path_of_this_machine(tmp_path):
    folder = tmp_path / "fig-08-09"
    folder.mkdir()
    (folder / "old").touch()
    parameters = {"name": "fig-08-09", "seed": 1, "digit": 7, "layers": list(SMALL)}
    notebooks.run_notebook(notebooks.NOTEBOOKS / "processes.ipynb", folder, parameters)
    expected = {f"fig-0{n}.{kind}" for n in (8, 9) for kind in command.FORMATS}
    expected |= {"plotted.json", "relmse.csv", "processes.ipynb"}
    assert {path.name for path in folder.iterdir()} == expected
    assert [path.name for path in tmp_path.iterdir()] == ["fig-08-09"]
    plotted = json.loads((folder / "plotted.json").read_text(encoding="utf-8"))
    assert (plotted["seed"], plotted["digit"], plotted["layers"]) == (1, 7, list(SMALL))
    executed = (folder / "processes.ipynb").read_text(encoding="utf-8")
    assert str(notebooks.CHECKOUT) not in executed
    assert str(tmp_path) not in executed


@pytest.mark.usefixtures("kernel")
def test_a_failing_notebook_leaves_the_old_folder_as_it_was(tmp_path):
    folder = tmp_path / "figure"
    folder.mkdir()
    (folder / "old").touch()
    with pytest.raises(notebooks.NotebookError, match="figure 'none' is not known"):
        notebooks.run_notebook(notebooks.NOTEBOOKS / "orders.ipynb", folder, {"name": "none"})
    assert [path.name for path in folder.iterdir()] == ["old"]
    assert [path.name for path in tmp_path.iterdir()] == ["figure"]


def test_the_checkout_holds_the_notebooks():
    assert Path(notebooks.CHECKOUT / "reproduce" / "notebooks").samefile(notebooks.NOTEBOOKS)
