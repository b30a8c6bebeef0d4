"""What the fast engine can train."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from cep_core.arrays import Parameters
from cep_core.fast.elementwise import ELEMENTWISE
from cep_core.learning import Procedure
from cep_core.networks import Network, Prototypical, chain, weight
from cep_core.rules import RULES, Rule

TRAINED = tuple(r for r in RULES.values() if r.continual or not r.vector_field)
"""The rules that the engine implements."""


def out_of_reach(network: Network, procedure: Procedure, parameters: Parameters) -> str | None:
    """Say why the engine cannot train this, or return None if it can.

    It trains the prototypical setting on a chain of dense layers, with tied weights under EP and
    C-EP and independent ones under C-VF, with or without slope and correction. Reach is decided by
    identity with what the engine implements: a subclass, an activation of the same name, another
    combination of a rule's options may mean anything and is for the definition,
    :func:`cep_core.learning.learn_batch`.
    """
    return next(_reasons(network, procedure, parameters), None)


def _reasons(network: Network, procedure: Procedure, parameters: Parameters) -> Iterator[str]:
    if type(network) is not Prototypical:
        yield f"expected the prototypical setting itself, found {type(network).__qualname__}"
        return
    if network.edges is not None:
        yield "expected a chain of dense layers, found edges of its own"
    for f in network.activations:
        if type(f) not in ELEMENTWISE:
            known = ", ".join(kind.__name__ for kind in ELEMENTWISE)
            yield f"expected activations among {known}, found {type(f).__qualname__} ({f.name!r})"
    rule = procedure.rule
    if type(procedure) is not Procedure or type(rule) is not Rule or rule not in TRAINED:
        known = ", ".join(r.name for r in TRAINED)
        yield f"expected one of the rules {known} themselves, found {rule}"
    dtypes = {value.dtype for value in parameters.values()}
    if len(dtypes) != 1 or not dtypes <= {torch.float32, torch.float64}:
        found = ", ".join(sorted(map(str, dtypes)))
        yield f"expected parameters all in float32 or all in float64, found {found}"
    layers = len(network.activations)
    forward = {name for edge in chain(layers) for name in edge.names}
    backward = {weight(n + 1, n) for n in range(layers - 1)}
    if parameters.keys() != (forward | backward if rule.vector_field else forward):
        kind = "independent backward" if rule.vector_field else "tied"
        yield f"expected {kind} weights under rule {rule.name}, found {', '.join(parameters)}"
    if rule.vector_field and procedure.damping != 1:
        yield f"expected damping 1 under rule {rule.name}, found {procedure.damping}"
