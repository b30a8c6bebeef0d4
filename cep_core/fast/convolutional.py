"""Convolutional networks in the prototypical setting, trained by PyTorch's own convolutions.

The same transitions and updates as the definition's, arranged so that little but the convolutions
of the deeper layers is left: the image's signal, static while its kernel is, is sent once per
mini-batch; EP's increments telescope, so that only the two ends of the nudged phase are correlated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch

from cep_core.activations import HalfHardSigmoid, HardSigmoid, Sigmoid, Tanh
from cep_core.arrays import Parameters
from cep_core.fast.kernels import LAST, Kernel, Sent
from cep_core.learning import Procedure
from cep_core.networks import (
    AveragePooling,
    Bias,
    ChannelBias,
    Convolution,
    Dense,
    DenseFromMaps,
    LaggedWinners,
    MaxPooling,
    Network,
    Prototypical,
)
from cep_core.networks.edges import bias, weight
from cep_core.rules import BPTT, C_EP, EP, Unrolled

State = list[torch.Tensor]
Gradients = dict[str, torch.Tensor]

_RULES = (EP, C_EP, BPTT)
_ACTIVATIONS = (Sigmoid, HardSigmoid, HalfHardSigmoid, Tanh)


def out_of_reach(network: Network, procedure: Procedure, parameters: Parameters) -> str | None:
    """Say why the engine cannot train this, or return None if it can.

    Reach is decided by identity, as for dense layers
    (:func:`cep_core.fast.reach.out_of_reach`): a chain of tied convolutions and then dense layers,
    maximum or mean pooling, EP, C-EP and backpropagation.
    """
    return next(_reasons(network, procedure, parameters), None)


def _reasons(network: Network, procedure: Procedure, parameters: Parameters) -> Iterator[str]:
    if type(network) not in {Prototypical, LaggedWinners}:
        yield f"expected the prototypical setting itself, found {type(network).__qualname__}"
        return
    assert isinstance(network, Prototypical)
    if not _is_chain(network):
        yield "expected a chain of tied convolutions and then dense layers, found other edges"
        return
    for edge in network.edges or ():
        pooling = edge.pooling if isinstance(edge, Convolution) else None
        if pooling is not None and type(pooling) not in {MaxPooling, AveragePooling}:
            yield f"expected max or average pooling, found {pooling.name}"
    for f in network.activations:
        if type(f) not in _ACTIVATIONS:
            known = ", ".join(kind.__name__ for kind in _ACTIVATIONS)
            yield f"expected activations among {known}, found {type(f).__qualname__} ({f.name!r})"
    rule = procedure.rule
    if type(procedure) is not Procedure or not any(rule is known for known in _RULES):
        known = ", ".join(known.name for known in _RULES)
        yield f"expected one of the rules {known} themselves, found {rule}"
    elif rule.continual and (procedure.damping != 1 or type(network) is LaggedWinners):
        yield "expected the winners of the state and damping 1 under rule C-EP, found others"
    dtypes = {value.dtype for value in parameters.values()}
    if len(dtypes) != 1 or not dtypes <= {torch.float32, torch.float64}:
        found = ", ".join(sorted(map(str, dtypes)))
        yield f"expected parameters all in float32 or all in float64, found {found}"


def _is_chain(network: Prototypical) -> bool:
    layers = len(network.activations)
    edges = network.edges or ()
    convolutions = sum(type(edge) is Convolution for edge in edges)
    kinds: list[tuple[type, int, object, bool]] = []
    for n in reversed(range(layers)):
        from_image, mapped = n == layers - 1, n >= layers - convolutions
        source = "x" if from_image else n + 1
        read = DenseFromMaps if n == layers - convolutions - 1 else Dense
        kinds.append((Convolution if mapped else read, n, source, not from_image))
        kinds.append((ChannelBias if mapped else Bias, n, None, False))
    found = [(type(e), e.target, e.source, e.tied) for e in edges]
    return 0 < convolutions < layers and found == kinds


class ConvolutionalEngine:
    """Trains one convolutional network; see :class:`cep_core.training.engine.Engine`.

    Raises:
        ValueError: at construction, the engine cannot train this, or a parameter has no rate.

    """

    @torch.no_grad()
    def __init__(
        self,
        network: Prototypical,
        procedure: Procedure,
        parameters: Parameters,
        rates: Mapping[str, float],
    ) -> None:
        """Take copies of the parameters, and the learning rate of each by name."""
        reason = out_of_reach(network, procedure, parameters)
        if reason is not None:
            raise ValueError(f"fast engine: {reason}")
        lacking = parameters.keys() - rates.keys()
        if lacking:
            raise ValueError(f"rates: expected one per parameter, none for {sorted(lacking)}")
        self.network, self.procedure, self.rates = network, procedure, dict(rates)
        self._edges = [e for e in network.edges or () if type(e) is Convolution][::-1]
        self._layers = len(network.activations)
        self._dense = self._layers - len(self._edges)
        self._names = list(parameters)
        self._lagged = type(network) is LaggedWinners
        self._rest: State = []
        self.load(parameters)

    @torch.no_grad()
    def load(self, parameters: Parameters) -> None:
        """Replace the parameters by copies of these."""
        self._kernels = [
            Kernel(edge, parameters[edge.name], parameters[bias(edge.target)])
            for edge in self._edges
        ]
        self._weights = [
            self._columns(n, parameters[weight(n, n + 1)]).clone() for n in range(self._dense)
        ]
        self._biases = [parameters[bias(n)].clone() for n in range(self._dense)]

    def _columns(self, n: int, matrix: torch.Tensor, *, back: bool = False) -> torch.Tensor:
        """A weight's columns in the order in which the maps that it reads lie in memory."""
        if n != self._dense - 1:
            return matrix
        channels, rows, columns = self._edges[0].shape
        sides = (rows, columns, channels) if back else (channels, rows, columns)
        order = (0, 3, 1, 2) if back else (0, 2, 3, 1)
        return matrix.view(len(matrix), *sides).permute(order).reshape(len(matrix), -1)

    @torch.inference_mode()
    def parameters(self) -> dict[str, torch.Tensor]:
        """Return copies of the parameters by name."""
        found: dict[str, torch.Tensor] = {}
        for n, (matrix, shift) in enumerate(zip(self._weights, self._biases, strict=True)):
            found[weight(n, n + 1)] = self._columns(n, matrix, back=True).clone()
            found[bias(n)] = shift.clone()
        for kernel in self._kernels:
            found[kernel.edge.name] = kernel.weight.contiguous()
            found[bias(kernel.edge.target)] = kernel.bias.clone()
        return {name: found[name].clone() for name in self._names}

    def memory(self) -> dict[str, torch.Tensor]:
        """Nothing: no rule within reach remembers."""
        return {}

    def recall(self, memory: Parameters) -> None:
        """Nothing to replace."""

    @property
    def steady_state(self) -> tuple[torch.Tensor, ...]:
        """End of the last mini-batch's free phase, output first.

        Raises:
            ValueError: no mini-batch has been learned.

        """
        if not self._rest:
            raise ValueError("steady_state: expected a mini-batch to have been learned, found none")
        return tuple(self._rest)

    def _image(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape(len(x), *self._edges[-1].maps).contiguous(memory_format=LAST)

    def _zeros(self, x: torch.Tensor) -> State:
        dense = [x.new_zeros(len(x), len(shift)) for shift in self._biases]
        maps = [x.new_zeros(len(x), *edge.shape) for edge in self._edges]
        return dense + [m.contiguous(memory_format=LAST) for m in maps]

    def _step(
        self, state: State, drive: torch.Tensor, nudge: torch.Tensor | None = None
    ) -> tuple[State, list[Sent]]:
        """All layers at once; also what every kernel between neurons sent."""
        dense, last = self._dense, self._layers - 1
        sums: list[torch.Tensor] = []
        for n in range(dense):
            source = state[n + 1]
            if n == dense - 1:
                source = source.permute(0, 2, 3, 1).reshape(len(source), -1)
            felt = torch.addmm(self._biases[n], source, self._weights[n].T)
            sums.append(felt.addmm_(state[n - 1], self._weights[n - 1]) if n else felt)
        sent = [kernel.send(state[dense + i + 1]) for i, kernel in enumerate(self._kernels[:-1])]
        for n in range(dense, last + 1):
            felt = drive if n == last else sent[n - dense].pooled
            if n == dense:
                maps = self._edges[0].shape
                rows = state[n - 1] @ self._weights[n - 1]
                back = rows.view(len(rows), *maps[1:], maps[0]).permute(0, 3, 1, 2)
            else:
                back = self._kernels[n - dense - 1].back(state[n - 1], sent[n - dense - 1])
            sums.append(felt + back)
        if nudge is not None and self.network.nudge == "inside":
            sums[0] = sums[0] - nudge
        new = [_activated(f, a) for f, a in zip(self.network.activations, sums, strict=True)]
        if nudge is not None and self.network.nudge == "outside":
            new[0] = new[0] - nudge
        return new, sent

    def _settle(
        self, x: torch.Tensor, drive: torch.Tensor, steps: int | None = None
    ) -> tuple[State, list[Sent]]:
        state = self._zeros(x)
        sent: list[Sent] = []
        for _ in range(self.procedure.free_steps if steps is None else steps):
            state, sent = self._step(state, drive)
        return state, sent

    @torch.inference_mode()
    def learn(self, x: torch.Tensor, y: torch.Tensor, sign: int = 1) -> torch.Tensor:
        """Learn one mini-batch; see :class:`cep_core.training.engine.Engine`."""
        if isinstance(self.procedure.rule, Unrolled):
            return self._unrolled(x, y)
        image = self._image(x)
        seen = self._kernels[-1].send(image)
        rest, sent = self._settle(image, seen.pooled)
        self._rest = rest
        beta = sign * self.procedure.beta
        if self.procedure.rule.continual:
            self._continual(image, y, rest, seen, beta)
            return rest[0]
        ends = [(beta, 1.0)]
        if self.procedure.centred:
            ends = [(beta, 0.5), (-beta, 0.5)]
        before = self._gradients(rest, image, self._winners(rest, sent, seen))
        changes: Gradients = {}
        for strength, share in ends:
            state, last = rest, sent
            for _ in range(self.procedure.nudged_steps):
                state, last = self._step(state, seen.pooled, (state[0] - y) * strength)
            after = self._gradients(state, image, self._winners(state, last, seen))
            for name, g in after.items():
                change = (g - before[name]) * (share / strength)
                changes[name] = changes[name] + change if name in changes else change
        self._apply(changes, len(x))
        return rest[0]

    @torch.inference_mode(mode=False)
    def _unrolled(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Backpropagation through the last ``K`` of ``T`` transitions."""
        backwards, image = self.procedure.nudged_steps, self._image(x)
        with torch.no_grad():
            drive = self._kernels[-1].send(image).pooled
            state, _ = self._settle(x, drive, self.procedure.free_steps - backwards)
        kernels = [tensor for k in self._kernels for tensor in (k.weight, k.bias)]
        theta = [*self._weights, *self._biases, *kernels]
        for tensor in theta:
            tensor.requires_grad_()
        with torch.enable_grad():
            drive = self._kernels[-1].send(image).pooled
            for _ in range(backwards):
                state, _ = self._step(state, drive)
            found = torch.autograd.grad((state[0] - y).square().sum() / 2, theta)
        for tensor in theta:
            tensor.requires_grad_(False)
        self._rest = [s.detach() for s in state]
        names = [weight(n, n + 1) for n in range(self._dense)]
        names += [bias(n) for n in range(self._dense)]
        names += [name for e in self._edges for name in (e.name, bias(e.target))]
        with torch.no_grad():
            self._apply({name: -g for name, g in zip(names, found, strict=True)}, len(x))
        return self._rest[0]

    def _continual(
        self, image: torch.Tensor, y: torch.Tensor, state: State, seen: Sent, beta: float
    ) -> None:
        """The nudged phase of C-EP: the parameters move at every step."""
        for _ in range(self.procedure.nudged_steps):
            following, sent = self._step(state, seen.pooled, (state[0] - y) * beta)
            before = self._gradients(state, image, [*sent, seen])
            after = self._gradients(following, image, self._winners(following, sent, seen))
            changes = {name: (g - before[name]) / beta for name, g in after.items()}
            self._apply(changes, len(y))
            seen = self._kernels[-1].send(image)
            state = following

    def _winners(self, state: State, last: list[Sent], seen: Sent) -> list[Sent]:
        """What every kernel sends at a state; lagged, what it sent in the step that made it."""
        if self._lagged:
            return [*last, seen]
        pairs = enumerate(self._kernels[:-1])
        return [*(kernel.send(state[self._dense + i + 1]) for i, kernel in pairs), seen]

    def _gradients(self, state: State, image: torch.Tensor, sent: list[Sent]) -> Gradients:
        """``dPhi/dtheta`` summed over samples, in the layout of the parameters."""
        found: Gradients = {}
        dense = self._dense
        for n in range(dense):
            source = state[n + 1]
            if n == dense - 1:
                source = source.permute(0, 2, 3, 1).reshape(len(source), -1)
            found[weight(n, n + 1)] = state[n].T @ source
            found[bias(n)] = state[n].sum(0)
        for i, (kernel, what) in enumerate(zip(self._kernels, sent, strict=True)):
            n = dense + i
            source = image if n == self._layers - 1 else state[n + 1]
            found[kernel.edge.name] = kernel.product(source, kernel.unpool(state[n], what))
            found[bias(n)] = state[n].sum((0, 2, 3))
        return found

    def _apply(self, changes: Gradients, batch: int) -> None:
        rates = self.rates
        for n in range(self._dense):
            name = weight(n, n + 1)
            self._weights[n].add_(changes[name], alpha=rates[name] / batch)
            self._biases[n].add_(changes[bias(n)], alpha=rates[bias(n)] / batch)
        for kernel in self._kernels:
            name, shift = kernel.edge.name, bias(kernel.edge.target)
            kernel.weight.add_(changes[name], alpha=rates[name] / batch)
            kernel.bias.add_(changes[shift], alpha=rates[shift] / batch)

    @torch.inference_mode()
    def predict(self, x: torch.Tensor, *, rows: int = 250) -> torch.Tensor:
        """Return the output after the free phase, ``rows`` samples at a time."""
        outputs = []
        for part in torch.split(x, rows):
            image = self._image(part)
            drive = self._kernels[-1].send(image, recorded=False).pooled
            outputs.append(self._settle(image, drive)[0][0])
        return torch.cat(outputs)


def _activated(function: object, argument: torch.Tensor) -> torch.Tensor:
    """The activation, in place."""
    if isinstance(function, Sigmoid):
        return argument.mul_(4).sub_(2).sigmoid_()
    if isinstance(function, HardSigmoid):
        return argument.clamp_(0, 1)
    if isinstance(function, HalfHardSigmoid):
        return argument.mul_(0.5).clamp_(0, 1)
    return argument.tanh_()
