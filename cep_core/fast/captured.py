"""The engine on a GPU: the loop of a mini-batch recorded once as a CUDA graph and replayed.

A mini-batch is several hundred small operations, which a GPU finishes sooner than Python can launch
them one by one. The recording holds addresses, not tensors: all that it reads and writes must stay
where it is for as long as it is replayed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch

from cep_core.arrays import Parameters
from cep_core.fast.engine import BatchedEngine
from cep_core.fast.workspace import Workspace
from cep_core.learning import Procedure
from cep_core.networks import Prototypical


def record(work: Callable[[], None]) -> Callable[[], None]:
    """Record ``work`` as a CUDA graph, without running it, and return what replays it."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    replay: Callable[[], None] = graph.replay
    return replay


def run_aside(work: Callable[[], None]) -> None:
    """Run ``work`` on a stream of its own, as CUDA asks before a recording."""
    side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    current = torch.cuda.current_stream()
    side.wait_stream(current)
    with torch.cuda.stream(side):
        work()
    current.wait_stream(side)


class CapturedEngine(BatchedEngine):
    """A :class:`BatchedEngine` whose mini-batches are recorded, once per batch size and sign.

    Making one turns off TF32, which keeps 10 of float32's 23 bits, for the whole process.
    """

    _record = staticmethod(record)
    _run_aside = staticmethod(run_aside)

    def __init__(
        self,
        network: Prototypical,
        procedure: Procedure,
        parameters: Sequence[Parameters],
        rates: Mapping[str, float],
    ) -> None:
        """As :class:`BatchedEngine`."""
        torch.set_float32_matmul_precision("highest")
        self._recorded: list[Callable[[], None]] = []
        super().__init__(network, procedure, parameters, rates)

    def _prepare(self, space: Workspace, sign: int) -> Callable[[], None]:
        work = super()._prepare(space, sign)
        before = [tensor.clone() for tensor in self.weights.tensors()]
        self._run_aside(work)
        for tensor, value in zip(self.weights.tensors(), before, strict=True):
            tensor.copy_(value)
        self._recorded.append(work)  # its constants live in no other place
        return self._record(work)
