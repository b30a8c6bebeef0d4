"""The user's network, rule and tensors in the one form that the check works on.

States become tuples of tensors and parameters dictionaries of tensors by name; the user's functions
still see what the user gave. Everything is a copy: whatever a network or a rule does to the tensors
that it is handed, the user's own stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import torch

from cep_core.activations import Activation
from cep_core.arrays import Array, Parameters, Scalar, State
from cep_core.check.failures import of_the_user
from cep_core.networks import AnsweringNetwork, Network
from cep_core.rules import Rule
from cep_core.structures import Structure


@dataclass
class AdaptedNetwork:
    """A network that is asked with tuples and names, and asks the user's with the user's forms.

    Attributes:
        base: the user's network.
        states: form of the state.
        weights: form of the parameters.
        copying: hand copies to the network at every call, because it writes into its arguments.
        remembering: keep the last primitive gradient, which the next step of a phase asks again.

    """

    base: AnsweringNetwork
    states: Structure
    weights: Structure
    copying: bool = False
    remembering: bool = False
    _last: tuple[Any, Any, Any, Parameters] | None = None

    @property
    def time_scale(self) -> Scalar:
        """That of the base."""
        return self.base.time_scale

    @property
    def activations(self) -> tuple[Activation, ...]:
        """Those of the base."""
        return self.base.activations

    @property
    def departures(self) -> tuple[str, ...]:
        """Those of the base."""
        return self.base.departures

    def __getattr__(self, name: str) -> Any:
        """What a rule of the user's own asks the network for: that of the base."""
        if name.startswith("_") or name == "base":
            raise AttributeError(name)
        return getattr(getattr(self.base, "base", self.base), name)

    def _open(self, state: State, parameters: Parameters) -> tuple[Any, Any]:
        leaves: Sequence[torch.Tensor] = state
        weights: Sequence[torch.Tensor] = [parameters[name] for name in self.weights.names]
        if self.copying:
            leaves = [s.clone() for s in leaves]
            weights = [p.clone() for p in weights]
        return self.states.build(leaves), self.weights.build(weights)

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """That of the base, as a tuple."""
        opened = self._open(state, parameters)
        with of_the_user("transition"):
            new = self.base.transition(self._x(x), *opened, nudge)
        return self.states.leaves(new, "transition: next state")

    def _x(self, x: Any) -> Any:
        return x.clone() if self.copying and isinstance(x, torch.Tensor) else x

    def primitive_gradient(self, x: Array, state: State, parameters: Parameters) -> Parameters:
        """That of the base, by name."""
        keep = self.remembering and not torch.is_grad_enabled()
        if keep and self._last is not None:
            _, before, weights, found = self._last
            same = before is state or all(a is b for a, b in zip(before, state, strict=True))
            if same and all(a is b for a, b in zip(weights, parameters.values(), strict=True)):
                return found
        opened = self._open(state, parameters)
        with of_the_user("primitive_gradient"):
            given = self.base.primitive_gradient(x, *opened)
        found = self._by_name(given, "primitive_gradient")
        self._last = (x, state, list(parameters.values()), found) if keep else None
        return found

    def vector_field_gradient(
        self, x: Array, state: State, parameters: Parameters, change: State
    ) -> Parameters:
        """That of the base, by name."""
        opened = self._open(state, parameters)
        changed = self.states.build(change)
        with of_the_user("vector_field_gradient"):
            found = self.base.vector_field_gradient(self._x(x), *opened, changed)
        return self._by_name(found, "vector_field_gradient")

    def _by_name(self, found: Any, field: str) -> Parameters:
        names = self.weights.names
        if isinstance(found, Mapping) and set(found) <= set(names):
            return {name: found[name] for name in names if name in found}
        return dict(zip(names, self.weights.leaves(found, field), strict=True))

    def arguments(self, x: Array, state: State, parameters: Parameters) -> State:
        """Those of the base."""
        return self.base.arguments(x, *self._open(state, parameters))

    def followed_slopes(
        self, x: Array, steady: State, parameters: Parameters, *, modified_loss: bool = False
    ) -> State | None:
        """Those of the base, as a tuple."""
        return self.base.followed_slopes(
            x, *self._open(steady, parameters), modified_loss=modified_loss
        )

    def asymmetry(self, x: Array, steady: State, parameters: Parameters, vector: State) -> State:
        """That of the base, as a tuple."""
        opened = self._open(steady, parameters)
        return self.states.leaves(self.base.asymmetry(x, *opened, self.states.build(vector)))

    def pullback(self, x: Array, state: State, parameters: Parameters, change: State) -> Parameters:
        """That of the base, by name."""
        opened = self._open(state, parameters)
        return self._by_name(self.base.pullback(x, *opened, self.states.build(change)), "pullback")

    def doubts(
        self, x: Array, start: State, steady: State, parameters: Parameters, steps: int
    ) -> tuple[str, ...]:
        """Those of the base."""
        opened = self._open(steady, parameters)
        return self.base.doubts(x, self.states.build(start), *opened, steps)

    def zero_state(self, x: Array, parameters: Parameters) -> State:
        """That of the base."""
        return self.base.zero_state(x, parameters)

    def learning_rates(
        self, parameters: Parameters, by_layer: Sequence[Scalar]
    ) -> dict[str, Scalar]:
        """Those of the base."""
        return self.base.learning_rates(parameters, by_layer)

    def initial_parameters(self, sizes: Sequence[int], **options: Any) -> dict[str, torch.Tensor]:
        """Those of the base."""
        return self.base.initial_parameters(sizes, **options)


@dataclass
class AdaptedRule:
    """A rule whose increments are complete, checked and made on copies.

    Attributes:
        base: the user's rule.
        name: of the base.
        continual: whether the increments are applied at once.
        vector_field: of the base.
        weights: names of the parameters.
        copying: hand copies to the rule at every call, because it writes into its arguments.
        left_out: names for which the rule has returned no increment.
        lowered: names whose increments have come in another dtype, and which.

    """

    base: Any
    name: str
    continual: bool
    vector_field: bool
    weights: tuple[str, ...]
    copying: bool
    left_out: set[str]
    lowered: dict[str, torch.dtype] = field(default_factory=dict)

    @property
    def leaves_out(self) -> str:
        """Who leaves out what has no increment: a rule of the project's takes what it is given."""
        of_ours = type(self.base) is Rule
        return "the network's gradient" if of_ours else f"the rule {self.name}"

    @property
    def corrected(self) -> bool:
        """Whether the nudged phase is corrected; not for a rule that does not tell."""
        return bool(getattr(self.base, "corrected", False))

    def dynamics(self, network: Network, steady: State, parameters: Parameters) -> Network:
        """That of the base; the network itself for a rule of one's own that does not tell."""
        asked = getattr(self.base, "dynamics", None)
        return network if asked is None else cast("Network", asked(network, steady, parameters))

    def increment(
        self, network: Any, x: Array, parameters: Parameters, state: State, following: State
    ) -> Parameters:
        """That of the base; zero for a parameter that it leaves out.

        Raises:
            TypeError: what it returns is no dictionary.
            ValueError: a name or a shape is not that of a parameter.

        """
        given = parameters
        if self.copying:
            given = {name: p.clone() for name, p in parameters.items()}
            state = tuple(s.clone() for s in state)
            following = tuple(s.clone() for s in following)
        with of_the_user("rule"):
            found = self.base.increment(network, x, given, state, following)
        if not isinstance(found, Mapping):
            raise TypeError(
                "rule: expected increments as a dictionary by parameter name, found "
                f"{type(found).__name__}"
            )
        extra = [name for name in found if name not in parameters]
        if extra:
            raise ValueError(
                f"rule: expected increments of {', '.join(parameters)}, found one of "
                f"{', '.join(map(str, extra))}"
            )
        complete: Parameters = {}
        for name, p in parameters.items():
            if name not in found:
                self.left_out.add(name)
                complete[name] = torch.zeros_like(p)
            elif not isinstance(found[name], torch.Tensor) or found[name].shape != p.shape:
                shape = getattr(found[name], "shape", type(found[name]).__name__)
                what = tuple(shape) if isinstance(shape, torch.Size) else shape
                raise ValueError(
                    f"rule: expected an increment of {name} of shape {tuple(p.shape)}, found {what}"
                )
            elif found[name].dtype == p.dtype:
                complete[name] = found[name]
            elif found[name].dtype.is_floating_point:
                self.lowered[name] = found[name].dtype
                complete[name] = found[name].to(p.dtype)
            else:
                raise ValueError(
                    f"rule: expected an increment of {name} of dtype {p.dtype}, found "
                    f"{found[name].dtype}"
                )
        return complete


def adapted_rule(rule: Any, weights: tuple[str, ...]) -> AdaptedRule:
    """A rule, or one of one's own with the same members.

    Raises:
        TypeError: members are missing.

    """
    missing = [m for m in ("name", "continual", "vector_field") if not hasattr(rule, m)]
    missing += [] if callable(getattr(rule, "increment", None)) else ["increment"]
    if missing or isinstance(rule, type):
        found = f"the class {rule.__name__}" if isinstance(rule, type) else type(rule).__name__
        raise TypeError(
            "rule: expected EP, C_EP, C_VF or an object with name, continual, vector_field and "
            f"increment, found {found}" + (f" without {', '.join(missing)}" if missing else "")
        )
    return AdaptedRule(
        rule,
        str(rule.name),
        bool(rule.continual),
        bool(rule.vector_field),
        weights,
        copying=type(rule) is not Rule,
        left_out=set(),
    )
