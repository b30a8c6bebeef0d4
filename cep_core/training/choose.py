"""Which engine trains a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from cep_core.arrays import Parameters
from cep_core.fast import ConvolutionalEngine, FastEngine, out_of_reach, out_of_reach_of_maps
from cep_core.learning import Procedure
from cep_core.networks import Convolution, Network, Prototypical
from cep_core.training.engine import Engine, EngineName, ReferenceEngine


@dataclass(frozen=True)
class ChosenEngine:
    """An engine and how it was chosen.

    Attributes:
        engine: the engine.
        name: which one it is.
        note: why it is not the one that was asked for; empty if it is.

    """

    engine: Engine
    name: EngineName
    note: str = ""


def make_engine(
    name: EngineName,
    network: Network,
    procedure: Procedure,
    parameters: Parameters,
    rates: Mapping[str, float],
) -> ChosenEngine:
    """Make the engine called ``name``; what is outside the fast engine's reach gets the definition.

    Raises:
        ValueError: the name is not known.

    """
    if name not in {"fast", "reference"}:
        msg = f"engine: expected fast or reference, found {name!r}"
        raise ValueError(msg)
    if name == "reference":
        return ChosenEngine(ReferenceEngine(network, procedure, parameters, rates), name)
    edges = getattr(network, "edges", None) or ()
    mapped = any(isinstance(edge, Convolution) for edge in edges)
    reach = out_of_reach_of_maps if mapped else out_of_reach
    kind: Callable[..., Engine] = ConvolutionalEngine if mapped else FastEngine
    reason = reach(network, procedure, parameters)
    if reason is None:
        return ChosenEngine(kind(cast("Prototypical", network), procedure, parameters, rates), name)
    note = f"the fast engine cannot train this ({reason}): the definition trains it"
    return ChosenEngine(ReferenceEngine(network, procedure, parameters, rates), "reference", note)
