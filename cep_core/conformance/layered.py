"""Files of dense layered networks: mini-batches of training, and the processes of one sample."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch

from cep_core.activations import ACTIVATIONS
from cep_core.check.bptt import nabla
from cep_core.check.delta import delta
from cep_core.conformance.archive import Head
from cep_core.conformance.contents import (
    MOST_LAYERS,
    MOST_STEPS,
    MOST_UNITS,
    MOST_VALUES,
    NUDGES,
    SIGN,
    ConformanceFile,
    Described,
    Expected,
    Shape,
    fault,
)
from cep_core.fields import (
    Fields,
    choice,
    flag,
    nonzero,
    number,
    one_of,
    positive,
    sequence,
    whole,
)
from cep_core.learning import Procedure, one_hot
from cep_core.networks import SETTINGS, Network, bias, network_named, published_drift, weight
from cep_core.phases import free_phase, kappa_of
from cep_core.problem import Problem
from cep_core.rules import C_EP, C_VF, EP, Rule, learning_rates
from cep_core.training.choose import make_engine
from cep_core.training.engine import EngineName

TOLERANCES: Mapping[str, float] = {"training": 1e-10, "curves": 1e-8}
"""By kind: the largest absolute difference that passes."""

_RULES = {"ep": EP, "cep": C_EP, "cvf": C_VF}


def describe(meta: Fields, kind: str, heads: Mapping[str, Head]) -> Described:
    """Check the description and say which arrays the file is to hold."""
    network, rule = _network(meta, kind)
    sizes: tuple[int, ...] = meta.read["sizes"]
    parameters = _parameter_shapes(sizes, rule)
    states: dict[str, Shape] = {f"s_{n}": (size,) for n, size in enumerate(sizes[:0:-1])}
    arrays = {f"initial/{name}": Expected(shape) for name, shape in parameters.items()}
    optional: dict[str, Expected] = {}
    if kind == "training":
        batches, batch = _training(meta)
        arrays["x"] = Expected((batches, batch, sizes[0]), 255)
        arrays["y"] = Expected((batches, batch), sizes[-1] - 1)
        arrays |= {f"final/{name}": Expected(shape) for name, shape in parameters.items()}
        arrays |= {f"free/{name}": Expected((batch, *shape)) for name, shape in states.items()}
    else:
        if meta.field("eta") is not None:
            meta.get("eta", sequence(number(), len(sizes) - 1, len(sizes) - 1))
        arrays |= {"x": Expected((1, sizes[0])), "y": Expected((1, sizes[-1]))}
        optional = {f"steady/{name}": Expected((1, *shape)) for name, shape in states.items()}
        for side in ("delta", "nabla"):
            for name, shape in (states | parameters).items():
                optional[f"{side}/{name}"] = Expected((meta.read["K"], *shape))
        if not optional.keys() & heads.keys():
            raise fault(meta.file, "arrays", "processes to compare", "none")
    return Described(network, rule, arrays, optional)


def _network(meta: Fields, kind: str) -> tuple[Network, Rule]:
    sizes = meta.get("sizes", sequence(whole(1, MOST_UNITS), 2, MOST_LAYERS))
    rule = meta.get("rule", one_of(_RULES))
    activation = meta.get("activation", one_of(ACTIVATIONS))
    nudge = meta.get("nudging", one_of(NUDGES))
    setting = meta.get("setting", choice(*SETTINGS))
    meta.get("beta", nonzero())
    steps = meta.get("K", whole(1, MOST_STEPS))
    meta.get("T", whole(steps + 1 if kind == "curves" else 1, MOST_STEPS))
    weights = sum(a * b for a, b in pairwise(sizes))
    values = weights * (steps if kind == "curves" else 1)
    if values > MOST_VALUES:
        raise meta.fault("sizes", f"processes of at most {MOST_VALUES} numbers", values)
    activations = (activation,) * (len(sizes) - 1)
    if setting == "prototypical":
        return network_named(setting, activations, nudge=nudge), rule
    found = network_named(
        setting,
        activations,
        dt=meta.get("dt", positive()),
        drift_slope=published_drift(vector_field=rule.vector_field),
        clamp=meta.get("clamp", flag()),
    )
    return found, rule


def _training(meta: Fields) -> tuple[int, int]:
    """Mini-batches and samples in each."""
    layers = len(meta.read["sizes"]) - 1
    meta.get("learning_rates", sequence(number(), layers, layers))
    meta.get("trains_input_bias", flag())
    signs = meta.get("beta_signs", sequence(SIGN))
    batch = meta.get("batch_size", whole(1, MOST_UNITS))
    states = batch * sum(meta.read["sizes"])
    if states > MOST_VALUES:
        raise meta.fault("batch_size", f"at most {MOST_VALUES} neurons in all", states)
    return len(signs), batch


def _parameter_shapes(sizes: tuple[int, ...], rule: Rule) -> dict[str, Shape]:
    from_output = sizes[::-1]
    layers = len(sizes) - 1
    shapes: dict[str, Shape] = {}
    for n in range(layers):
        above: int | str = "x" if n == layers - 1 else n + 1
        shapes[weight(n, above)] = (from_output[n], from_output[n + 1])
        shapes[bias(n)] = (from_output[n],)
        if above != "x" and rule is C_VF:
            shapes[weight(n + 1, n)] = (from_output[n + 1], from_output[n])
    return shapes


def mini_batches(file: ConformanceFile) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Inputs in [0, 1] and one-hot targets of every mini-batch of a ``training`` file, float64."""
    classes = file.meta["sizes"][-1]
    return [
        (pixels.double() / 255, one_hot(labels, classes, torch.float64))
        for pixels, labels in zip(file.arrays["x"], file.arrays["y"], strict=True)
    ]


def compute(file: ConformanceFile, engine: EngineName) -> dict[str, torch.Tensor]:
    """Train, or run both sides, as the file describes."""
    return _train(file, engine) if file.kind == "training" else _curves(file)


def _train(file: ConformanceFile, name: EngineName) -> dict[str, torch.Tensor]:
    meta, first = file.meta, file.initial
    rates = learning_rates(
        file.network, first, meta["learning_rates"], train_input_bias=meta["trains_input_bias"]
    )
    procedure = Procedure(file.rule, meta["beta"], meta["T"], meta["K"])
    engine = make_engine(name, file.network, procedure, first, rates).engine
    ours: dict[str, torch.Tensor] = {}
    for (x, y), sign in zip(mini_batches(file), meta["beta_signs"], strict=True):
        engine.learn(x, y, sign)
        if not ours:
            ours = {f"free/s_{n}": s.clone() for n, s in enumerate(engine.steady_state)}
    return ours | {f"final/{name}": value for name, value in engine.parameters().items()}


def _curves(file: ConformanceFile) -> dict[str, torch.Tensor]:
    meta, parameters = file.meta, file.initial
    x, y, steps = file.arrays["x"], file.arrays["y"], meta["K"]
    network = file.network
    earlier = free_phase(network, x, parameters, steps=meta["T"] - steps)
    steady = free_phase(network, x, parameters, steps=steps, start=earlier.state)
    rates = learning_rates(
        network,
        parameters,
        meta["eta"] or [0.0] * (len(meta["sizes"]) - 1),
        train_input_bias=not (meta["setting"] == "prototypical" and file.rule is C_VF),
    )
    kappa = kappa_of(network, rates, meta["beta"])
    problem = Problem(network, x, y, parameters, steady=steady.state)
    sides = {
        "delta": delta(problem, file.rule, beta=meta["beta"], kappa=kappa, steps=steps),
        "nabla": nabla(problem, steps=steps, start=earlier.state),
    }
    ours = {f"steady/s_{n}": s for n, s in enumerate(steady.state)}
    for side, processes in sides.items():
        for n, process in enumerate(processes.state):
            ours[f"{side}/s_{n}"] = process[:, 0]
        for name, process in processes.parameters.items():
            ours[f"{side}/{name}"] = process
    return ours


def first_compared(file: ConformanceFile, array: str) -> int:  # noqa: ARG001 - of every format
    """First time at which a process is compared: earlier entries are zeros that nobody computed."""
    side, _, rest = array.partition("/")
    if side not in {"delta", "nabla"}:
        return 0
    return int(rest.removeprefix("s_")) if rest.startswith("s_") else 1
