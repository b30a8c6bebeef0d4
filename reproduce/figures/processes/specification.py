"""What a process figure shows, and how it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cep_core.fields import (
    Fields,
    choice,
    number,
    one_of,
    plain_name,
    rate,
    sequence,
    text,
)
from cep_core.rules import RULES
from reproduce.figures.specs import DYNAMICS, Setting, Shared
from reproduce.figures.wording import scientific

RELMSE = "RelMSE"
"""What a part shows that has no curves."""


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
    """One figure file, the paper's ``label``: the layers it shows, e.g. ``s_0`` or ``W_0_1``.

    ``what`` is ``"neurons"`` or ``"synapses"``, curves of a few elements, or ``"RelMSE"``, a bar
    for every layer and dynamics.
    """

    name: str
    label: str
    what: str
    layers: tuple[str, ...]


@dataclass(frozen=True)
class ProcessFigure:
    """A grid of panels, rows of dynamics by columns of rules, at one setting."""

    kind: ClassVar[str] = "processes"

    name: str
    title: str
    shared: Shared
    setting: Setting
    rows: tuple[str, ...]
    columns: tuple[Column, ...]
    parts: tuple[Part, ...]

    @property
    def curves(self) -> tuple[Part, ...]:
        """The parts that show curves."""
        return tuple(part for part in self.parts if part.what != RELMSE)


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
        fields.get("what", choice("neurons", "synapses", RELMSE)),
        fields.get("layers", sequence(choice(*processes))),
    )
    fields.done()
    return part


def _processes_of(shared: Shared, setting: Setting) -> list[str]:
    """Names of the processes of a layered network: neurons, biases, weights either way."""
    layers = len(shared.layers) - 1 + len(setting.channels)
    above = [*range(1, layers), "x"]
    return [
        name
        for n, m in zip(range(layers), above, strict=True)
        for name in (f"s_{n}", f"b_{n}", f"W_{n}_{m}", *([] if m == "x" else [f"W_{m}_{n}"]))
    ]


def read(fields: Fields, name: str, shared: Shared, settings: dict[str, Setting]) -> ProcessFigure:
    """The figure of a table ``processes.NAME``."""
    setting = fields.get("setting", one_of(settings))
    known = [dynamics for of, dynamics in DYNAMICS if of == setting.name]
    figure = ProcessFigure(
        name,
        fields.get("title", text()),
        shared,
        setting,
        fields.get("rows", sequence(choice(*known))),
        tuple(_column(column) for column in fields.tables("columns")),
        tuple(_part(part, _processes_of(shared, setting)) for part in fields.tables("parts")),
    )
    fields.done()
    return figure


def part_title(figure: ProcessFigure, part: Part) -> str:
    """Title of one file of a figure."""
    return f"{part.label}. {figure.title}: {part.what}"
