"""What a check is asked about, looked through before anything runs: one line says what is wrong."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from cep_core.arrays import State
from cep_core.check.adapted import AdaptedNetwork, AdaptedRule, adapted_rule
from cep_core.check.failures import of_the_user
from cep_core.check.sideeffects import writes_into
from cep_core.losses import Loss, SigmoidCrossEntropy, SquaredError, TanhCrossEntropy, as_loss
from cep_core.networks import AnsweringNetwork, answering
from cep_core.problem import Problem
from cep_core.rules import rule_named
from cep_core.structures import Structure

_MEMBERS = ("time_scale", "transition", "primitive_gradient", "vector_field_gradient")
_LIKE_THE_OUTPUT = (SquaredError, TanhCrossEntropy, SigmoidCrossEntropy)
_ELEMENTWISE = frozenset(
    f"__{name}__" for name in ("add", "sub", "mul", "truediv", "radd", "rsub", "rmul", "rtruediv")
) | {
    *("add", "sub", "rsub", "mul", "div", "true_divide", "pow", "maximum", "minimum", "lerp"),
    *("where", "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "kl_div"),
    *("binary_cross_entropy", "binary_cross_entropy_with_logits"),
}


@dataclass
class Prepared:
    """A problem in the form that the check works on; its tensors are copies.

    Attributes:
        problem: not settled yet.
        rule: adapted.
        objective: loss that BPTT differentiates, if another one.
        start: first state.
        states: form of the state.
        batch: number of samples; None if there is no dimension for them.
        low: names of tensors that are not double precision.
        notes: what a user should know.

    """

    problem: Problem
    rule: AdaptedRule
    objective: Loss | None
    start: State
    states: Structure
    batch: int | None
    low: list[str]
    notes: list[str]


def prepare(
    network: Any,
    x: Any,
    y: Any,
    parameters: Any,
    rule: Any,
    start: Any,
    loss: Any,
    objective: Any,
) -> Prepared:
    """Bring everything into one form.

    Raises:
        TypeError: something is of a kind that cannot be used.
        ValueError: shapes, devices or values do not fit.

    """
    answers = _network(network)
    weights, theta = _parameters(parameters, answers)
    x, y = _copied(x, "x"), _copied(y, "y")
    if start is None:
        with of_the_user("start"):
            start = answers.zero_state(x, theta)
    states = Structure(start, "start", "s")
    for name, tensor in zip(states.names, states.leaves(start), strict=True):
        if not tensor.is_floating_point():
            advice = (
                "write real and imaginary parts as two tensors"
                if tensor.is_complex()
                else "give .double()"
            )
            raise TypeError(
                f"start: expected real floating-point numbers in {name}, found {tensor.dtype}: "
                f"{advice}"
            )
    _with_numbers(states, start)
    first = tuple(s.detach().clone() for s in states.leaves(start))
    nudging = as_loss(loss)
    other = None if objective is None else as_loss(objective)
    adapted = AdaptedNetwork(answers, states, weights)
    by_name = dict(
        zip(weights.names, (p.detach().clone() for p in weights.leaves(theta)), strict=True)
    )
    named = [*zip(states.names, first, strict=True), *by_name.items()]
    named += [("x", x)] if isinstance(x, torch.Tensor) else []
    named += [("y", y)] if isinstance(y, torch.Tensor) else []
    _same_place(named)
    low = [n for n, t in named if t.is_floating_point() and t.dtype != torch.float64]
    problem = Problem(adapted, x, y, by_name, nudging)
    if isinstance(x, torch.Tensor) and x.ndim > 1 and len(x) > 1:
        lone = [n for n, s in zip(states.names, first, strict=True) if s.ndim > 1 and len(s) == 1]
        if len(lone) == len(first):
            raise ValueError(f"start: expected {len(x)} samples, as x has, found 1")
    ready = Prepared(
        problem,
        adapted_rule(rule_named(rule) if isinstance(rule, str) else rule, weights.names),
        other,
        first,
        states,
        _batch(x, y, first),
        low,
        [],
    )
    if not low:
        _transition_runs(ready)
        for judged in [nudging] if other is None else [nudging, other]:
            _loss_fits(judged, first[0], y)
        _increments_run(ready)
    return ready


def _network(network: Any) -> AnsweringNetwork:
    missing = [name for name in _MEMBERS if not hasattr(network, name)]
    if missing or isinstance(network, type):
        found = f"{type(network).__name__} without {', '.join(missing)}"
        if isinstance(network, type):
            found = f"the class {network.__name__} instead of an instance of it"
        advice = "PrimitiveNetwork(phi) makes one of a primitive function"
        raise TypeError(f"network: expected {', '.join(_MEMBERS)}, found {found}; {advice}")
    scale = network.time_scale
    if not isinstance(scale, int | float) or not math.isfinite(scale) or scale == 0:
        raise ValueError(
            f"network.time_scale: expected a finite number other than 0, found {scale!r}"
        )
    return answering(network)


def _parameters(parameters: Any, network: AnsweringNetwork) -> tuple[Structure, Any]:
    if parameters is None:
        own = getattr(getattr(network, "base", network), "own_parameters", None)
        parameters = None if own is None else own()
    if parameters is None:
        raise TypeError("parameters: expected tensors by name, found None")
    parameters = _by_name(parameters)
    weights = Structure(parameters, "parameters", "p")
    _with_numbers(weights, parameters)
    doubled = {name for name in weights.names if weights.names.count(name) > 1}
    if doubled:
        raise ValueError(f"parameters: expected names that differ, found {doubled.pop()} twice")
    for name, value in zip(weights.names, weights.leaves(parameters), strict=True):
        if not value.is_floating_point():
            raise TypeError(f"parameters: expected real numbers in {name}, found {value.dtype}")
        if not bool(value.isfinite().all()):
            raise ValueError(f"parameters: expected finite numbers in {name}, found others")
    return weights, parameters


def _by_name(parameters: Any) -> Any:
    """Parameters in the forms that PyTorch hands them out, as a structure of tensors."""
    if isinstance(parameters, Iterator | torch.nn.ParameterList):
        parameters = list(parameters)
    if isinstance(parameters, torch.nn.ParameterDict):
        parameters = dict(parameters.items())
    if isinstance(parameters, torch.nn.Module):
        raise TypeError(
            f"parameters: expected tensors by name, found {type(parameters).__name__}: give "
            "dict(module.named_parameters())"
        )
    if isinstance(parameters, Sequence) and parameters and all(_is_pair(p) for p in parameters):
        parameters = dict(parameters)
    return parameters


def _is_pair(entry: Any) -> bool:
    return (
        isinstance(entry, tuple)
        and len(entry) == 2  # noqa: PLR2004 - a name and a tensor
        and isinstance(entry[0], str)
        and isinstance(entry[1], torch.Tensor)
    )


def _copied(value: Any, field: str) -> Any:
    """A copy of a tensor, or of tensors in tuples, lists and dictionaries; None stays None."""
    if value is None:
        return None
    form = Structure(value, field, field)
    _with_numbers(form, value)
    for name, leaf in zip(form.names, form.leaves(value), strict=True):
        if leaf.is_floating_point() and not bool(leaf.isfinite().all()):
            raise ValueError(f"{name}: expected finite numbers, found others")
    return form.build([leaf.detach().clone() for leaf in form.leaves(value)])


def _with_numbers(form: Structure, value: Any) -> None:
    for name, leaf in zip(form.names, form.leaves(value), strict=True):
        if leaf.is_meta:
            raise ValueError(f"{name}: expected numbers, found a tensor on the device meta")


def _same_place(named: Sequence[tuple[str, torch.Tensor]]) -> None:
    first, place = named[0][0], named[0][1].device
    for name, tensor in named:
        if tensor.device != place:
            raise ValueError(
                f"{name}: expected it on {place}, as {first} is, found it on {tensor.device}"
            )


def _batch(x: Any, y: Any, start: State) -> int | None:
    """Size of the first dimension that everything shares, unless there is only one dimension."""
    tensors = [*start, *(t for t in (x, y) if isinstance(t, torch.Tensor))]
    if any(t.ndim == 0 for t in tensors) or all(s.ndim == 1 for s in start):
        return None
    sizes = {int(t.shape[0]) for t in tensors}
    return sizes.pop() if len(sizes) == 1 else None


def _transition_runs(ready: Prepared) -> None:
    problem, network = ready.problem, ready.problem.network
    assert isinstance(network, AdaptedNetwork)
    state = [s.clone() for s in ready.start]
    theta = {name: p.clone() for name, p in problem.parameters.items()}
    inputs = [problem.x] if isinstance(problem.x, torch.Tensor) else []
    nudge = torch.zeros_like(ready.start[0])
    found: list[State] = []

    def run() -> None:
        with torch.no_grad():
            found.extend(
                network.transition(problem.x, tuple(state), theta, given) for given in (None, nudge)
            )

    with of_the_user("transition"):
        writes = writes_into(run, state, list(theta.values()), inputs)
    new = found[0] if not writes else ready.start
    for name, before, after in zip(ready.states.names, ready.start, new, strict=True):
        if before.shape != after.shape:
            raise ValueError(
                f"start: expected {name} of the shape {tuple(after.shape)} of the next state, "
                f"found {tuple(before.shape)}"
            )
        if before.dtype != after.dtype:
            ready.notes.append(f"the next state of {name} has dtype {after.dtype}")
    if writes:
        network.copying = True
        ready.notes.append(
            "the transition writes into the tensors that it is given (in place): it was handed "
            "copies"
        )
    with of_the_user("transition"):
        _is_differentiable(ready)


def _is_differentiable(ready: Prepared) -> None:
    problem = ready.problem
    with torch.enable_grad():
        state = tuple(s.clone().requires_grad_() for s in ready.start)
        theta = {n: p.clone().requires_grad_() for n, p in problem.parameters.items()}
        new = problem.network.transition(problem.x, state, theta)
    if not any(s.requires_grad for s in new):
        raise ValueError(
            "transition: expected a next state that depends differentiably on state and "
            "parameters, found one without a gradient (no_grad, detached, or computed in NumPy?)"
        )


class _Broadcasts(TorchFunctionMode):
    """Sees where the target is stretched over another tensor, or the output over the target."""

    def __init__(self, output: torch.Tensor, target: Any) -> None:
        super().__init__()
        self.output, self.target = output, target
        self.found: tuple[tuple[int, ...], tuple[int, ...]] | None = None

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Look at the shapes and call the function."""
        tensors = [a for a in (*args, *(kwargs or {}).values()) if isinstance(a, torch.Tensor)]
        if getattr(func, "__name__", "") in _ELEMENTWISE and any(t is self.target for t in tensors):
            shape = self.target.shape
            for other in tensors:
                stretched = other.ndim > 0 and other.shape != shape
                if stretched and (other is self.output or _common(other.shape, shape) != shape):
                    self.found = tuple(other.shape), tuple(shape)
        return func(*args, **(kwargs or {}))


def _common(one: torch.Size, other: torch.Size) -> torch.Size | None:
    try:
        found: torch.Size = torch.broadcast_shapes(one, other)  # type: ignore[no-untyped-call]
    except RuntimeError:
        return other
    return found


def _loss_fits(loss: Loss, output: torch.Tensor, y: Any) -> None:
    if isinstance(loss, _LIKE_THE_OUTPUT) and (
        not isinstance(y, torch.Tensor) or y.shape != output.shape
    ):
        found = tuple(y.shape) if isinstance(y, torch.Tensor) else type(y).__name__
        raise ValueError(
            f"y: expected a target of the shape {tuple(output.shape)} of the output, found {found}"
        )
    at = output.detach().clone()
    with warnings.catch_warnings():  # of PyTorch about sizes that differ: refused below
        warnings.simplefilter("ignore", UserWarning)
        _value_fits(loss, at, y)
    with of_the_user("loss"):
        slope = loss.gradient(at, y)
    if not isinstance(slope, torch.Tensor) or slope.shape != output.shape:
        found = tuple(slope.shape) if isinstance(slope, torch.Tensor) else type(slope).__name__
        raise ValueError(
            f"loss: expected a gradient of the shape {tuple(output.shape)} of the output, found "
            f"{found}"
        )


def _value_fits(loss: Loss, at: torch.Tensor, y: Any) -> None:
    with _Broadcasts(at, y) as watch, torch.no_grad(), of_the_user("loss"):
        value = loss.value(at, y)
    if watch.found is not None:
        raise ValueError(
            f"y: expected a target that the loss compares entry by entry, found shape "
            f"{watch.found[1]} stretched over {watch.found[0]}"
        )
    if not isinstance(value, torch.Tensor) or value.ndim != 0:
        found = tuple(value.shape) if isinstance(value, torch.Tensor) else type(value).__name__
        raise ValueError(f"loss: expected a scalar tensor (reduction='sum'), found {found}")


def _increments_run(ready: Prepared) -> None:
    """One increment at the start: what the rule leaves out, or writes into."""
    problem, rule = ready.problem, ready.rule
    network = problem.network
    assert isinstance(network, AdaptedNetwork)
    state = tuple(s.clone() for s in ready.start)
    theta = {name: p.clone() for name, p in problem.parameters.items()}

    def increment() -> None:
        copying, rule.copying = rule.copying, False
        try:
            with torch.no_grad():
                rule.increment(network, problem.x, theta, state, state)
        finally:
            rule.copying = copying

    with of_the_user("rule"):
        writes = writes_into(increment, list(state), list(theta.values()))
    if writes:
        rule.copying = True
        ready.notes.append(
            f"the rule {rule.name} writes into the tensors that it is given (in place): it was "
            "handed copies, and what it wrote is lost"
        )
