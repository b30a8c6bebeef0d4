"""What the fast engine can train."""

from __future__ import annotations

import torch

from cep_core.arrays import Parameters
from cep_core.fast.elementwise import ELEMENTWISE
from cep_core.learning import Procedure
from cep_core.networks import Network, Prototypical, bias, weight


def out_of_reach(network: Network, procedure: Procedure, parameters: Parameters) -> str | None:
    """Say why the engine cannot train this, or return None if it can.

    It trains the prototypical setting, with tied weights under EP and C-EP and independent ones
    under C-VF. Anything else is for :func:`cep_core.learning.learn_batch`.
    """
    if not isinstance(network, Prototypical):
        return f"expected the prototypical setting, found {type(network).__name__}"
    for f in network.activations:
        if f.name not in ELEMENTWISE:
            return f"expected activations among {', '.join(ELEMENTWISE)}, found {f.name!r}"
    dtypes = {value.dtype for value in parameters.values()}
    if len(dtypes) != 1 or not dtypes <= {torch.float32, torch.float64}:
        found = ", ".join(sorted(map(str, dtypes)))
        return f"expected parameters all in float32 or all in float64, found {found}"
    layers = sum(name.startswith("b_") for name in parameters)
    forward = {bias(n) for n in range(layers)} | {weight(layers - 1, "x")}
    forward |= {weight(n, n + 1) for n in range(layers - 1)}
    backward = {weight(n + 1, n) for n in range(layers - 1)}
    rule = procedure.rule
    if parameters.keys() != (forward | backward if rule.vector_field else forward):
        kind = "independent backward" if rule.vector_field else "tied"
        return f"expected {kind} weights under rule {rule.name}, found {', '.join(parameters)}"
    if rule.vector_field and procedure.damping != 1:
        return f"expected damping 1 under rule {rule.name}, found {procedure.damping}"
    return None
