"""Training in the prototypical setting at the speed that the algebra allows.

The results are those of :func:`cep_core.learning.learn_batch` up to rounding. What is saved:

- the input's signal is constant over the free phase: it is computed once per mini-batch;
- two successive times share one product (:mod:`cep_core.fast.settling`);
- the weights of C-EP telescope, ``theta_t - kappa dPhi/dtheta(s_t)`` being constant along the
  nudged phase, so that their effect on a layer is a combination of the mini-batch's own states
  with ``B x B`` coefficients, and every matrix is written once, at the end. The input weights and
  biases of C-VF telescope likewise (:mod:`cep_core.fast.meanwhile`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from cep_core.arrays import Parameters
from cep_core.fast.elementwise import ELEMENTWISE
from cep_core.fast.meanwhile import Frozen, Kappas, Meanwhile, Telescoped, Written
from cep_core.fast.reach import out_of_reach
from cep_core.fast.settling import Settling
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
        activations = tuple(ELEMENTWISE[f.name] for f in network.activations)
        self._settling = settling = Settling(self.weights, activations)
        rule = procedure.rule
        self._meanwhile: Meanwhile = (
            Written(settling)
            if rule.vector_field
            else Telescoped(settling)
            if rule.continual
            else Frozen()
        )
        self._spaces: dict[int, Workspace] = {}

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
            ValueError: ``x`` or ``y`` has another shape, or holds no sample.

        """
        self._expect(x, y)
        batch = x.shape[1]
        space = self._spaces.get(batch)
        if space is None:
            space = self._spaces[batch] = Workspace(self.weights, batch)
        space.x.copy_(x)
        space.y.copy_(y)
        self._learn(space, sign)
        return space.rest[0]

    @torch.inference_mode()
    def predict(self, x: torch.Tensor, *, rows: int = 1000) -> torch.Tensor:
        """Output after a free phase of ``T`` steps, shape ``(S, samples, size_0)``.

        Args:
            x: inputs, shape ``(S, samples, size_x)``.
            rows: number of samples settled together; buffers grow with it.

        """
        self._expect(x)
        outputs = []
        space: Workspace | None = None
        for part in torch.split(x, rows, dim=1):
            if space is None or space.batch != part.shape[1]:
                space = Workspace(self.weights, part.shape[1])
            space.x.copy_(part)
            self._settling.drive(space)
            self._settling.settle(space, self.procedure.free_steps)
            outputs.append(space.state[0][self._settling.now[0]].clone())
        return torch.cat(outputs, dim=1)

    def parameters(self) -> list[dict[str, torch.Tensor]]:
        """Parameters of every network by name, as copies."""
        return self.weights.export()

    @torch.inference_mode()
    def load(self, parameters: Sequence[Parameters]) -> None:
        """Replace the parameters of every network by copies of these."""
        self.weights.load(parameters)

    def _expect(self, x: torch.Tensor, y: torch.Tensor | None = None) -> None:
        seeds, size_x, _ = self.weights.drive.shape
        given = {"x": (x, size_x)} | ({} if y is None else {"y": (y, self.weights.sizes[0])})
        for name, (tensor, size) in given.items():
            samples = max(x.shape[1], 1) if x.ndim == 3 else "B"  # noqa: PLR2004 - seeds, samples, size
            if tuple(tensor.shape) != (seeds, samples, size):
                found = tuple(tensor.shape)
                raise ValueError(
                    f"{name}: expected shape {(seeds, samples, size)}, seeds first, found {found}"
                )

    def _learn(self, space: Workspace, sign: int) -> None:
        """Run both phases on ``space.x`` and ``space.y`` and change the parameters."""
        settling, beta = self._settling, sign * self.procedure.beta
        settling.drive(space)
        settling.settle(space, self.procedure.free_steps)
        for rest, state, half in zip(space.rest, space.state, settling.now, strict=True):
            rest.copy_(state[half])
        end = self._nudge(space, beta)
        if not self.procedure.centred:
            self._change_parameters(space, end, beta, share=1)
            return
        end = [state.clone() for state in end]
        for rest, state, half in zip(space.rest, space.state, settling.now, strict=True):
            state[half].copy_(rest)
        settling.fields(space, settling.even, SECOND)
        other_end = self._nudge(space, -beta)
        self._change_parameters(space, end, beta, share=0.5)
        self._change_parameters(space, other_end, -beta, share=0.5)

    def _kappas(self, space: Workspace, beta: float, factor: float) -> Kappas:
        return Kappas.of(self.weights, self.rates, factor / (beta * space.batch))

    def _nudge(self, space: Workspace, beta: float) -> list[torch.Tensor]:
        """Run the nudged phase from the steady state and return its last state.

        The even layers' fields of its first step are those that the free phase left.
        """
        settling, steps = self._settling, self.procedure.nudged_steps
        kappas = self._kappas(space, beta, self.procedure.damping)
        strength = beta * settling.activations[0].gain if self._inside else beta
        torch.mul(space.y, strength, out=space.pull)
        self._meanwhile.begin(space, kappas)
        self._advance(space, kappas, settling.even, SECOND, strength)
        for left in range(steps - 1, 0, -2):
            for group, part in (
                (settling.odd, BOTH),
                (settling.even, FIRST if left == 1 else BOTH),
            ):
                settling.fields(space, group, part)
                self._advance(space, kappas, group, part, strength)
        if steps % 2:
            settling.fields(space, settling.odd, FIRST)
            self._advance(space, kappas, settling.odd, FIRST, strength)
        last = (SECOND, FIRST) if steps % 2 else (FIRST, SECOND)
        return [state[last[n % 2]] for n, state in enumerate(space.state)]

    def _advance(
        self, space: Workspace, kappas: Kappas, group: tuple[int, ...], part: int, strength: float
    ) -> None:
        """States of a group of layers from their fields, each half from the half before it.

        That is the other one: the earlier half is overwritten while the later still holds the time
        before it.
        """
        for half in (FIRST, SECOND) if part == BOTH else (part,):
            for n in group:
                new, before, field = space.state[n][half], space.state[n][1 - half], space.field[n]
                self._meanwhile.add(space, kappas, n, half, part)
                if n == 0 and self._inside:
                    field[half].add_(space.pull).sub_(before, alpha=strength)
                self._settling.activations[n].outer(field[half], new)
                if n == 0 and not self._inside:
                    new.add_(space.pull).sub_(before, alpha=strength)
                if self.procedure.rule.vector_field:
                    torch.sub(new, before, out=space.change[n][half])
        for n in group:
            self._meanwhile.after(space, kappas, n, part)

    def _change_parameters(
        self, space: Workspace, end: Sequence[torch.Tensor], beta: float, share: float
    ) -> None:
        """Apply ``kappa (dPhi/dtheta(s_K) - dPhi/dtheta(s_*))`` to whatever is not yet written."""
        weights, kappas = self.weights, self._kappas(space, beta, share)
        for n, (state, rest) in enumerate(zip(end, space.rest, strict=True)):
            moved = torch.sub(state, rest, out=space.moved[n])
            weights.biases[n].add_(moved.sum(dim=1, keepdim=True), alpha=kappas.biases[n])
        weights.drive.baddbmm_(space.x.mT, space.moved[-1], alpha=kappas.drive)
        if weights.tied:
            for n in range(weights.layers - 1):
                into, kappa = weights.into[n, n + 1], kappas.into[n, n + 1]
                into.baddbmm_(end[n + 1].mT, space.moved[n], alpha=kappa)
                into.baddbmm_(space.moved[n + 1].mT, space.rest[n], alpha=kappa)
            weights.mirror()
