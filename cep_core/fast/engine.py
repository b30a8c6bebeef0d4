"""Training in the prototypical setting at the speed that the algebra allows.

The results are those of :func:`cep_core.learning.learn_batch` up to rounding. What is saved:

- the input's signal is constant over the free phase: it is computed once per mini-batch;
- two successive times share one product (:mod:`cep_core.fast.settling`);
- the weights of C-EP telescope, ``theta_t - kappa dPhi/dtheta(s_t)`` being constant along the
  nudged phase, so that their effect on a layer is a combination of the mini-batch's own states
  with ``B x B`` coefficients, and every matrix is written once, at the end. The input weights and
  biases of C-VF telescope likewise (:mod:`cep_core.fast.updates`);
- the correction of C-VF is linear in the displacement, two products per edge for two steps
  (:mod:`cep_core.fast.correction`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import torch

from cep_core.arrays import Parameters
from cep_core.fast.correction import Correction
from cep_core.fast.elementwise import ELEMENTWISE
from cep_core.fast.program import Program
from cep_core.fast.reach import out_of_reach
from cep_core.fast.settling import Settling
from cep_core.fast.updates import Kappas, Sloped, Telescoped, Updates, Written
from cep_core.fast.weights import Weights
from cep_core.fast.workspace import BOTH, FIRST, SECOND, Workspace
from cep_core.learning import Procedure
from cep_core.networks import Prototypical


class BatchedEngine:
    """Trains ``S`` networks of the same shape at once, each on its own mini-batches.

    All tensors carry a leading dimension of size ``S``. Every network sees the same sign of
    ``beta``. The methods run in PyTorch's inference mode, which spares the small operations of a
    one-hidden-layer network about a twentieth of their time.
    """

    @torch.inference_mode()
    def __init__(
        self,
        network: Prototypical,
        procedure: Procedure,
        parameters: Sequence[Parameters],
        rates: Mapping[str, float],
    ) -> None:
        """Take copies of the parameters, in their dtype and on their device.

        Args:
            network: the dynamics.
            procedure: rule, nudging, counts.
            parameters: ``theta`` of every network.
            rates: learning rate ``eta`` of every parameter.

        Raises:
            ValueError: the engine cannot train this (:func:`cep_core.fast.out_of_reach` says so
                beforehand), a parameter has no learning rate, or the parameters of two networks
                differ in name or shape.

        """
        reason = out_of_reach(network, procedure, parameters[0])
        if reason is not None:
            raise ValueError(f"fast engine: {reason}")
        lacking = parameters[0].keys() - rates.keys()
        if lacking:
            raise ValueError(f"rates: expected one per parameter, none for {sorted(lacking)}")
        self.weights = Weights(parameters)
        self.procedure = procedure
        self.rates = dict(rates)
        self._inside = network.nudge == "inside"
        activations = tuple(ELEMENTWISE[type(f)] for f in network.activations)
        self._settling = settling = Settling(self.weights, activations)
        rule = procedure.rule
        updates = (
            (Sloped if rule.sloped and not self._inside else Written)
            if rule.vector_field
            else (Telescoped if rule.continual else Updates)
        )
        self._updates = updates(settling)
        self._correction = Correction(settling, inside=self._inside) if rule.corrected else None
        self._spaces: dict[int, Workspace] = {}
        self._prepared: dict[tuple[int, int], Callable[[], None]] = {}
        self._last: Workspace | None = None

    @property
    def steady_state(self) -> tuple[torch.Tensor, ...]:
        """End of the last mini-batch's free phase: ``(S, B, size_n)`` per layer, output first.

        Overwritten by the next mini-batch.

        Raises:
            ValueError: no mini-batch has been learned.

        """
        if self._last is None:
            raise ValueError("steady_state: expected a mini-batch to have been learned, found none")
        return tuple(self._last.rest)

    @torch.inference_mode()
    def learn(self, x: torch.Tensor, y: torch.Tensor, sign: int = 1) -> torch.Tensor:
        """Learn one mini-batch per network and return the free phase's output.

        Args:
            x: inputs, shape ``(S, B, size_x)``.
            y: targets, shape ``(S, B, size_0)``.
            sign: +1 or -1, the sign of ``beta``.

        Returns:
            Output layer at the end of the free phase, shape ``(S, B, size_0)``; overwritten by the
            next mini-batch.

        Raises:
            ValueError: ``x`` or ``y`` has another shape, or holds no sample; or another sign.

        """
        batch = x.shape[1]
        self._expect("x", x, batch, self.weights.drive.shape[1])
        self._expect("y", y, batch, self.weights.sizes[0])
        if batch not in self._spaces:
            self._spaces[batch] = Workspace(self.weights, batch)
        space = self._last = self._spaces[batch]
        space.x.copy_(x)
        space.y.copy_(y)
        if (batch, sign) not in self._prepared:
            self._prepared[batch, sign] = self._prepare(space, sign)
        self._prepared[batch, sign]()
        return space.rest[0]

    @torch.inference_mode()
    def predict(self, x: torch.Tensor, *, rows: int = 1000) -> torch.Tensor:
        """Output after a free phase of ``T`` steps, shape ``(S, samples, size_0)``.

        Args:
            x: inputs, shape ``(S, samples, size_x)``.
            rows: number of samples settled together; buffers grow with it.

        """
        self._expect("x", x, x.shape[1], self.weights.drive.shape[1])
        outputs = []
        settling, space = self._settling, None
        for part in torch.split(x, rows, dim=1):
            if space is None or space.batch != part.shape[1]:
                space, program = Workspace(self.weights, part.shape[1]), Program()
                settling.drive(program, space)
                settling.settle(program, space, self.procedure.free_steps)
            space.x.copy_(part)
            program.run()
            outputs.append(space.state[0][settling.now[0]].clone())
        return torch.cat(outputs, dim=1)

    def parameters(self) -> list[dict[str, torch.Tensor]]:
        """Parameters of every network by name, as copies."""
        return self.weights.export()

    @torch.inference_mode()
    def load(self, parameters: Sequence[Parameters]) -> None:
        """Replace the parameters of every network by copies of these."""
        self.weights.load(parameters)

    def _expect(self, name: str, tensor: torch.Tensor, samples: int, size: int) -> None:
        expected = (self.weights.drive.shape[0], max(samples, 1), size)
        if tensor.shape != expected:
            found = tuple(tensor.shape)
            raise ValueError(f"{name}: expected shape {expected}, seeds first, found {found}")

    def _prepare(self, space: Workspace, sign: int) -> Callable[[], None]:
        """Return what learns from ``space.x`` and ``space.y``: both phases, then the parameters."""
        if sign not in {1, -1}:
            raise ValueError(f"sign: expected 1 or -1, found {sign}")
        program, settling, beta = Program(), self._settling, sign * self.procedure.beta
        settling.drive(program, space)
        settling.settle(program, space, self.procedure.free_steps)
        steady = [rows[half] for rows, half in zip(space.state, settling.now, strict=True)]
        for rest, state in zip(space.rest, steady, strict=True):
            program.add(rest.copy_, state)
        end = self._nudge(program, space, beta)
        if self.procedure.centred:
            for kept, state in zip(space.end, end, strict=True):
                program.add(kept.copy_, state)
            for rest, state in zip(space.rest, steady, strict=True):
                program.add(state.copy_, rest)
            other_end = self._nudge(program, space, -beta)
            self._change_parameters(program, space, space.end, self._kappas(space, 2 * beta))
            self._change_parameters(program, space, other_end, self._kappas(space, -2 * beta))
        else:
            self._change_parameters(program, space, end, self._kappas(space, beta))
        self.weights.mirror(program)
        return program.run

    def _kappas(self, space: Workspace, beta: float, damping: float = 1.0) -> Kappas:
        factor = damping / (beta * space.batch)
        return Kappas.of(self.weights, self.rates, factor, self._updates.gains)

    def _nudge(self, program: Program, space: Workspace, beta: float) -> tuple[torch.Tensor, ...]:
        """Run the nudged phase from the steady state and return where its last state will be."""
        settling, steps = self._settling, self.procedure.nudged_steps
        kappas = self._kappas(space, beta, self.procedure.damping)
        strength = beta * settling.activations[0].gain if self._inside else beta
        self._updates.begin(program, space, kappas)
        if self._correction is not None:
            self._correction.begin(program, space)
        settling.fields(program, space, settling.even, SECOND, space.field)
        self._advance(program, space, kappas, settling.even, SECOND, strength)
        for group, part in self._alternation(steps):
            settling.fields(program, space, group, part, space.field)
            if self._correction is not None:
                self._correction.prepare(program, space, group, part)
            self._advance(program, space, kappas, group, part, strength)
        halves = (SECOND, FIRST) if steps % 2 else (FIRST, SECOND)
        return tuple(state[halves[n % 2]] for n, state in enumerate(space.state))

    def _alternation(self, steps: int) -> Iterator[tuple[tuple[int, ...], int]]:
        """Groups of layers in turn, and the halves that each computes, after the first step."""
        settling = self._settling
        for left in range(steps - 1, 0, -2):
            yield settling.odd, BOTH
            yield settling.even, FIRST if left == 1 else BOTH
        if steps % 2:
            yield settling.odd, FIRST

    def _advance(
        self,
        program: Program,
        space: Workspace,
        kappas: Kappas,
        group: tuple[int, ...],
        part: int,
        strength: float,
    ) -> None:
        """States of a group of layers from their fields, each half from the half before it.

        That is the other one: the earlier half is overwritten while the later still holds the time
        before it. Layers that neither learn meanwhile nor are nudged need no such order.
        """
        free = () if self.procedure.rule.continual else tuple(n for n in group if n > 0)
        settling = self._settling
        for n in free:
            field, state = space.field[n][part], space.state[n][part]
            program.add(settling.activations[n].outer(field, state))
        for half in (FIRST, SECOND) if part == BOTH else (part,):
            for n in (n for n in group if n not in free):
                new, before = space.state[n][half], space.state[n][1 - half]
                field = space.field[n][half]
                self._updates.add(program, space, kappas, n, half, part)
                if n == 0 and self._inside:
                    _pull(program, field, space.y, before, strength)
                program.add(settling.activations[n].outer(field, new))
                self._updates.activated(program, space, n, half)
                if n == 0 and not self._inside:
                    _pull(program, new, space.y, before, strength)
                if self._correction is not None:
                    self._correction.take_out(program, space, n, half)
                self._updates.advanced(program, space, n, half)
        for n in group:
            self._updates.after(program, space, kappas, n, part)

    def _change_parameters(
        self, program: Program, space: Workspace, end: Sequence[torch.Tensor], kappas: Kappas
    ) -> None:
        """Apply ``kappa (dPhi/dtheta(s_K) - dPhi/dtheta(s_*))`` to whatever is not yet written."""
        weights = self.weights
        for n, state in enumerate(end):
            self._updates.total(program, space, n, state)
            program.product(weights.biases[n], space.row, space.moved[n], alpha=kappas.biases[n])
        program.product(weights.drive, space.x.mT, space.moved[-1], alpha=kappas.drive)
        if weights.tied:
            for n in range(weights.layers - 1):
                into, kappa = weights.into[n, n + 1], kappas.into[n, n + 1]
                moved, above = space.moved[n], space.moved[n + 1]
                program.product(into, end[n + 1].mT, moved, alpha=kappa)
                program.product(into, above.mT, space.rest[n], alpha=kappa)


def _pull(
    program: Program,
    place: torch.Tensor,
    target: torch.Tensor,
    before: torch.Tensor,
    strength: float,
) -> None:
    """Add the nudge ``strength (y - s^0)``."""
    program.add(place.add_, target, alpha=strength)
    program.add(place.sub_, before, alpha=strength)
