"""Files of convolutional networks: mini-batches of training, and the processes of a few samples.

``meta.channels`` runs from the deepest layer to the image and ``meta.fc_sizes`` from the output;
``fc_i`` and ``conv_j`` count from the output, each kind on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

import torch

from cep_core.activations import ACTIVATIONS
from cep_core.arrays import Parameters, State
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
from cep_core.fields import Fields, choice, nonzero, number, one_of, positive, rate, sequence, whole
from cep_core.learning import Procedure, learn_batch, one_hot
from cep_core.networks import bias, weight
from cep_core.networks.convolutional import ConvolutionalShape, Winners
from cep_core.networks.gather import Pair
from cep_core.networks.pooling import AveragePooling, MaxPooling, Pooling, SoftmaxPooling
from cep_core.phases import free_phase, kappa_of
from cep_core.problem import Problem
from cep_core.rules import C_EP, EP, Rule, learning_rates
from cep_core.training.choose import make_engine
from cep_core.training.engine import EngineName

TOLERANCES: Mapping[str, float] = {"conv-training": 1e-10, "conv-curves": 1e-8}
"""By kind: the largest absolute difference that passes."""

_RULES: dict[str, Rule] = {"ep": EP, "centred": EP, "cep": C_EP}
_ACTIVATIONS = {
    "hardsigm": ACTIVATIONS["hard-sigmoid"],
    "sigm": ACTIVATIONS["sigmoid"],
    "tanh": ACTIVATIONS["tanh"],
}
_POOLINGS: dict[str, Callable[[Pair, Pair], Pooling]] = {
    "max": MaxPooling,
    "avg": AveragePooling,
    "softmax": SoftmaxPooling,
}
_WINNERS: dict[str, Winners] = {"at the state": "current", "lagged": "one step old"}
_LAYERS = "layer n for t < n"


def describe(meta: Fields, kind: str, heads: Mapping[str, Head]) -> Described:
    """Check the description and say which arrays the file is to hold."""
    training = kind == "conv-training"
    shape = _shape(meta, _image(meta, heads), training=training)
    activation = meta.get("activation", one_of(_ACTIVATIONS))
    winners = meta.get("winners", one_of(_WINNERS))
    nudge = meta.get("nudging", one_of(NUDGES))
    meta.get("setting", choice("prototypical"))
    meta.get("rule", choice(*(_RULES if training else ("ep", "cep"))))
    meta.get("beta", nonzero())
    steps = meta.get("K", whole(1, MOST_STEPS))
    meta.get("T", whole(1 if training else steps + 1, MOST_STEPS))
    parameters, states = _parameters(shape), _states(shape)
    weights = sum(map(prod, parameters.values())) * (1 if training else steps)
    if weights > MOST_VALUES:
        raise meta.fault("channels", f"processes of at most {MOST_VALUES} numbers", weights)
    arrays = {f"initial/{name}": Expected(size) for name, size in parameters.items()}
    optional: dict[str, Expected] = {}
    if training:
        arrays |= _of_training(meta, heads, parameters, states)
    else:
        batch = heads["x"].shape[0]
        eta = meta.get("eta", rate(), 0.0)
        if meta.read["rule"] == "ep" and eta != 0:
            raise meta.fault("eta", "0 for rule ep", eta)
        zeroed = meta.field("zeroed")
        if not isinstance(zeroed, str) or not zeroed.startswith(("nothing", _LAYERS)):
            raise meta.fault("zeroed", f"'nothing …' or '{_LAYERS} …'", repr(zeroed)[:60])
        arrays |= {"x": Expected(heads["x"].shape), "y": Expected((batch, shape.dense[-1]))}
        for name, size in states.items():
            optional[f"steady/{name}"] = Expected((batch, *size))
        for side in ("delta", "nabla"):
            for name, size in states.items():
                optional[f"{side}/{name}"] = Expected((steps, batch, *size))
            for name, size in parameters.items():
                optional[f"{side}/{name}"] = Expected((steps, *size))
        if not optional.keys() & heads.keys():
            raise fault(meta.file, "arrays", "processes to compare", "none")
    network = shape.network(activation, nudge=nudge, winners=winners)
    return Described(network, _RULES[meta.read["rule"]], arrays, optional)


def _image(meta: Fields, heads: Mapping[str, Head]) -> tuple[int, int, int]:
    """Channels, rows and columns of an image, from the head of ``x``."""
    channels = meta.get("channels", sequence(whole(1, MOST_UNITS), 2, MOST_LAYERS))
    if "x" not in heads:
        raise fault(meta.file, "array x", "images", "none")
    found = heads["x"].shape
    training = meta.read["kind"] == "conv-training"
    of_one = (channels[-1],) if not training or channels[-1] > 1 else ()
    leading = ["batches", "B"] if training else ["B"]
    count = len(leading) + len(of_one)
    if len(found) != count + 2 or min(found) < 1 or found[len(leading) : count] != of_one:
        expected = ", ".join((*leading, *map(str, of_one), "rows", "columns"))
        raise fault(meta.file, "array x", f"shape ({expected})", found)
    return channels[-1], found[-2], found[-1]


def _shape(meta: Fields, image: tuple[int, int, int], *, training: bool) -> ConvolutionalShape:
    """Layers of the network, of which there is room for the patches of a mini-batch."""
    side = whole(1, MOST_UNITS)
    channels: tuple[int, ...] = meta.read["channels"]
    dense = meta.get("fc_sizes", sequence(side, 1, MOST_LAYERS))
    meta.get("order", choice("output to input"), "output to input")
    meta.get("dtype", choice("float64"), "float64")
    pools = meta.get("pool_size", side, 2), meta.get("pool_stride", side, 2)
    pooling = meta.get("pool", one_of(_POOLINGS))((pools[0], pools[0]), (pools[1], pools[1]))
    batch = meta.get("batch_size", side) if training else 1
    try:
        shape = ConvolutionalShape(
            channels[-2::-1],
            dense[::-1],
            image,
            kernel=meta.get("kernel", side),
            stride=meta.get("stride", side, 1),
            padding=meta.get("padding", whole(0, MOST_UNITS)),
            pooling=pooling,
        )
    except ValueError as error:
        if isinstance(error, meta.error):
            raise
        raise meta.error(f"{meta.file}: meta: {error}") from None
    patches = shape.patches * batch
    if patches > MOST_VALUES:
        raise meta.fault("channels", f"at most {MOST_VALUES} numbers in the patches", patches)
    return shape


def _of_training(
    meta: Fields,
    heads: Mapping[str, Head],
    parameters: Mapping[str, Shape],
    states: Mapping[str, Shape],
) -> dict[str, Expected]:
    layers = len(states)
    meta.get("learning_rates", sequence(number(), layers, layers))
    meta.get("input_scale", positive())
    batches, batch = len(meta.get("beta_signs", sequence(SIGN))), meta.read["batch_size"]
    pixels = None if heads["x"].dtype.kind == "f" else 255
    arrays = {
        "x": Expected((batches, batch, *heads["x"].shape[2:]), pixels),
        "y": Expected((batches, batch), meta.read["fc_sizes"][0] - 1),
    }
    arrays |= {f"final/{name}": Expected(size) for name, size in parameters.items()}
    groups = ["free"]
    if meta.get("start", choice("zero", "given"), "zero") == "given":
        groups.append("start")
    for group in groups:
        arrays |= {f"{group}/{name}": Expected((batch, *size)) for name, size in states.items()}
    return arrays


def _names(dense: int, layers: int) -> dict[str, str]:
    """Our name of every parameter by that of the file."""
    found: dict[str, str] = {}
    for n in range(layers):
        kind, i = ("fc", n) if n < dense else ("conv", n - dense)
        found[f"{kind}_{i}"] = weight(n, "x" if n == layers - 1 else n + 1)
        found[f"{kind}_b_{i}"] = bias(n)
    return found


def _parameters(shape: ConvolutionalShape) -> dict[str, Shape]:
    """Shape of every parameter by the name that the file gives it."""
    names = _names(len(shape.dense), shape.layers)
    return {theirs: shape.parameters[ours] for theirs, ours in names.items()}


def _states(shape: ConvolutionalShape) -> dict[str, Shape]:
    return {f"s_{n}": size for n, size in enumerate(shape.states)}


def compute(file: ConformanceFile, engine: EngineName) -> dict[str, torch.Tensor]:
    """Train, or run both sides, as the file describes."""
    return _train(file, engine) if file.kind == "conv-training" else _curves(file)


def _by_our_names(file: ConformanceFile) -> tuple[dict[str, str], Parameters]:
    """Our name of every parameter by the file's, and the initial parameters by our names."""
    dense = len(file.meta["fc_sizes"])
    names = _names(dense, dense + len(file.meta["channels"]) - 1)
    return names, {names[name]: value for name, value in file.initial.items()}


def _state(arrays: Mapping[str, torch.Tensor]) -> State:
    return tuple(arrays[f"s_{n}"] for n in range(len(arrays)))


def _train(file: ConformanceFile, name: EngineName) -> dict[str, torch.Tensor]:
    meta = file.meta
    names, parameters = _by_our_names(file)
    rates = learning_rates(file.network, parameters, meta["learning_rates"])
    procedure = Procedure(
        file.rule, meta["beta"], meta["T"], meta["K"], centred=meta["rule"] == "centred"
    )
    start = _state(file.group("start")) if meta.get("start") == "given" else None
    engine = make_engine(name, file.network, procedure, parameters, rates).engine
    classes = meta["fc_sizes"][0]
    channels = meta["channels"][-1]
    ours: dict[str, torch.Tensor] = {}
    for images, labels, sign in zip(
        file.arrays["x"], file.arrays["y"], meta["beta_signs"], strict=True
    ):
        x = images.double().view(len(images), channels, *images.shape[-2:]) / meta["input_scale"]
        y = one_hot(labels, classes, torch.float64)
        if start is None:
            engine.learn(x, y, sign)
            parameters, free = engine.parameters(), engine.steady_state
        else:  # an engine starts from the state 0
            learned = learn_batch(
                file.network, procedure, x, y, parameters, rates, sign=sign, start=start
            )
            parameters, free = learned.parameters, learned.free.state
        if not ours:
            ours = {f"free/s_{n}": s.clone() for n, s in enumerate(free)}
    return ours | {f"final/{theirs}": parameters[name] for theirs, name in names.items()}


def _curves(file: ConformanceFile) -> dict[str, torch.Tensor]:
    meta, network = file.meta, file.network
    names, parameters = _by_our_names(file)
    x, y, steps = file.arrays["x"], file.arrays["y"], meta["K"]
    earlier = free_phase(network, x, parameters, steps=meta["T"] - steps)
    steady = free_phase(network, x, parameters, steps=steps, start=earlier.state)
    kappa = kappa_of(network, dict.fromkeys(parameters, meta["eta"]), meta["beta"])
    problem = Problem(network, x, y, parameters, steady=steady.state)
    sides = {
        "delta": delta(problem, file.rule, beta=meta["beta"], kappa=kappa, steps=steps),
        "nabla": nabla(problem, steps=steps, start=earlier.state),
    }
    ours = {f"steady/s_{n}": s for n, s in enumerate(steady.state)}
    for side, processes in sides.items():
        ours |= {f"{side}/s_{n}": process for n, process in enumerate(processes.state)}
        for theirs, name in names.items():
            ours[f"{side}/{theirs}"] = processes.parameters[name]
    return ours


def first_compared(file: ConformanceFile, array: str) -> int:
    """First time at which a process is compared: layer ``n`` may be left zero before ``n``."""
    side, _, rest = array.partition("/")
    if side not in {"delta", "nabla"} or not rest.startswith("s_"):
        return 0
    return int(rest.removeprefix("s_")) if file.meta["zeroed"].startswith(_LAYERS) else 0
