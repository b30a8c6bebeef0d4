"""A network and a rule as a device runs them: mismatch, asymmetry, grids and noise.

Nothing here changes the definition: the network stands in for the ideal one and shows it other
parameters, the rule rounds what the ideal one asks for. Both phases run on the same device.
"""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import torch

from cep_core.arrays import Array, Parameters, State
from cep_core.networks import Delegate, Network
from cep_core.networks.edges import weight
from cep_core.rules import Rule


@dataclass(frozen=True)
class Imperfection:
    """How a device departs from the ideal; the defaults are the ideal.

    Attributes:
        mismatch: relative standard deviation of the elements, each fixed for the device: the gain
            of every neuron (a factor on all that it receives) and the size of every weight's
            updates.
        asymmetry: relative standard deviation of the weights seen by the signal that runs towards
            the input, each a fixed factor on the weight.
        weight_bits: bits of the weights that neurons see, rounded to ``2^bits - 1`` levels evenly
            between plus and minus the largest of their matrix; what is learned adds up exactly
            behind them. Biases are exact.
        update_bits: updates are rounded to whole levels of a weight of so many bits, those of
            every nudged step for a continual rule, and their sum for another.
        stochastic: round updates up or down by chance, right in the mean, rather than to the
            nearest level.
        noise: standard deviation of what is added to every unit in every transition.
        seed: of the device and of chance.

    Raises:
        ValueError: at construction, naming the field.

    """

    mismatch: float = 0.0
    asymmetry: float = 0.0
    weight_bits: int | None = None
    update_bits: int | None = None
    stochastic: bool = False
    noise: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what no device has."""
        for name in ("mismatch", "asymmetry", "noise"):
            value = getattr(self, name)
            if not 0 <= value < float("inf"):
                raise ValueError(f"{name}: expected a number of at least 0, found {value}")
        for name in ("weight_bits", "update_bits"):
            bits = getattr(self, name)
            if bits is not None and not 2 <= bits <= 32:  # noqa: PLR2004 - plus, zero, minus; float32
                raise ValueError(f"{name}: expected from 2 to 32 bits, found {bits}")

    def spread(self, value: torch.Tensor, share: float, name: str) -> torch.Tensor:
        """Factors ``1 + share N(0, 1)`` shaped like a tensor, those of the device for a name."""
        return 1 + share * _normal(tuple(value.shape), name, self.seed, value.dtype)


@cache
def _normal(shape: tuple[int, ...], name: str, seed: int, dtype: torch.dtype) -> torch.Tensor:
    generator = torch.Generator().manual_seed(zlib.crc32(f"{seed} {name}".encode()))
    return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)


def level(value: torch.Tensor, bits: int) -> torch.Tensor:
    """Distance of the levels of a matrix: ``2^bits - 1`` of them up to its largest entry."""
    step: torch.Tensor = value.abs().amax() / (2 ** (bits - 1) - 1)
    return step


def rounded(value: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
    """Nearest multiple of a step; the value itself where the step is 0."""
    return torch.where(step > 0, torch.round(value / step) * step, value)


@dataclass(frozen=True)
class DeviceNetwork(Delegate):
    """A chain of dense layers on a device.

    Attributes:
        base: the ideal network.
        imperfection: how the device departs from it.
        chance: source of the noise, drawn from by every transition.

    """

    imperfection: Imperfection
    chance: torch.Generator = field(compare=False, default_factory=torch.Generator)

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """That of the base at the parameters that the device has, and noise."""
        after = self.base.transition(x, state, self.seen(parameters), nudge)
        noise = self.imperfection.noise
        if not noise:
            return after
        return tuple(
            s + noise * torch.randn(s.shape, generator=self.chance, dtype=s.dtype) for s in after
        )

    def seen(self, parameters: Parameters) -> Parameters:
        """The parameters that the neurons see: one for either direction of every connection."""
        device, found = self.imperfection, dict(parameters)
        bits = device.weight_bits
        if bits is not None:
            for name, value in parameters.items():
                if value.ndim > 1:
                    found[name] = rounded(value, level(value, bits))
        if not (device.mismatch or device.asymmetry):
            return found
        for n in range(len(self.activations) - 1):
            back = weight(n + 1, n)
            if back not in found:
                found[back] = found[weight(n, n + 1)].T
            found[back] = found[back] * device.spread(found[back], device.asymmetry, back)
        for name, value in found.items():
            layer = name.split("_")[1]
            gains = device.spread(value.new_ones(value.shape[0]), device.mismatch, f"s_{layer}")
            found[name] = value * gains.view(-1, *[1] * (value.ndim - 1))
        return found


@dataclass(frozen=True)
class DeviceRule(Rule):
    """A rule whose updates are those of a device.

    Attributes:
        imperfection: how the device departs from the ideal.
        kappa: ``|eta / beta'|`` of every parameter: what turns increments into updates.
        chance: source of stochastic rounding.

    """

    imperfection: Imperfection = field(default_factory=Imperfection)
    kappa: Mapping[str, float] = field(default_factory=dict)
    chance: torch.Generator = field(compare=False, default_factory=torch.Generator)

    def increment(
        self, network: Network, x: Array, parameters: Parameters, state: State, following: State
    ) -> Parameters:
        """That of the ideal rule, as large and as finely graded as the device makes it."""
        found = super().increment(network, x, parameters, state, following)
        mismatch = self.imperfection.mismatch
        if mismatch:
            spread = self.imperfection.spread
            found = {n: v * spread(v, mismatch, f"update of {n}") for n, v in found.items()}
        if not self.continual:
            return found
        return {
            name: self._graded(name, value * kappa, parameters) / kappa if kappa else value
            for name, value in found.items()
            for kappa in (self.kappa[name],)
        }

    def step(
        self, memory: Parameters, parameters: Parameters, learned: Parameters
    ) -> tuple[Parameters, Parameters]:
        """The one update of a rule that is not continual, as finely graded as the device is."""
        memory, learned = super().step(memory, parameters, learned)
        if not self.continual:
            learned = {
                name: value + self._graded(name, learned[name] - value, parameters)
                for name, value in parameters.items()
            }
        return memory, learned

    def _graded(self, name: str, update: torch.Tensor, parameters: Parameters) -> torch.Tensor:
        bits = self.imperfection.update_bits
        if bits is None or update.ndim == 1:
            return update
        step = level(parameters[name], bits)
        if not self.imperfection.stochastic:
            return rounded(update, step)
        chance = torch.rand(update.shape, generator=self.chance, dtype=update.dtype)
        return torch.where(step > 0, torch.floor(update / step + chance) * step, update)


def on_device(
    network: Network, rule: Rule, imperfection: Imperfection, kappa: Mapping[str, float]
) -> tuple[DeviceNetwork, DeviceRule]:
    """A network and a rule as the device runs them.

    Args:
        network: a chain of dense layers.
        rule: what learns.
        imperfection: how the device departs from the ideal.
        kappa: ``eta / beta'`` of every parameter, of either sign.

    """
    ideal = {f.name: getattr(rule, f.name) for f in dataclasses.fields(Rule)}
    sizes = {name: abs(float(k)) for name, k in kappa.items()}
    noise, rounding = (torch.Generator().manual_seed(2 * imperfection.seed + i) for i in (0, 1))
    return (
        DeviceNetwork(network, imperfection, noise),
        DeviceRule(**ideal, imperfection=imperfection, kappa=sizes, chance=rounding),
    )
