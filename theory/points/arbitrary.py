"""Networks at an arbitrary state, with opaque activations and free symbols for everything.

An opaque activation's value and slope at every argument that occurs is a new symbol, and two
arguments are the same if and only if they are the same polynomial. What follows for such a network
follows for every activation, and for every start, whether settled or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cep_core.arrays import Parameters
from cep_core.networks import DriftSlope, EnergyBased, Network, Prototypical
from theory.arithmetic.free_activation import FreeActivation
from theory.arithmetic.polynomials import FlintRing, Ring, symbols
from theory.arithmetic.series import Series, constant
from theory.points.point import Point
from theory.points.steady import sizes_of


@dataclass(frozen=True, kw_only=True)
class ArbitraryPoint(Point):
    """A network at any state, with free symbols for everything and opaque activations.

    Attributes:
        ring: where the symbols live.
        beta: nudging strength, a symbol.

    """

    ring: Ring
    beta: Any


def anywhere(
    setting: str,
    shape: str,
    *,
    batch: int = 1,
    capacity: int,
    backward: bool = False,
    drift_slope: DriftSlope = "all",
) -> ArbitraryPoint:
    """Return a network of a shape at an arbitrary state, with symbols for up to ``capacity``."""
    ring = FlintRing(capacity)
    from_output = sizes_of(shape)[::-1]
    last = len(from_output) - 2

    def free(name: str, *dimensions: int) -> Series:
        return constant(symbols(ring, name, dimensions), 1)

    parameters: Parameters = {}
    for n in range(last + 1):
        above = "x" if n == last else str(n + 1)
        parameters[f"W_{n}_{above}"] = free(f"W_{n}_{above}", from_output[n], from_output[n + 1])
        parameters[f"b_{n}"] = free(f"b_{n}", from_output[n])
        if backward and n < last:
            parameters[f"W_{n + 1}_{n}"] = free(f"V_{n}", from_output[n + 1], from_output[n])
    activations = tuple(
        FreeActivation(f"of layer {n}", lambda k: [ring.symbol("r") for _ in range(k)])
        for n in range(last + 1)
    )
    network: Network
    if setting == "energy-based":
        network = EnergyBased(activations, ring.symbol("dt"), drift_slope)
    else:
        network = Prototypical(activations, "inside" if "inside" in setting else "outside")
    return ArbitraryPoint(
        network,
        free("x", batch, from_output[-1]),
        free("y", batch, from_output[0]),
        parameters,
        tuple(free(f"s_{n}", batch, size) for n, size in enumerate(from_output[:-1])),
        {name: ring.symbol(f"kappa_{name}") for name in parameters},
        ring=ring,
        beta=ring.symbol("beta"),
    )
