"""Files of directed networks: free state, adjoint, responses, gradients, homeostatic loss.

Layers are named in ``meta.layers`` from the input to the output, and concatenated in that order; a
connection ``pre-post`` has a ``kernel`` of shape ``(size_pre, size_post)`` and, where it leads
forward, a ``bias``. The nudge is ``+ beta dl/dr``. Kernels are the transposes of our weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from cep_core.activations import ACTIVATIONS
from cep_core.arrays import State
from cep_core.conformance.archive import Head
from cep_core.conformance.contents import (
    MOST_LAYERS,
    MOST_STEPS,
    MOST_UNITS,
    MOST_VALUES,
    ConformanceFile,
    Described,
    Expected,
    Shape,
    fault,
)
from cep_core.estimators import DerivativeAtZero, OneSided, PointsOnCircle, RelaxedAdjoint
from cep_core.estimators.estimate import Estimate
from cep_core.fields import (
    Fields,
    Kind,
    choice,
    number,
    plain_name,
    positive,
    sequence,
    shown,
    whole,
)
from cep_core.homeostasis import antisymmetric_loss, blocks, hutchinson_loss
from cep_core.learning import one_hot
from cep_core.losses import Loss, SquaredError
from cep_core.networks import Bias, Dense, Edge, bias, weight
from cep_core.networks.directed import Directed
from cep_core.phases import free_phase
from cep_core.problem import Problem
from cep_core.read_out import BIAS, KERNEL, SoftmaxReadOut
from cep_core.rules import VF
from cep_core.training.engine import EngineName

TOLERANCES: Mapping[str, float] = {"homeostasis": 1e-10}
"""By kind: the largest absolute difference that passes."""

INPUT, READ_OUT = "in", "readout"
MOST_POINTS = 1000
_SIGMOID = "1/(1+exp(-4z+2))"


def describe(meta: Fields, kind: str, heads: Mapping[str, Head]) -> Described:  # noqa: ARG001 - there is one
    """Check the description and say which arrays the file is to hold."""
    layers = meta.get("layers", sequence(plain_name(), 1, MOST_LAYERS))
    if len(set(layers)) < len(layers) or INPUT in layers or any("-" in n for n in layers):
        raise meta.fault("layers", f"different names without '-', none {INPUT}", shown(layers))
    table = meta.table("sizes")
    sizes = {name: table.get(name, whole(1, MOST_UNITS)) for name in (INPUT, *layers)}
    table.done()
    between = _connections(meta, layers)
    meta.get("activation", choice(_SIGMOID))
    for name in ("T1", "T2", "adjoint_steps"):
        meta.get(name, whole(1, MOST_STEPS))
    betas = meta.get("betas", sequence(_STRENGTH))
    points = meta.get("Ns", sequence(whole(1, MOST_POINTS)))
    batch = meta.get("batch_size", whole(1, MOST_UNITS))
    meta.get("input_scale", positive())
    meta.get("homeo_exact", number(0), 0.0)
    draws = meta.get("homeo_draws", whole(1, MOST_UNITS), 1)
    _refuse_more_than_fits(meta, sizes, between, batch * (max(points) + draws))
    trained = meta.get("loss", choice("xent", "mse")) == "xent"
    classes = sizes[layers[-1]]
    kernels = {f"{a}-{b}": (sizes[a], sizes[b]) for a, b in between}
    if trained:
        head = heads.get(f"initial/{READ_OUT}/kernel")
        classes = head.shape[-1] if head is not None and head.shape else 1
        kernels[READ_OUT] = (sizes[layers[-1]], classes)
    forward = [f"{a}-{b}" for a, b in between if _leads_forward(layers, a, b)]
    parameters: dict[str, Shape] = {f"{name}/kernel": size for name, size in kernels.items()}
    parameters |= {f"{n}/bias": kernels[n][1:] for n in (*forward, *([READ_OUT] * trained))}
    arrays = {f"initial/{name}": Expected(size) for name, size in parameters.items()}
    pixels = 255 if "x" in heads and heads["x"].dtype.kind in "iu" else None
    arrays |= {"x": Expected((batch, sizes[INPUT]), pixels), "y": Expected((batch,), classes - 1)}
    groups = ["free/u_", "adjoint/", "response_autodiff/"]
    names = [f"N{n}_beta{b}" for n in points for b in betas]
    groups += [f"response_{name}/" for name in names]
    optional = {f"{g}{n}": Expected((batch, sizes[n])) for g in groups for n in layers}
    for group in ("gradient_exact", *(f"gradient_hep_{name}" for name in names)):
        optional |= {f"{group}/{name}": Expected(size) for name, size in parameters.items()}
    optional |= {f"homeo_gradient_draw0/{n}/kernel": Expected(k) for n, k in kernels.items()}
    optional |= {f"homeo_eps/{n}": Expected((draws, batch, sizes[n])) for n in layers}
    optional |= {"homeo_loss": Expected((draws,)), "jac_sym": Expected((batch,))}
    if not optional.keys() & heads.keys():
        raise fault(meta.file, "arrays", "results to compare", "none")
    drawn = [name for name in heads if name == "homeo_loss" or name.startswith("homeo_gradient")]
    for name in (f"homeo_eps/{layer}" for layer in layers if drawn):
        if name not in heads:
            raise fault(meta.file, f"array {name}", f"the draws of {drawn[0]}", "none")
    return Described(_network(layers, between), VF, arrays, optional)


def _strength(value: Any) -> float:
    positive().convert(value)
    return value  # type: ignore[no-any-return] # as it is written: 1 and 1.0 have two names


_STRENGTH = Kind(positive().expected, _strength)


def _refuse_more_than_fits(
    meta: Fields, sizes: Mapping[str, int], between: list[tuple[str, str]], rows: int
) -> None:
    values = sum(sizes[a] * sizes[b] for a, b in between) + rows * sum(sizes.values())
    if values > MOST_VALUES:
        raise meta.fault("sizes", f"at most {MOST_VALUES} weights and states in all", values)


def _leads_forward(layers: tuple[str, ...], pre: str, post: str) -> bool:
    return pre == INPUT or layers.index(pre) < layers.index(post)


def _connections(meta: Fields, layers: tuple[str, ...]) -> list[tuple[str, str]]:
    """Ends of every connection: each into a layer, one of them forward."""

    def convert(value: Any) -> tuple[str, str]:
        pre, found, post = value.partition("-") if isinstance(value, str) else ("", "", "")
        if not found or pre not in {INPUT, *layers} or post not in layers:
            raise ValueError
        return pre, post

    names = f"{INPUT}, {', '.join(layers)}"
    kind = Kind(f"'pre-post' with two of {names}", convert)
    found: tuple[tuple[str, str], ...] = meta.get("connections", sequence(kind))
    for layer in layers:
        into = [pre for pre, post in found if post == layer and _leads_forward(layers, pre, post)]
        if len(into) != 1:
            raise meta.fault("connections", f"one forward into {layer}", len(into))
    if len(set(found)) < len(found):
        raise meta.fault("connections", "each pair once", shown(meta.values["connections"]))
    return list(found)


def _places(layers: tuple[str, ...]) -> dict[str, int]:
    """Our number of every layer: counted from the output."""
    return {name: n for n, name in enumerate(reversed(layers))}


def _network(layers: tuple[str, ...], between: list[tuple[str, str]]) -> Directed:
    place, edges = _places(layers), list[Edge]()
    for pre, post in between:
        n = place[post]
        edges.append(Dense(n, "x" if pre == INPUT else place[pre], tied=False))
        if _leads_forward(layers, pre, post):
            edges.append(Bias(n))
    return Directed((ACTIVATIONS["sigmoid"],) * len(layers), edges=tuple(edges))


@dataclass(frozen=True)
class _Solved:
    """A file's network at its free state."""

    file: ConformanceFile

    @cached_property
    def network(self) -> Directed:
        assert isinstance(self.file.network, Directed)
        return self.file.network

    @cached_property
    def place(self) -> dict[str, int]:
        return _places(self.file.meta["layers"])

    @cached_property
    def names(self) -> dict[str, str]:
        """Our name of every parameter of the file."""
        found = {f"{READ_OUT}/kernel": KERNEL, f"{READ_OUT}/bias": BIAS}
        for pre, post in self.file.meta["connections"]:
            n = self.place[post]
            if _leads_forward(self.file.meta["layers"], pre, post):
                found[f"{pre}-{post}/bias"] = bias(n)
            found[f"{pre}-{post}/kernel"] = weight(n, "x" if pre == INPUT else self.place[pre])
        return found

    @cached_property
    def parameters(self) -> dict[str, torch.Tensor]:
        given = self.file.initial
        return {self.names[name]: _transposed(value) for name, value in given.items()}

    @cached_property
    def x(self) -> torch.Tensor:
        scale: float = self.file.meta["input_scale"]
        return self.file.arrays["x"].double() / scale

    @cached_property
    def free(self) -> State:
        """The pre-activations after T1 steps from ``u = 0``."""
        theta, steps = self.parameters, self.file.meta["T1"]
        state = self.network.zero_state(self.x, theta)
        if steps > 1:
            earlier = free_phase(self.network, self.x, theta, steps=steps - 1, start=state)
            state = earlier.state
        return self.network.arguments(self.x, state, theta)

    @cached_property
    def problem(self) -> Problem:
        theta = self.parameters
        trained = KERNEL in theta
        classes = len(theta[BIAS]) if trained else len(theta[bias(0)])
        y = one_hot(self.file.arrays["y"], classes, torch.float64)
        loss: Loss = SoftmaxReadOut(theta) if trained else SquaredError()
        activated = zip(self.network.activations, self.free, strict=True)
        return Problem(self.network, self.x, y, theta, loss, tuple(f(u) for f, u in activated))

    def layers(self, prefix: str, state: State) -> dict[str, torch.Tensor]:
        return {f"{prefix}{name}": state[n] for name, n in self.place.items()}

    def gradient(self, prefix: str, estimate: Estimate) -> dict[str, torch.Tensor]:
        found = estimate.gradient(self.problem)
        loss = self.problem.loss
        if isinstance(loss, SoftmaxReadOut):
            own = loss.parameter_gradient(self.problem.rest[0], self.problem.y)
            found |= {name: value / len(self.problem.x) for name, value in own.items()}
        return {
            f"{prefix}/{name}": _transposed(found[ours])
            for name, ours in self.names.items()
            if ours in found
        }

    def responses(self) -> dict[str, torch.Tensor]:
        meta = self.file.meta
        found: dict[str, torch.Tensor] = {}
        steps = meta["T2"]
        for n in meta["Ns"]:
            for beta in meta["betas"]:
                estimator = OneSided(beta, steps) if n == 1 else PointsOnCircle(beta, n, steps)
                estimate = estimator(self.problem)
                found |= self.layers(f"response_N{n}_beta{beta}/", estimate.signal)
                found |= self.gradient(f"gradient_hep_N{n}_beta{beta}", estimate)
        return found

    def homeostasis(self) -> dict[str, torch.Tensor]:
        draws = self.file.group("homeo_eps")
        found = {"jac_sym": self.symmetric_share().expand(len(self.problem.x))}
        if not draws:
            return found
        ordered = [draws[name] for name in self.place]
        each = [
            hutchinson_loss(self.network, self.problem, [eps], "published")
            for eps in zip(*ordered, strict=True)
        ]
        found["homeo_loss"] = torch.tensor([loss.value for loss in each], dtype=torch.float64)
        for name, ours in self.names.items():
            if name.endswith("/kernel") and ours in self.parameters:
                slope = each[0].gradient.get(ours, torch.zeros_like(self.parameters[ours]))
                found[f"homeo_gradient_draw0/{name}"] = _transposed(slope)
        return found

    def symmetric_share(self) -> torch.Tensor:
        """``|S| / (|S| + |A|)`` of the halves of the published ``J = W - I``."""
        found = blocks(self.network.connections(self.parameters), self.parameters)
        neurons = sum(s.shape[1] for s in self.problem.rest)
        odd = antisymmetric_loss(self.network, self.parameters).value * neurons / 2
        whole_square = sum(float(block.square().sum()) for block in found.values()) + neurons
        trace = sum(float(block.trace()) for (n, m), block in found.items() if n == m)
        even = whole_square - 2 * trace - odd
        share = even**0.5 / (even**0.5 + odd**0.5)
        return torch.tensor(share, dtype=torch.float64)


def _transposed(value: torch.Tensor) -> torch.Tensor:
    """A kernel from a weight, or the other way round; a bias as it is."""
    return value.T.contiguous() if value.ndim > 1 else value


def compute(file: ConformanceFile, engine: EngineName) -> dict[str, torch.Tensor]:  # noqa: ARG001 - nothing is trained
    """Settle, estimate and draw as the file describes."""
    solved = _Solved(file)
    adjoint = RelaxedAdjoint(file.meta["adjoint_steps"], tolerance=0.0)(solved.problem)
    response = DerivativeAtZero(file.meta["T2"])(solved.problem)
    return (
        solved.layers("free/u_", solved.free)
        | solved.layers("adjoint/", adjoint.signal)
        | solved.layers("response_autodiff/", response.signal)
        | solved.responses()
        | solved.gradient("gradient_exact", adjoint)
        | solved.homeostasis()
    )


def first_compared(file: ConformanceFile, array: str) -> int:  # noqa: ARG001 - of every file
    """0: every entry is compared."""
    return 0
