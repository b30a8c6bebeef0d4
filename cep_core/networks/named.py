"""The layered networks by the name of their setting, as files and specifications give it."""

from __future__ import annotations

from cep_core.activations import Activation
from cep_core.arrays import Scalar
from cep_core.networks.energy_based import DriftSlope, EnergyBased
from cep_core.networks.prototypical import Nudge, Prototypical

SETTINGS = ("prototypical", "energy-based")


def network_named(
    setting: str,
    activations: tuple[Activation, ...],
    *,
    nudge: Nudge = "outside",
    dt: Scalar | None = None,
    drift_slope: DriftSlope = "all",
    clamp: bool = False,
) -> Prototypical | EnergyBased:
    """The network of a setting.

    Args:
        setting: one of :data:`SETTINGS`.
        activations: one per layer, output first.
        nudge: see :class:`Prototypical`.
        dt: see :class:`EnergyBased`; needed there and there only.
        drift_slope: likewise.
        clamp: likewise.

    Raises:
        ValueError: no setting has this name, or ``dt`` is given or lacking contrary to it.

    """
    if setting not in SETTINGS:
        raise ValueError(f"setting: expected one of {', '.join(SETTINGS)}, found {setting!r}")
    if (dt is None) != (setting == "prototypical"):
        expected = "none" if setting == "prototypical" else "a step"
        raise ValueError(f"dt: expected {expected} in the {setting} setting, found {dt}")
    if setting == "prototypical":
        return Prototypical(activations, nudge)
    return EnergyBased(activations, dt, drift_slope, clamp)


def published_drift(*, vector_field: bool) -> DriftSlope:
    """Which layers carry ``rho'`` in the authors' energy-based code, by the kind of rule."""
    return "none" if vector_field else "hidden"
