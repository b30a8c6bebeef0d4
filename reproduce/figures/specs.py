"""What the theorem figures show: frozen specifications, read from ``experiments/figures.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from cep_core.activations import activation_named
from cep_core.networks import DriftSlope, EnergyBased, Nudge, Prototypical
from cep_core.rules import Rule, rule_named

FIGURES = Path(__file__).parent.parent / "experiments" / "figures.toml"

Kind = Literal["processes", "orders"]
T = TypeVar("T")

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


class _Fields:
    """A TOML table that names itself, the field and the value when something is wrong."""

    def __init__(self, where: str, table: Any) -> None:
        if not isinstance(table, dict):
            msg = f"{where}: expected a table, found {table!r}"
            raise ValueError(msg)  # noqa: TRY004 - a mistake in a file, not in a program
        self.where, self.table, self.read = where, table, set[str]()

    def get(self, field: str, expected: str, convert: Callable[[Any], T], *default: T) -> T:
        self.read.add(field)
        if field not in self.table:
            if default:
                return default[0]
            msg = f"{self.where}: field {field!r} is missing; expected {expected}"
            raise ValueError(msg)
        value = self.table[field]
        try:
            return convert(value)
        except (TypeError, ValueError, KeyError) as error:
            msg = f"{self.where}: field {field!r}: expected {expected}, found {value!r}"
            raise ValueError(msg) from error

    def done(self) -> None:
        unknown = sorted(set(self.table) - self.read)
        if unknown:
            msg = f"{self.where}: unknown field {unknown[0]!r}"
            raise ValueError(msg)


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError
    return value


def _index(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError
    return value


def _positive(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise ValueError
    return float(value)


def _rate(value: Any) -> float:
    return 0.0 if value == 0 and not isinstance(value, bool) else _positive(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def _rule(value: Any) -> str:
    return rule_named(_text(value)).name


def _list(convert: Callable[[Any], T]) -> Callable[[Any], tuple[T, ...]]:
    def convert_all(values: Any) -> tuple[T, ...]:
        if not isinstance(values, list) or not values:
            raise TypeError
        return tuple(convert(value) for value in values)

    return convert_all


def _range(value: Any) -> tuple[float, float]:
    low, high = _list(_positive)(value)
    if low >= high:
        raise ValueError
    return low, high


def _setting(where: str, name: str, table: Any) -> Setting:
    fields = _Fields(f"{where}: settings.{name}", table)
    setting = Setting(
        name,
        fields.get("beta", "a positive number", _positive),
        fields.get("free_steps", "a positive count", _count),
        fields.get("nudged_steps", "a positive count", _count),
        fields.get("dt", "a positive number", _positive) if name == "energy-based" else None,
    )
    fields.done()
    return setting


def _column(where: str, table: Any) -> Column:
    fields = _Fields(where, table)
    column = Column(
        fields.get("rule", "EP, C-EP or C-VF", _rule),
        fields.get("eta", "a rate of 0 or more", _rate),
        fields.get("angle", "degrees", lambda v: float(_rate(v)), None),
    )
    fields.done()
    return column


def _part(where: str, table: Any) -> Part:
    fields = _Fields(where, table)
    part = Part(
        fields.get("name", "a name", _text),
        fields.get("label", "the paper's name of the figure", _text),
        fields.get("what", "neurons or synapses", _text),
        fields.get("layers", "a list such as ['s_0', 's_1']", _list(_text)),
    )
    fields.done()
    return part


def _processes(
    where: str, name: str, table: Any, shared: Shared, settings: dict[str, Setting]
) -> ProcessFigure:
    fields = _Fields(where, table)
    setting = fields.get("setting", f"one of {sorted(settings)}", lambda v: settings[v])
    known = [d for s, d in DYNAMICS if s == setting.name]
    rows = fields.get("rows", f"some of {known}", _list(lambda v: known[known.index(v)]))
    tables = fields.get("columns", "a list of tables", _list(lambda v: v))
    parts = fields.get("parts", "a list of tables", _list(lambda v: v))
    title = fields.get("title", "a title", _text)
    fields.done()
    return ProcessFigure(
        name,
        title,
        shared,
        setting,
        rows,
        tuple(_column(f"{where}: columns", t) for t in tables),
        tuple(_part(f"{where}: parts", t) for t in parts),
    )


def _orders(
    where: str, name: str, table: Any, shared: Shared, settings: dict[str, Setting]
) -> OrderFigure:
    fields = _Fields(where, table)
    allowed = ("beta", "kappa")
    against = fields.get("against", "beta or kappa", lambda v: allowed[allowed.index(v)])
    fit = fields.get("fit", "two increasing positive numbers", _range)
    figure = OrderFigure(
        name,
        fields.get("title", "a title", _text),
        shared,
        tuple(settings.values()),
        cast("Literal['beta', 'kappa']", against),
        fields.get("scales", "positive numbers", _list(_positive)),
        fields.get("fixed", "a positive number", _positive),
        fit,
        fields.get("fit_centred", "two increasing positive numbers", _range, fit),
    )
    fields.done()
    return figure


def read_figures(path: Path = FIGURES) -> dict[str, Figure]:
    """Every figure by name.

    Raises:
        ValueError: the file is missing or malformed; names file, field, value and expectation.

    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        msg = f"{path}: no such file; expected the specification of the figures"
        raise ValueError(msg) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path}: not valid TOML: {error}"
        raise ValueError(msg) from error
    fields = _Fields(str(path), table)
    shared = Shared(
        fields.get("seed", "a seed of 0 or more", _index),
        fields.get("digit", "a position of 0 or more", _index),
        fields.get("layers", "layer sizes, input first", _list(_count)),
        fields.get("activation", "the name of an activation", lambda v: activation_named(v).name),
    )
    tables = fields.get("settings", "a table of settings", lambda v: _Fields("settings", v).table)
    settings = {name: _setting(str(path), name, value) for name, value in tables.items()}
    figures: dict[str, Figure] = {}
    for kind, build in (("processes", _processes), ("orders", _orders)):
        listed = fields.get(kind, "a table of figures", lambda v: _Fields("figures", v).table)
        for name, value in listed.items():
            figures[name] = build(f"{path}: {kind}.{name}", name, value, shared, settings)
    fields.done()
    return figures
