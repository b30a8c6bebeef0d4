"""Derivatives of a scalar function of state and parameters, whatever forms these have."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch

from cep_core.arrays import Array, Parameters, State
from cep_core.structures import Structure, batch_of

Scalars = Callable[[Any, Any, Any], torch.Tensor]
"""``Phi(x, state, parameters)`` or ``E(...)``: a scalar tensor, the sum over the mini-batch."""

Field = Callable[..., Any]
"""``F(x, state, parameters)``: the next state, in the form of the state."""

Elementwise = Callable[[torch.Tensor], torch.Tensor]
PerLayer = float | Sequence[float]


class Differentiated:
    """Derivatives of a scalar function of state and parameters."""

    def _scalar(self) -> tuple[Scalars, str]:
        raise NotImplementedError

    def _value(self, x: Any, state: Any, parameters: Any) -> torch.Tensor:
        function, what = self._scalar()
        value = function(x, state, parameters)
        if not isinstance(value, torch.Tensor) or value.ndim != 0:
            shape = tuple(value.shape) if isinstance(value, torch.Tensor) else type(value).__name__
            raise ValueError(f"{what}: expected a scalar tensor (sum over samples), found {shape}")
        return value

    def _force(self, x: Any, state: Any, parameters: Any) -> tuple[State, Structure]:
        """Gradient in the state; keeps the graph when the caller differentiates through it."""
        keep = torch.is_grad_enabled()
        form = Structure(state, "state", "s")
        with torch.enable_grad():
            # An alias: the caller's parameters may depend on the state; this derivative is partial.
            at = tuple(
                s.view_as(s) if keep and s.requires_grad else s.detach().requires_grad_()
                for s in form.leaves(state)
            )
            value = self._value(x, form.build(at), parameters)
            if not value.requires_grad:
                raise ValueError(
                    f"{self._scalar()[1]}: expected a value that depends differentiably on the "
                    "state and parameters, found one without a gradient (detached, or computed in "
                    "NumPy?)"
                )
            found = holomorphic_gradient(value, at, keep_graph=keep)
        return found, form

    def _in_parameters(self, x: Any, state: Any, parameters: Any) -> Any:
        """Gradient in the parameters, averaged over the mini-batch, in their form."""
        keep = torch.is_grad_enabled()
        form, leaves = _leaves(parameters)
        with torch.enable_grad():
            value = self._value(x, state, form.build(leaves))
            batch = batch_of(x, Structure(state, "state", "s").leaves(state))
            return form.build(_gradients(value, leaves, batch, keep_graph=keep))


def of_three_arguments(function: Any, field: str) -> Scalars:
    """The function, called with state and parameters; a module is given its parameters."""
    if not callable(function) or isinstance(function, type):
        found = function.__name__ if isinstance(function, type) else type(function).__name__
        raise TypeError(f"{field}: expected a function of (x, state, parameters), found {found}")
    is_module = isinstance(function, torch.nn.Module)
    try:
        signature = inspect.signature(function.forward if is_module else function)
    except (TypeError, ValueError):  # built-in functions may have no signature
        return cast("Scalars", function)
    if is_module and _takes(signature, 2):
        module = function

        def functional(x: Any, state: Any, parameters: Any) -> torch.Tensor:
            if not isinstance(parameters, Mapping):
                raise TypeError(
                    f"parameters: expected those of the module by name, found "
                    f"{type(parameters).__name__}: give dict(module.named_parameters())"
                )
            found = torch.func.functional_call(module, dict(parameters), (x, state))
            return cast("torch.Tensor", found)

        return functional
    if not _takes(signature, 3):
        raise TypeError(
            f"{field}: expected a function of (x, state, parameters), found one of {signature}"
        )
    return cast("Scalars", function)


def _takes(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True


def per_layer(given: Any, layers: int, field: str) -> list[Any]:
    """One entry per tensor of the state, from one for all or one for each."""
    if not isinstance(given, Sequence):
        return [given] * layers
    if len(given) != layers:
        raise ValueError(f"{field}: expected one, or {layers}, one per tensor, found {len(given)}")
    return list(given)


def parameters_of(function: Any) -> Parameters | None:
    """Those of a module that computes a scalar, by name; None for a function."""
    return dict(function.named_parameters()) if isinstance(function, torch.nn.Module) else None


def activated(activation: Any, at: State) -> State:
    """The elementwise functions of the tensors; the tensors themselves if there is none."""
    if activation is None:
        return at
    functions = per_layer(activation, len(at), "activation")
    return tuple(f(a) for f, a in zip(functions, at, strict=True))


def slopes_of(activation: Any, at: State) -> State:
    """Derivative of the elementwise functions where they are evaluated; 1 if there is none."""
    if activation is None:
        return tuple(torch.ones_like(a) for a in at)
    functions = per_layer(activation, len(at), "activation")
    with torch.enable_grad():
        leaves = tuple(a.detach().requires_grad_() for a in at)
        total = sum(f(a).sum() for f, a in zip(functions, leaves, strict=True))
        return torch.autograd.grad(torch.as_tensor(total), leaves)


def output_nudged(new: State, nudge: Array | None) -> State:
    """The gradient with the nudge subtracted at the output."""
    return new if nudge is None else (new[0] - nudge, *new[1:])


def negative(gradient: Any, parameters: Any) -> Any:
    """Minus a gradient, in the form of the parameters."""
    form = Structure(parameters, "parameters", "p")
    return form.build([-g for g in form.leaves(gradient)])


def _leaves(parameters: Any) -> tuple[Structure, list[torch.Tensor]]:
    form = Structure(parameters, "parameters", "p")
    return form, [p.detach().requires_grad_() for p in form.leaves(parameters)]


def _gradients(
    scalar: torch.Tensor, leaves: Sequence[torch.Tensor], batch: int, *, keep_graph: bool
) -> list[torch.Tensor]:
    if not scalar.requires_grad:  # the parameters do not enter
        return [torch.zeros_like(leaf) for leaf in leaves]
    return [g / batch for g in holomorphic_gradient(scalar, leaves, keep_graph=keep_graph)]


def holomorphic_gradient(
    scalar: torch.Tensor, leaves: Sequence[torch.Tensor], *, keep_graph: bool
) -> State:
    """Derivative of a scalar; where it is complex, that of an analytic function.

    PyTorch gives the conjugate there.
    """
    found = torch.autograd.grad(
        scalar,
        leaves,
        torch.ones_like(scalar) if scalar.is_complex() else None,
        create_graph=keep_graph,
        allow_unused=True,
        materialize_grads=True,
    )
    return tuple(g.conj().resolve_conj() for g in found) if scalar.is_complex() else found


def vjp(transition: Field, x: Any, state: Any, parameters: Any, change: Any) -> Any:
    """``(dF/dtheta)^T change``, averaged over the mini-batch, in the form of the parameters."""
    keep = torch.is_grad_enabled()
    form, leaves = _leaves(parameters)
    states = Structure(state, "state", "s")
    with torch.enable_grad():
        at = states.build([s.detach().requires_grad_() for s in states.leaves(state)])
        new = states.leaves(transition(x, at, form.build(leaves)))
        pairs = zip(new, states.leaves(change), strict=True)
        pairing = torch.as_tensor(sum((f * c).sum() for f, c in pairs))
        batch = batch_of(x, states.leaves(state))
        return form.build(_gradients(pairing, leaves, batch, keep_graph=keep))


def symmetric(vector: Any) -> Any:
    """``(J - J^T) vector`` where ``J`` is symmetric in the variable in which the nudge enters: 0.

    Behind the gradient of a scalar an activation or a step acts on nudge and gradient alike.
    """
    form = Structure(vector, "vector", "s")
    return form.build([torch.zeros_like(v) for v in form.leaves(vector)])
