"""What a point is: a network at a state, with the numbers that phase 2 needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cep_core.arrays import Array, Parameters, Scalar, State
from cep_core.networks import Network


@dataclass(frozen=True)
class Point:
    """A network at a state, in some number system.

    Attributes:
        network: the dynamics.
        x: input, shape ``(B, size_x)``.
        y: target, shape ``(B, size_0)``.
        parameters: ``theta``, biases included.
        state: where phase 2 starts, one array of shape ``(B, size_n)`` per layer: ``s_*`` unless
            the kind of point says otherwise.
        kappa: ``eta / beta'`` of every parameter, where the point brings it.

    """

    network: Network
    x: Array
    y: Array
    parameters: Parameters
    state: State
    kappa: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def batch(self) -> int:
        """Number of samples ``B``."""
        return int(self.x.shape[0])
