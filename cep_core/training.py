"""Training: the engines' common interface, the definition as an engine, and one epoch of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import torch

from cep_core.arrays import Parameters
from cep_core.learning import Procedure, learn_batch, one_hot
from cep_core.networks import Network, Prototypical
from cep_core.phases import free_phase

NUMERICS = 2
"""Version of the arithmetic: raised by whatever changes the bits of a training run."""

PREPARED = 16
"""Mini-batches whose inputs are scaled at once, so that starting the operations costs little."""

EngineName = Literal["fast", "reference"]


class Engine(Protocol):
    """Trains one network in place; the definition and the fast engine answer alike.

    An engine is made of ``(network, procedure, parameters, rates)``, takes copies of the
    parameters, and works in their dtype and on their device.
    """

    def load(self, parameters: Parameters) -> None:
        """Replace the parameters by copies of these (same names and shapes)."""

    def parameters(self) -> dict[str, torch.Tensor]:
        """Return copies of the parameters by name, in the order in which they were given."""

    @property
    def steady_state(self) -> tuple[torch.Tensor, ...]:
        """End of the last mini-batch's free phase: ``(B, size_n)`` per layer, output first."""

    def learn(self, x: torch.Tensor, y: torch.Tensor, sign: int = 1) -> torch.Tensor:
        """Learn one mini-batch; return the output layer at the end of its free phase.

        Args:
            x: inputs, shape ``(B, size_x)``; ``B`` may differ from one call to the next.
            y: targets, shape ``(B, size_0)``.
            sign: +1 or -1, the sign of ``beta``.

        Returns:
            Shape ``(B, size_0)``; may be overwritten by the next call.

        """

    def predict(self, x: torch.Tensor) -> torch.Tensor:
        """Return the output after a free phase of ``T`` steps, shape ``(samples, size_0)``."""


def _parts(rows: torch.Tensor, size: int) -> Iterator[torch.Tensor]:
    """Successive ``size`` rows, the last part possibly smaller."""
    return (rows[start : start + size] for start in range(0, len(rows), size))


class ReferenceEngine:
    """The definition (:func:`cep_core.learning.learn_batch`) as an engine; trains any network."""

    def __init__(
        self,
        network: Network,
        procedure: Procedure,
        parameters: Parameters,
        rates: Mapping[str, float],
    ) -> None:
        """Take copies of the parameters, and the learning rate of each by name."""
        self.network = network
        self.procedure = procedure
        self.rates = dict(rates)
        self._steady_state: tuple[torch.Tensor, ...] = ()
        self.load(parameters)

    def load(self, parameters: Parameters) -> None:
        """Replace the parameters by copies of these."""
        self._parameters = {name: value.clone() for name, value in parameters.items()}

    def parameters(self) -> dict[str, torch.Tensor]:
        """Return copies of the parameters by name."""
        return {name: value.clone() for name, value in self._parameters.items()}

    def learn(self, x: torch.Tensor, y: torch.Tensor, sign: int = 1) -> torch.Tensor:
        """Learn one mini-batch; see :class:`Engine`."""
        learned = learn_batch(
            self.network, self.procedure, x, y, self._parameters, self.rates, sign=sign
        )
        self._parameters = learned.parameters
        self._steady_state = learned.free.state
        output: torch.Tensor = learned.free.state[0]
        return output

    @property
    def steady_state(self) -> tuple[torch.Tensor, ...]:
        """End of the last mini-batch's free phase; see :class:`Engine`.

        Raises:
            ValueError: no mini-batch has been learned.

        """
        if not self._steady_state:
            raise ValueError("steady_state: expected a mini-batch to have been learned, found none")
        return self._steady_state

    def predict(self, x: torch.Tensor, *, rows: int = 1000) -> torch.Tensor:
        """Return the output after the free phase, ``rows`` samples at a time."""
        steps = self.procedure.free_steps
        return torch.cat(
            [
                free_phase(self.network, part, self._parameters, steps=steps).state[0]
                for part in _parts(x, rows)
            ]
        )


@dataclass(frozen=True)
class ChosenEngine:
    """An engine and how it was chosen.

    Attributes:
        engine: the engine.
        name: which one it is.
        note: why it is not the one that was asked for; empty if it is.

    """

    engine: Engine
    name: EngineName
    note: str = ""


def make_engine(
    name: EngineName,
    network: Network,
    procedure: Procedure,
    parameters: Parameters,
    rates: Mapping[str, float],
) -> ChosenEngine:
    """Make the engine called ``name``; what is outside the fast engine's reach gets the definition.

    Raises:
        ValueError: the name is not known.

    """
    if name not in {"fast", "reference"}:
        msg = f"engine: expected fast or reference, found {name!r}"
        raise ValueError(msg)
    note = ""
    if name == "fast":
        from cep_core.fast import FastEngine, out_of_reach  # noqa: PLC0415 - imports this module

        reason = out_of_reach(network, procedure, parameters)
        if reason is None:
            assert isinstance(network, Prototypical)
            return ChosenEngine(FastEngine(network, procedure, parameters, rates), "fast")
        note = f"the fast engine cannot train this ({reason}): the definition trains it"
    return ChosenEngine(ReferenceEngine(network, procedure, parameters, rates), "reference", note)


@dataclass(frozen=True)
class EpochPlan:
    """What chance decides in one epoch.

    Attributes:
        order: indices of the training samples, shape ``(samples,)``, int64.
        signs: sign of ``beta`` of every mini-batch, the last, smaller one included.

    """

    order: torch.Tensor
    signs: tuple[int, ...]


def epoch_plan(
    *, seed: int, epoch: int, samples: int, batch: int, positive_probability: float = 1.0
) -> EpochPlan:
    """Draw the order of the samples and the signs of ``beta`` from ``(seed, epoch)`` alone.

    So an epoch is the same whether or not the run was interrupted before it.

    Args:
        seed: seed of the run, not negative.
        epoch: counted from 1.
        samples: number of training samples.
        batch: size of a mini-batch.
        positive_probability: probability of a positive ``beta``, drawn for each mini-batch.

    """
    chance = np.random.default_rng([seed, epoch])
    order = torch.from_numpy(chance.permutation(samples))
    drawn = chance.random(-(-samples // batch))
    return EpochPlan(order, tuple(1 if u < positive_probability else -1 for u in drawn))


@dataclass(frozen=True)
class Samples:
    """Labelled images on the device that trains.

    Attributes:
        images: pixels from 0 to 255, uint8, shape ``(samples, size_x)``.
        labels: classes, shape ``(samples,)``.

    """

    images: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.labels)

    def to(self, device: torch.device) -> Samples:
        """Return the same samples on ``device``."""
        return Samples(self.images.to(device), self.labels.to(device))


def as_input(images: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Pixels in [0, 1], same shape."""
    return images.to(dtype) / 255


def mini_batches(
    samples: Samples, order: torch.Tensor, *, batch: int, classes: int, dtype: torch.dtype
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Inputs and targets of successive mini-batches.

    Args:
        samples: labelled images.
        order: indices of the samples, shape ``(..., samples)``, int64, on their device.
        batch: size ``B`` of a mini-batch; the last may be smaller.
        classes: size of the output layer.
        dtype: dtype of inputs and targets.

    Yields:
        ``x``, shape ``(..., B, size_x)``, and ``y``, shape ``(..., B, classes)``.

    """
    targets = one_hot(samples.labels, classes, dtype)
    for chosen in torch.split(order, PREPARED * batch, dim=-1):
        images, y = (
            rows.index_select(0, chosen.flatten()).view(*chosen.shape, -1)
            for rows in (samples.images, targets)
        )
        x = as_input(images, dtype)
        yield from zip(torch.split(x, batch, -2), torch.split(y, batch, -2), strict=True)


def train_epoch(
    engine: Engine,
    samples: Samples,
    plan: EpochPlan,
    *,
    batch: int,
    classes: int,
    dtype: torch.dtype,
    progress: Callable[[int], object] | None = None,
) -> float:
    """Learn every mini-batch of ``plan`` once and return the running training error.

    The error is measured as the authors do: on each mini-batch's free phase, before it is learned,
    with the parameters of that moment.

    Args:
        engine: what learns.
        samples: training samples.
        plan: order and signs.
        batch: size of a mini-batch; the last may be smaller.
        classes: size of the output layer.
        dtype: dtype of inputs and targets, that of the engine's parameters.
        progress: called after every mini-batch with the number of its samples.

    Returns:
        Percentage of the training samples that were misclassified.

    """
    order = plan.order.to(samples.labels.device)
    batches = mini_batches(samples, order, batch=batch, classes=classes, dtype=dtype)
    predicted = []
    for (x, y), sign in zip(batches, plan.signs, strict=True):
        predicted.append(engine.learn(x, y, sign).argmax(dim=1))
        if progress is not None:
            progress(len(x))
    wrong = torch.cat(predicted) != samples.labels[order]
    return 100 * int(wrong.sum()) / len(samples)


def error_rate(engine: Engine, samples: Samples, *, dtype: torch.dtype, rows: int = 1000) -> float:
    """Percentage of the samples whose largest output after the free phase is not their label."""
    wrong = 0
    parts = zip(_parts(samples.images, rows), _parts(samples.labels, rows), strict=True)
    for images, labels in parts:
        predicted = engine.predict(as_input(images, dtype)).argmax(dim=1)
        wrong += int((predicted != labels.long()).sum())
    return 100 * wrong / len(samples)


def first_not_finite(parameters: Parameters) -> str | None:
    """Return the name of a parameter that holds a NaN or an infinity, or None."""
    for name, value in parameters.items():
        if not bool(torch.isfinite(value).all()):
            return name
    return None
