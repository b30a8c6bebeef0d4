"""Off the CPU: what a GPU runs, shown where there is none.

PyTorch's *meta* device knows shapes and devices but no numbers. An operation that asks for a number
raises there; on a GPU it would wait for all work before it, and break the recording of a graph.
"""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

META = torch.device("meta")


class OnMetaAlone(TorchDispatchMode):
    """Refuses an operation on a tensor anywhere else, as a recording does."""

    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        tensors = [a for a in tree_leaves((args, kwargs)) if isinstance(a, torch.Tensor)]
        assert {t.device for t in tensors} <= {META}, func
        self.count += 1
        return func(*args, **(kwargs or {}))


def off_the_cpu(made, kind):
    parameters = [{k: v.to(META) for k, v in made.parameters.items()} for _ in range(2)]
    return kind(made.network, made.procedure, parameters, made.rates)


def meta(*shape):
    return torch.empty(shape, device=META)


def asks_for_nothing(made, kind):
    engine = off_the_cpu(made, kind)
    with OnMetaAlone() as watched:
        for batch in (6, 2):
            for sign in (1, -1):
                output = engine.learn(meta(2, batch, 12), meta(2, batch, 4), sign)
                assert output.shape == (2, batch, 4)
                assert output.device == META
        assert watched.count > 4 * (made.procedure.free_steps + made.procedure.nudged_steps)
        assert engine.predict(meta(2, 50, 12), rows=20).shape == (2, 50, 4)
    assert all(v.device == META for p in engine.parameters() for v in p.values())


@pytest.mark.parametrize("nudge", ["outside", "inside"])
def test_a_mini_batch_asks_for_no_number_and_stays_on_the_device(row, nudge, row_case, replayed):
    asks_for_nothing(row_case(row, nudge=nudge, dtype=torch.float32), replayed)


def test_nor_does_the_centred_estimator(row_case, replayed):
    asks_for_nothing(row_case("EP-2h", dtype=torch.float32, centred=True), replayed)


def test_inputs_may_come_from_the_cpu(row_case, replayed):
    engine = off_the_cpu(row_case("C-EP-1h", dtype=torch.float32), replayed)
    assert engine.learn(torch.rand(2, 6, 12), torch.rand(2, 6, 4)).device == META


def test_the_watch_sees_what_it_is_for(row_case, replayed):
    """A stray tensor of the CPU, and a number asked for, in an otherwise sound engine."""

    stray = torch.ones(4)

    class Stray(replayed):
        def _prepare(self, space, sign):
            work = super()._prepare(space, sign)
            return lambda: (work(), space.rest[0].add_(stray))

    class Curious(replayed):
        def _prepare(self, space, sign):
            work = super()._prepare(space, sign)
            return lambda: (work(), space.rest[0].sum().item())

    made = row_case("EP-1h", dtype=torch.float32)
    engine = off_the_cpu(made, Stray)
    with OnMetaAlone(), pytest.raises(AssertionError, match="add_"):
        engine.learn(meta(2, 6, 12), meta(2, 6, 4))
    with pytest.raises(RuntimeError, match="meta"):
        off_the_cpu(made, Curious).learn(meta(2, 6, 12), meta(2, 6, 4))
