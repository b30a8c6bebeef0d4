"""Learning rules: what changes the parameters from one step of the nudged phase to the next.

A rule turns two successive states into an increment; the nudged phase multiplies it by
``kappa = eta / beta`` and, for a continual rule, applies it at once. What a rule remembers from one
mini-batch to the next (the velocity of momentum) is its memory: :meth:`Rule.init` makes it and
:meth:`Rule.step` carries it on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cep_core.arrays import Array, Parameters, Scalar, State
from cep_core.networks import Network, answering, bias
from cep_core.networks.corrected import AtRest, Corrected, Sloped


@dataclass(frozen=True)
class Rule:
    """How the increments are made and when they are applied, and in which nudged phase.

    Attributes:
        name: the field's name of the rule.
        continual: apply each increment before the next step (C-EP, C-VF) rather than their sum at
            the end of the nudged phase (EP).
        vector_field: make increments of ``(dF/dtheta)^T (s_{t+1} - s_t)`` (C-VF) rather than of
            ``dPhi/dtheta(s_{t+1}) - dPhi/dtheta(s_t)`` (EP, C-EP).
        sloped: with the slope of the activation in ``dF/dtheta``, which the published prototypical
            C-VF leaves out.
        corrected: take the asymmetry of the Jacobian out of the nudged phase
            (:class:`cep_core.networks.corrected.Corrected`); the slope comes with it.
        at_rest: take ``dF/dtheta`` at ``s_*`` and ``theta_0`` throughout, so that the increments
            sum to ``(dF/dtheta)^T (s_K - s_*)``.

    """

    name: str
    continual: bool
    vector_field: bool
    sloped: bool = False
    corrected: bool = False
    at_rest: bool = False

    def dynamics(self, network: Network, steady: State, parameters: Parameters) -> Network:
        """The network whose nudged phase the rule runs: the network itself unless corrected.

        Args:
            network: the network of the free phase.
            steady: its end ``s_*``.
            parameters: ``theta_0``.

        """
        if self.corrected:
            network = Corrected(network, steady, parameters)
        elif self.sloped:
            network = Sloped(network)
        return AtRest(network, steady, parameters) if self.at_rest else network

    def increment(
        self, network: Network, x: Array, parameters: Parameters, state: State, following: State
    ) -> Parameters:
        """Increment from ``s_t`` (``state``) to ``s_{t+1}`` (``following``), before ``kappa``."""
        if self.vector_field:
            change = tuple(b - a for a, b in zip(state, following, strict=True))
            return network.vector_field_gradient(x, state, parameters, change)
        before = network.primitive_gradient(x, state, parameters)
        after = network.primitive_gradient(x, following, parameters)
        return {name: after[name] - before[name] for name in after}

    def init(self, parameters: Parameters) -> Parameters:  # noqa: ARG002 - nothing is remembered
        """Memory before the first mini-batch, arrays by name; none for the rules of the papers."""
        return {}

    def step(
        self,
        memory: Parameters,
        parameters: Parameters,  # noqa: ARG002 - for rules that remember
        learned: Parameters,
    ) -> tuple[Parameters, Parameters]:
        """Memory and parameters after a mini-batch.

        Args:
            memory: before the mini-batch, as :meth:`init` or this method returned it.
            parameters: ``theta`` before the mini-batch.
            learned: ``theta`` plus the increments of its nudged phase.

        """
        return memory, learned


@dataclass(frozen=True)
class Unrolled(Rule):
    """Backpropagation through time, to train beside the rules of a nudged phase.

    Its update is minus the gradient of the loss at the end of the free phase, through the last
    ``K`` transitions (:func:`cep_core.learning.learn_batch`); ``beta`` does not enter.
    """

    def increment(self, *_: Any) -> Parameters:
        """Nothing: there is no nudged phase.

        Raises:
            TypeError: always.

        """
        raise TypeError(
            f"{self.name} has no nudged phase and so no increments: learn_batch runs it"
        )


BPTT = Unrolled("BPTT", continual=False, vector_field=False)
EP = Rule("EP", continual=False, vector_field=False)
C_EP = Rule("C-EP", continual=True, vector_field=False)
C_VF = Rule("C-VF", continual=True, vector_field=True)
SLOPED_C_VF = Rule("C-VF with slope", continual=True, vector_field=True, sloped=True)
"""What separates the published rule from the corrected one, correction aside."""
CORRECTED_C_VF = Rule(
    "corrected C-VF", continual=True, vector_field=True, sloped=True, corrected=True
)
"""C-VF that follows BPTT step by step without any symmetry (ours)."""
VF = Rule("VF", continual=False, vector_field=True, sloped=True, at_rest=True)
"""EP of a vector field (Scellier et al., 2018): one update ``(dF/dtheta)^T (s_K - s_*)``."""
ASYM_EP = Rule(
    "AsymEP", continual=False, vector_field=True, sloped=True, corrected=True, at_rest=True
)
"""VF in the corrected phase: AsymEP (Scurria et al., 2026) in discrete time."""
RULES: dict[str, Rule] = {
    rule.name: rule for rule in (EP, C_EP, C_VF, SLOPED_C_VF, CORRECTED_C_VF, VF, ASYM_EP)
}


def rule_named(name: str) -> Rule:
    """Return the rule called ``name``.

    Raises:
        ValueError: no rule has this name; the message lists those that exist.

    """
    try:
        return RULES[name]
    except KeyError:
        msg = f"rule {name!r} is not known; expected one of: {', '.join(RULES)}"
        raise ValueError(msg) from None


def learning_rates(
    network: Network,
    parameters: Parameters,
    by_layer: Sequence[Scalar],
    *,
    train_input_bias: bool = True,
) -> dict[str, Scalar]:
    """Spread one learning rate per layer over the parameters by name, as the network says.

    Args:
        network: knows which parameters belong to a layer.
        parameters: the parameters that will learn.
        by_layer: rates from the output layer towards the input, ``by_layer[n]`` for
            ``W_{n,n+1}``, the backward weight ``W_{n+1,n}`` and ``b_n``.
        train_input_bias: False leaves the bias of the layer next to the input as it is, as the
            authors' code does for C-VF.

    Raises:
        ValueError: the number of rates differs from the number of layers.

    """
    rates = answering(network).learning_rates(parameters, by_layer)
    if not train_input_bias:
        rates[bias(len(by_layer) - 1)] = 0.0
    return rates


def add_scaled(
    parameters: Parameters, direction: Parameters, scale: Scalar | Mapping[str, Scalar]
) -> Parameters:
    """Return ``parameters + scale * direction``; ``scale`` is one number or one per parameter."""
    per_name = isinstance(scale, Mapping)
    return {
        name: value + direction[name] * (scale[name] if per_name else scale)
        for name, value in parameters.items()
    }
