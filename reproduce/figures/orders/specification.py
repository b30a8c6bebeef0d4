"""What an order figure shows, and how it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from cep_core.fields import (
    Fields,
    Kind,
    one_of,
    positive,
    sequence,
    text,
)
from reproduce.figures.specs import Setting, Shared


@dataclass(frozen=True)
class OrderFigure:
    """Errors against one scale, ``beta`` or ``kappa``, the other held fixed.

    ``fit`` and ``fit_centred`` are the closed ranges over which the orders are fitted.
    """

    kind: ClassVar[str] = "orders"

    name: str
    title: str
    shared: Shared
    settings: tuple[Setting, ...]
    against: Literal["beta", "kappa"]
    scales: tuple[float, ...]
    fixed: float
    fit: tuple[float, float]
    fit_centred: tuple[float, float]


def _increasing(value: Any) -> tuple[float, float]:
    low, high = sequence(positive(), 2, 2).convert(value)
    if low >= high:
        raise ValueError
    return low, high


_AGAINST: dict[str, Literal["beta", "kappa"]] = {"beta": "beta", "kappa": "kappa"}
_RANGE = Kind("two increasing positive numbers", _increasing)


def read(fields: Fields, name: str, shared: Shared, settings: dict[str, Setting]) -> OrderFigure:
    """The figure of a table ``orders.NAME``."""
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
