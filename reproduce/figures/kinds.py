"""The kinds of figure, and what can be done with a figure of any kind.

A kind is a module with the members of :class:`FigureKind`; adding one to :data:`KINDS` adds its
table to the figures' file, its notebook, its verdict and its comparison with the baselines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

from cep_core.activations import ACTIVATIONS
from cep_core.check.verdicts import Check
from cep_core.documents import read_toml
from cep_core.fields import Fields, choice, plain_name, sequence, shown, whole
from reproduce.figures import orders, processes
from reproduce.figures.sample import Sample
from reproduce.figures.specs import (
    DIGITS,
    DYNAMICS,
    FIGURES,
    MOST_UNITS,
    MOST_VALUES,
    Setting,
    Shared,
    setting_of,
)


class FigureKind(Protocol):
    """What a kind of figure knows."""

    def read(self, fields: Fields, name: str, shared: Shared, settings: dict[str, Setting]) -> Any:
        """The figure of a table of the figures' file; raises a FieldError that names the field."""

    def files(self, figure: Any) -> list[str]:
        """Names of the figure's files, without suffix."""

    def rows(self, figure: Any) -> list[float]:
        """Index of every frame of the figure: its steps or scales."""

    def compute(self, figure: Any, sample: Sample) -> Any:
        """The numbers behind the figure; reads and writes nothing."""

    def frames(self, result: Any) -> dict[str, Any]:
        """The plotted numbers as a pandas data frame, by file."""

    def plot(self, result: Any, folder: Path) -> None:
        """Draw every file into ``folder``."""

    def describe(self, result: Any) -> dict[str, Any]:
        """What was plotted and what it is judged by, as JSON values."""

    def check(self, plotted: dict[str, Any], seconds: float) -> Check:
        """Judge the figure from its description."""

    def comparable(self, frame: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The numbers of a plotted frame that are held against a baseline, and their tolerance."""


KINDS: dict[str, FigureKind] = {"processes": processes, "orders": orders}
"""By the name of their table in the figures' file; the notebook has the same name."""

Figure = Any
"""A figure of some kind: ``kind``, ``name``, ``title`` and ``shared``, and what its kind adds."""


_SETTINGS = list(dict.fromkeys(setting for setting, _ in DYNAMICS))


def files_of(experiments: Path = FIGURES) -> list[Path]:
    """The files that describe figures: those in a folder, or the one that is named."""
    return sorted(experiments.glob("*.toml")) if experiments.is_dir() else [experiments]


def read_figures(experiments: Path = FIGURES) -> dict[str, Figure]:
    """Every figure by name.

    Args:
        experiments: a file of figures, or a folder of such files.

    Raises:
        FieldError: a file is missing or malformed; names file, field, value and expectation.

    """
    figures: dict[str, Figure] = {}
    for path in files_of(experiments):
        figures |= _read_file(path, figures)
    return figures


def _read_file(path: Path, known: dict[str, Figure]) -> dict[str, Figure]:
    """The figures of one file, beside those that are known from others."""
    fields = read_toml(path)
    shared = Shared(
        fields.get("seed", whole()),
        fields.get("digit", whole(0, DIGITS - 1)),
        fields.get("layers", sequence(whole(1, MOST_UNITS), 2)),
        fields.get("activation", choice(*ACTIVATIONS)),
    )
    tables = fields.table("settings")
    settings = {
        name: setting_of(tables.table(name), name) for name in _SETTINGS if name in tables.values
    }
    tables.done(_SETTINGS)
    _bounded(fields, shared, settings)
    figures: dict[str, Figure] = {}
    for kind, module in KINDS.items():
        for name, table in fields.named(kind, {}).items():
            figures[name] = module.read(table, name, shared, settings)
    fields.done()
    _named_apart(fields, figures, known)
    return figures


def _named_apart(fields: Fields, figures: dict[str, Figure], known: dict[str, Figure]) -> None:
    """Refuse two figures, or two files of figures, of one name, and names that are none."""
    tables = [*known, *(name for kind in KINDS for name in fields.values.get(kind, ()))]
    every = [*known.values(), *figures.values()]
    several = [f for f in every if KINDS[f.kind].files(f) != [f.name]]
    files = [name for figure in several for name in KINDS[figure.kind].files(figure)]
    for names in (tables, files):
        for i, name in enumerate(names):
            if not plain_name().admits(name):
                raise fields.fault("figures", plain_name().expected, shown(name))
            if name in names[:i]:
                raise fields.fault("figures", "different names", f"{name!r} twice")


def _bounded(fields: Fields, shared: Shared, settings: dict[str, Setting]) -> None:
    """Refuse processes that no memory holds: a value per weight and nudged step."""
    weights = sum(a * b for a, b in pairwise(shared.layers))
    steps = max((setting.nudged_steps for setting in settings.values()), default=1)
    if weights * steps > MOST_VALUES:
        expected = f"at most {MOST_VALUES} weights times nudged steps"
        raise fields.fault("layers", expected, list(shared.layers))


def compute(
    name: str,
    sample: Sample,
    *,
    seed: int | None = None,
    layers: Sequence[int] | None = None,
    experiments: Path = FIGURES,
) -> Any:
    """Compute the figure called ``name``; a seed or layer sizes replace the specified ones.

    Raises:
        ValueError: no figure has this name.

    """
    figures = read_figures(experiments)
    if name not in figures:
        msg = f"figure {name!r} is not known; expected one of: {', '.join(figures)}"
        raise ValueError(msg)
    shared = figures[name].shared
    shared = replace(
        shared,
        digit=sample.digit,
        seed=shared.seed if seed is None else seed,
        layers=shared.layers if layers is None else tuple(layers),
    )
    figure = replace(figures[name], shared=shared)
    return KINDS[figure.kind].compute(figure, sample)


def plot(result: Any, folder: Path) -> dict[str, Any]:
    """Draw every file of ``result`` into ``folder``; return its description."""
    folder.mkdir(parents=True, exist_ok=True)
    KINDS[result.figure.kind].plot(result, folder)
    return describe(result)


def describe(result: Any) -> dict[str, Any]:
    """What is plotted of ``result``, for JSON: settings, captions, and what it is judged by."""
    figure = result.figure
    return {
        "kind": figure.kind,
        "name": figure.name,
        "title": figure.title,
        "seed": figure.shared.seed,
        "digit": figure.shared.digit,
        "layers": list(figure.shared.layers),
        "activation": figure.shared.activation,
        "seconds": round(result.seconds, 3),
    } | KINDS[figure.kind].describe(result)


def check_figure(plotted: dict[str, Any], seconds: float) -> Check:
    """Judge one figure from the JSON of what was plotted."""
    return KINDS[plotted["kind"]].check(plotted, seconds)


def comparable(figure: Figure, frame: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The numbers of a plotted frame that are compared, and their tolerance."""
    return KINDS[figure.kind].comparable(frame)
