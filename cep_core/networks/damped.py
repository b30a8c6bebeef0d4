"""A network whose steps are damped: the same steady states, reached where plain steps circle."""

from __future__ import annotations

from dataclasses import dataclass

from cep_core.arrays import Array, Parameters, Scalar, State
from cep_core.networks.wrapped import Delegate, answering


@dataclass(frozen=True)
class Damped(Delegate):
    """``s <- s + (1 - damping) (F(x, s, theta) - s)``, nudged phase and free phase alike.

    Some samples of a directed network do not settle by plain synchronous steps and end in cycles of
    period two: an eigenvalue near -1, which damping moves to ``damping - (1 - damping)``.

    Attributes:
        base: the network.
        damping: in [0, 1); 0 leaves the network as it is.

    Raises:
        ValueError: at construction, outside that range.

    """

    damping: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what stops the network."""
        if not 0 <= self.damping < 1:
            raise ValueError(f"damping: expected a number in [0, 1), found {self.damping}")

    @property
    def step(self) -> float:
        """``1 - damping``."""
        return 1 - self.damping

    @property
    def time_scale(self) -> Scalar:
        """That of the base, times ``1 - damping``."""
        return self.base.time_scale * self.step

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """The damped step; a nudge carries the factor ``1 - damping`` too."""
        after = self.base.transition(x, state, parameters, nudge)
        return tuple(s + (a - s) * self.step for s, a in zip(state, after, strict=True))

    def linearised(
        self, x: Array, state: State, parameters: Parameters, vector: State, nudge: Array
    ) -> tuple[State, State]:
        """The damped step and its derivative, of a base that tells its own."""
        after, moved = self._of_base("linearised", None)(x, state, parameters, vector, nudge)
        pairs = zip((state, vector), (after, moved), strict=True)
        new, tangent = (
            tuple(s + (a - s) * self.step for s, a in zip(old, now, strict=True))
            for old, now in pairs
        )
        return new, tangent

    def primitive_gradient(self, x: Array, state: State, parameters: Parameters) -> Parameters:
        """That of the base, times ``1 - damping``, as its transitions carry."""
        return self._scaled(self.base.primitive_gradient(x, state, parameters))

    def vector_field_gradient(
        self, x: Array, state: State, parameters: Parameters, change: State
    ) -> Parameters:
        """That of the base, times ``1 - damping``."""
        return self._scaled(self.base.vector_field_gradient(x, state, parameters, change))

    def pullback(self, x: Array, state: State, parameters: Parameters, change: State) -> Parameters:
        """That of the base, times ``1 - damping``."""
        return self._scaled(answering(self.base).pullback(x, state, parameters, change))

    def asymmetry(self, x: Array, steady: State, parameters: Parameters, vector: State) -> State:
        """That of the base, times ``1 - damping``: the identity is symmetric."""
        found = answering(self.base).asymmetry(x, steady, parameters, vector)
        return tuple(v * self.step for v in found)

    def _scaled(self, gradient: Parameters) -> Parameters:
        return {name: value * self.step for name, value in gradient.items()}
