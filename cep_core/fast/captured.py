"""The engine on a GPU: the loop of a mini-batch recorded once as a CUDA graph and replayed.

A mini-batch is several hundred small operations, which a GPU finishes sooner than Python can launch
them one by one.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from cep_core.fast.engine import BatchedEngine
from cep_core.fast.workspace import Workspace


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
    """A :class:`BatchedEngine` whose mini-batches are recorded, once per batch size and sign."""

    _record = staticmethod(record)
    _run_aside = staticmethod(run_aside)

    def _prepare(self, space: Workspace, sign: int) -> Callable[[], None]:
        work = super()._prepare(space, sign)
        before = [tensor.clone() for tensor in self.weights.tensors()]
        self._run_aside(work)
        for tensor, value in zip(self.weights.tensors(), before, strict=True):
            tensor.copy_(value)
        return self._record(work)
