"""What the theorem figures show: frozen specifications, read from ``experiments/figures.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from cep_core.activations import ACTIVATIONS, activation_named
from cep_core.fields import (
    Fields,
    Kind,
    choice,
    number,
    one_of,
    plain_name,
    positive,
    rate,
    sequence,
    shown,
    text,
    whole,
)
from cep_core.networks import DriftSlope, EnergyBased, Nudge, Prototypical
from cep_core.rules import RULES, Rule
from reproduce.fields import read_toml

FIGURES = Path(__file__).parent.parent / "experiments" / "figures.toml"

DIGITS = 4000
"""Embedded training digits."""

MOST_STEPS = 10**6
MOST_UNITS = 10**6
MOST_VALUES = 2**28
"""Numbers in the processes of one side: two gigabytes."""

DYNAMICS: dict[tuple[str, str], str] = {
    ("energy-based", "published"): "as published (no ρ′ in the output drift)",
    ("energy-based", "published C-VF"): "as published (no ρ′ anywhere)",
    ("energy-based", "exact"): "exact (ρ′ on every layer)",
    ("energy-based", "exact-identity"): "exact (identity at the output)",
    ("prototypical", "published"): "as published (nudge outside)",
    ("prototypical", "exact"): "exact (nudge inside)",
}
"""The dynamics that a row can have, and what a reader is told of them."""


SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def scientific(value: float, digits: int) -> str:
    """``2·10⁻⁵`` for 2e-5 and no digits after the point."""
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    return f"{mantissa}·10{str(int(exponent)).translate(SUPERSCRIPTS)}"


@dataclass(frozen=True)
class Setting:
    """Dynamics and counts shared by the panels of a figure; ``dt`` is None when prototypical."""

    name: str
    beta: float
    free_steps: int
    nudged_steps: int
    dt: float | None = None


@dataclass(frozen=True)
class Column:
    """A rule, its learning rate and, for C-VF, the angle in degrees of its backward weights."""

    rule: str
    eta: float
    angle: float | None = None

    @property
    def title(self) -> str:
        """As printed above the column."""
        rate = "η = 0" if self.eta == 0 else f"η = {scientific(self.eta, 0)}"
        angle = "" if self.angle is None else f", Ψ = {self.angle:g}°"
        return f"{self.rule}{angle}" if self.rule == "EP" else f"{self.rule}{angle}, {rate}"


@dataclass(frozen=True)
class Part:
    """One figure file, the paper's ``label``: the layers it shows, e.g. ``s_0`` or ``W_0_1``."""

    name: str
    label: str
    what: str
    layers: tuple[str, ...]


@dataclass(frozen=True)
class Shared:
    """What every panel shares: seed, digit (position in the embedded set), sizes, activation."""

    seed: int
    digit: int
    layers: tuple[int, ...]
    activation: str


@dataclass(frozen=True)
class ProcessFigure:
    """A grid of panels, rows of dynamics by columns of rules, at one setting."""

    name: str
    title: str
    shared: Shared
    setting: Setting
    rows: tuple[str, ...]
    columns: tuple[Column, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class OrderFigure:
    """Errors against one scale, ``beta`` or ``kappa``, the other held fixed.

    ``fit`` and ``fit_centred`` are the closed ranges over which the orders are fitted.
    """

    name: str
    title: str
    shared: Shared
    settings: tuple[Setting, ...]
    against: Literal["beta", "kappa"]
    scales: tuple[float, ...]
    fixed: float
    fit: tuple[float, float]
    fit_centred: tuple[float, float]


Figure = ProcessFigure | OrderFigure


def network_of(setting: Setting, dynamics: str, rule: Rule, activation: str, layers: int) -> Any:
    """The network of ``setting`` with ``layers`` layers of neurons, in the named dynamics.

    ``"published"`` depends on the rule: the authors' energy-based C-VF has no slope anywhere.

    Raises:
        ValueError: the setting has no such dynamics.

    """
    if (setting.name, dynamics) not in DYNAMICS:
        known = ", ".join(sorted(d for s, d in DYNAMICS if s == setting.name))
        msg = f"dynamics {dynamics!r} of setting {setting.name!r}: expected one of: {known}"
        raise ValueError(msg)
    function = activation_named(activation)
    if setting.name == "prototypical":
        nudge: Nudge = "outside" if dynamics == "published" else "inside"
        return Prototypical((function,) * layers, nudge)
    output = activation_named("identity") if dynamics == "exact-identity" else function
    slope: DriftSlope = "all"
    if dynamics == "published":
        slope = "none" if rule.vector_field else "hidden"
    return EnergyBased((output, *(function,) * (layers - 1)), setting.dt, slope)


def dynamics_title(setting: str, dynamics: str, rule: str) -> str:
    """What a reader is told of the dynamics of a row."""
    published = (setting, f"{dynamics} {rule}")
    return DYNAMICS.get(published, DYNAMICS[setting, dynamics])


def _setting(fields: Fields, name: str) -> Setting:
    steps = whole(1, MOST_STEPS)
    setting = Setting(
        name,
        fields.get("beta", positive()),
        fields.get("free_steps", steps),
        fields.get("nudged_steps", steps),
        fields.get("dt", positive(1)) if name == "energy-based" else None,
    )
    fields.done()
    return setting


def _column(fields: Fields) -> Column:
    rule = RULES[fields.get("rule", choice(*RULES))]
    angle = fields.get("angle", number(0, 180)) if rule.vector_field else None
    column = Column(rule.name, fields.get("eta", rate()), angle)
    fields.done()
    return column


def _part(fields: Fields, processes: list[str]) -> Part:
    part = Part(
        fields.get("name", plain_name()),
        fields.get("label", text()),
        fields.get("what", choice("neurons", "synapses")),
        fields.get("layers", sequence(choice(*processes))),
    )
    fields.done()
    return part


def _processes_of(shared: Shared) -> list[str]:
    """Names of the processes of a layered network: neurons, biases, weights either way."""
    layers = len(shared.layers) - 1
    above = [*range(1, layers), "x"]
    return [
        name
        for n, m in zip(range(layers), above, strict=True)
        for name in (f"s_{n}", f"b_{n}", f"W_{n}_{m}", *([] if m == "x" else [f"W_{m}_{n}"]))
    ]


def _processes(
    fields: Fields, name: str, shared: Shared, settings: dict[str, Setting]
) -> ProcessFigure:
    setting = fields.get("setting", one_of(settings))
    known = [dynamics for of, dynamics in DYNAMICS if of == setting.name]
    figure = ProcessFigure(
        name,
        fields.get("title", text()),
        shared,
        setting,
        fields.get("rows", sequence(choice(*known))),
        tuple(_column(column) for column in fields.tables("columns")),
        tuple(_part(part, _processes_of(shared)) for part in fields.tables("parts")),
    )
    fields.done()
    return figure


def _orders(fields: Fields, name: str, shared: Shared, settings: dict[str, Setting]) -> OrderFigure:
    fit = fields.get("fit", _RANGE)
    figure = OrderFigure(
        name,
        fields.get("title", text()),
        shared,
        tuple(settings.values()),
        fields.get("against", one_of(_AGAINST)),
        fields.get("scales", sequence(positive())),
        fields.get("fixed", positive()),
        fit,
        fields.get("fit_centred", _RANGE, fit),
    )
    fields.done()
    return figure


def _increasing(value: Any) -> tuple[float, float]:
    low, high = sequence(positive(), 2, 2).convert(value)
    if low >= high:
        raise ValueError
    return low, high


_SETTINGS = list(dict.fromkeys(setting for setting, _ in DYNAMICS))
_AGAINST: dict[str, Literal["beta", "kappa"]] = {"beta": "beta", "kappa": "kappa"}
_RANGE = Kind("two increasing positive numbers", _increasing)


def read_figures(path: Path = FIGURES) -> dict[str, Figure]:
    """Every figure by name.

    Raises:
        FieldError: the file is missing or malformed; names file, field, value and expectation.

    """
    fields = read_toml(path)
    shared = Shared(
        fields.get("seed", whole()),
        fields.get("digit", whole(0, DIGITS - 1)),
        fields.get("layers", sequence(whole(1, MOST_UNITS), 2)),
        fields.get("activation", choice(*ACTIVATIONS)),
    )
    tables = fields.table("settings")
    settings = {
        name: _setting(tables.table(name), name) for name in _SETTINGS if name in tables.values
    }
    tables.done(_SETTINGS)
    _bounded(fields, shared, settings)
    figures: dict[str, Figure] = {}
    for name, table in fields.named("processes", {}).items():
        figures[name] = _processes(table, name, shared, settings)
    for name, table in fields.named("orders", {}).items():
        figures[name] = _orders(table, name, shared, settings)
    fields.done()
    _named_apart(fields, figures)
    return figures


def _named_apart(fields: Fields, figures: dict[str, Figure]) -> None:
    """Refuse two figures, or two files of figures, of one name, and names that are none."""
    tables = [*fields.values.get("processes", ()), *fields.values.get("orders", ())]
    files = [
        part.name for f in figures.values() if isinstance(f, ProcessFigure) for part in f.parts
    ]
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
