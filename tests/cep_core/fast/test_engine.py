"""Determinism, several networks at once, memory, limits and errors of the fast engine."""

import dataclasses
import gc
import tracemalloc
import weakref
from pathlib import Path

import pytest
import torch

from cep_core.activations import Tanh
from cep_core.fast import BatchedEngine, CapturedEngine, FastEngine, batched_engine, out_of_reach
from cep_core.networks import EnergyBased
from cep_core.training.choose import make_engine


def bits(parameters):
    return {name: value.numpy().tobytes() for name, value in parameters.items()}


def test_the_same_start_gives_the_same_bits(row, row_case):
    made = row_case(row, dtype=torch.float32)
    assert bits(made.by_engine()[1]) == bits(made.by_engine()[1])


def test_an_interruption_leaves_no_trace(row, row_case):
    made = row_case(row, dtype=torch.float32)
    whole = made.by_engine()[1]
    first = made.engine()
    for x, y, sign in made.batches[:4]:
        first.learn(x, y, sign)
    second = dataclasses.replace(made, parameters=first.parameters(), batches=made.batches[4:])
    assert bits(second.by_engine()[1]) == bits(whole)


def test_prediction_does_not_disturb_learning(row, row_case):
    made = row_case(row, dtype=torch.float32)
    engine = made.engine()
    for x, y, sign in made.batches:
        engine.predict(x)
        engine.learn(x, y, sign)
    assert bits(engine.parameters()) == bits(made.by_engine()[1])


def test_given_parameters_are_copied(row_case):
    made = row_case("C-VF-1h")
    before = bits(made.parameters)
    engine = made.engine()
    taken = engine.parameters()
    for x, y, sign in made.batches:
        engine.learn(x, y, sign)
    assert bits(made.parameters) == before
    assert bits(taken) == before
    assert list(taken) == list(made.parameters)
    assert all(v.is_contiguous() and not v.is_inference() for v in taken.values())


def together(cases, kind=BatchedEngine):
    first = cases[0]
    engine = kind(first.network, first.procedure, [c.parameters for c in cases], first.rates)
    for several in zip(*(c.batches for c in cases), strict=True):
        x, y = (torch.stack([b[i] for b in several]) for i in (0, 1))
        engine.learn(x, y, several[0][2])
    return engine


def test_several_seeds_at_once_learn_as_each_alone(row, row_case, difference):
    cases = [row_case(row, seed=seed) for seed in range(3)]
    learned = together(cases).parameters()
    for made, parameters in zip(cases, learned, strict=True):
        assert difference(parameters, made.by_engine()[1]) < 1e-12
    assert difference(learned[0], learned[1]) > 1e-3


def test_warming_up_and_recording_leave_the_parameters_alone(row, row_case, replayed):
    cases = [row_case(row, seed=seed) for seed in range(2)]
    captured, plain = together(cases, replayed), together(cases)
    for a, b in zip(captured.parameters(), plain.parameters(), strict=True):
        assert bits(a) == bits(b)
    assert set(captured._prepared) == {(6, 1), (6, -1), (2, 1)}


def test_what_a_recording_reads_is_kept(row_case):
    """A graph holds addresses only: here the recorder keeps nothing of what it recorded."""
    programs = []

    class Forgetful(CapturedEngine):
        _run_aside = staticmethod(lambda work: work())

        @staticmethod
        def _record(work):
            programs.append(weakref.ref(work.__self__))
            return lambda: None

    engine = together([row_case("C-EP-1h", seed=seed) for seed in range(2)], Forgetful)
    gc.collect()
    assert len(programs) == 3
    assert all(program() is not None for program in programs)
    del engine
    gc.collect()
    assert not any(program() for program in programs)


def test_the_graph_engine_turns_tf32_off(row_case):
    made = row_case("EP-1h")
    torch.backends.cuda.matmul.allow_tf32 = True
    try:
        CapturedEngine(made.network, made.procedure, [made.parameters], made.rates)
        assert not torch.backends.cuda.matmul.allow_tf32
    finally:
        torch.set_float32_matmul_precision("highest")


NEEDS_GPU = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="needs a GPU that PyTorch can use"
)


@NEEDS_GPU
def test_a_gpu_gives_the_cpus_result_to_rounding(row, row_case, difference):
    """As the test in float32: within what rounding of the definition itself explains."""
    made = row_case(row, batch=20, hidden=(64,) * (2 if row.endswith("2h") else 1))
    rounded = row_case(
        row, batch=20, dtype=torch.float32, hidden=(64,) * (2 if row.endswith("2h") else 1)
    )
    _, truth = made.by_definition()
    bound = 4 * difference(rounded.by_definition()[1], truth) + 1e-5
    on_gpu = {name: value.cuda() for name, value in rounded.parameters.items()}
    engine = batched_engine(made.network, made.procedure, [on_gpu], made.rates)
    assert isinstance(engine, CapturedEngine)
    for x, y, sign in rounded.batches:
        engine.learn(x[None], y[None], sign)
    found = {name: value.cpu() for name, value in engine.parameters()[0].items()}
    assert difference(found, truth) < bound


@NEEDS_GPU
def test_five_seeds_on_a_gpu_learn_as_each_alone(row, row_case, difference):
    """In float64, and with a load in between, which the recorded graphs must see."""
    cases = [row_case(row, seed=seed) for seed in range(5)]
    on_gpu = [{name: value.cuda() for name, value in c.parameters.items()} for c in cases]
    engine = batched_engine(cases[0].network, cases[0].procedure, on_gpu, cases[0].rates)
    for _ in range(2):
        engine.load(on_gpu)
        for several in zip(*(c.batches for c in cases), strict=True):
            x, y = (torch.stack([b[i] for b in several]).cuda() for i in (0, 1))
            engine.learn(x, y, several[0][2])
    assert len(engine._prepared) == 3
    for made, parameters in zip(cases, engine.parameters(), strict=True):
        found = {name: value.cpu() for name, value in parameters.items()}
        assert difference(found, made.by_engine()[1]) < 1e-12


def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("row", ["EP-1h", "C-EP-1h", "C-VF-1h"])
def test_memory_stays_flat(row, row_case):
    """Peaks are compared, since the allocator keeps or returns large blocks as it likes."""
    made = row_case(row, dtype=torch.float32)
    engine = made.engine()
    x, y, _ = made.batches[0]
    evaluated = torch.rand(1500, x.shape[1])

    def epoch():
        for xs, ys, sign in made.batches * 10:
            engine.learn(xs, ys, sign)
        engine.predict(evaluated)

    def highest(epochs):
        found = []
        for _ in range(epochs):
            epoch()
            gc.collect()
            found.append(resident_bytes())
        return max(found)

    earlier = highest(3)
    assert highest(3) - earlier < 20_000_000
    tracemalloc.start()
    epoch()
    objects, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert objects < 200_000
    assert y.shape[0] in engine._batched._spaces
    assert len(engine._batched._spaces) == 2


class Mine(Tanh):
    name = "mine"


def test_limits_are_named(row_case):
    tied, independent = row_case("C-EP-1h"), row_case("C-VF-1h")
    good = (tied.network, tied.procedure, tied.parameters)
    assert out_of_reach(*good) is None
    energy = EnergyBased((Tanh(), Tanh()), 0.1)
    assert "EnergyBased" in out_of_reach(energy, tied.procedure, tied.parameters)
    assert "tied" in out_of_reach(tied.network, tied.procedure, independent.parameters)
    damped = dataclasses.replace(independent.procedure, damping=0.5)
    reason = out_of_reach(independent.network, damped, independent.parameters)
    assert "damping" in reason
    assert "0.5" in reason
    assert "backward" in out_of_reach(tied.network, independent.procedure, tied.parameters)
    half = {name: value.half() for name, value in tied.parameters.items()}
    assert "float16" in out_of_reach(tied.network, tied.procedure, half)
    strange = dataclasses.replace(tied.network, activations=(Mine(), Mine()))
    assert "mine" in out_of_reach(strange, tied.procedure, tied.parameters)
    with pytest.raises(ValueError, match="fast engine: expected the prototypical setting"):
        FastEngine(energy, tied.procedure, tied.parameters, tied.rates)


def test_what_is_out_of_reach_is_trained_by_the_definition(row_case):
    made = row_case("EP-1h")
    chosen = make_engine("fast", made.network, made.procedure, made.parameters, made.rates)
    assert (chosen.name, chosen.note) == ("fast", "")
    energy = EnergyBased((Tanh(), Tanh()), 0.1)
    chosen = make_engine("fast", energy, made.procedure, made.parameters, made.rates)
    assert chosen.name == "reference"
    assert "EnergyBased" in chosen.note


def test_bad_input_is_named_and_changes_nothing(row_case):
    made = row_case("EP-1h")
    engine = made.engine()
    x, y, _ = made.batches[0]
    before = bits(engine.parameters())
    for wrong, name in (
        ((x[:, :-1], y), "x"),
        ((x, y[:, :-1]), "y"),
        ((x, y[:-1]), "y"),
        ((x[:0], y[:0]), "x"),
    ):
        with pytest.raises(ValueError, match=rf"^{name}: expected shape"):
            engine.learn(*wrong)
    with pytest.raises(ValueError, match="parameters: expected"):
        engine.load({"b_0": made.parameters["b_0"]})
    with pytest.raises(ValueError, match=r"parameter W_0_1: expected shape \(4, 17\)"):
        engine.load(made.parameters | {"W_0_1": torch.zeros(4, 8)})
    changed = {name: value + 1 for name, value in made.parameters.items()}
    with pytest.raises(ValueError, match=r"parameter W_1_x: expected shape"):
        engine.load(changed | {"W_1_x": torch.zeros(17, 11)})
    with pytest.raises(ValueError, match="sign: expected 1 or -1, found 0"):
        engine.learn(x, y, 0)
    with pytest.raises(ValueError, match=r"rates: expected one per parameter.*b_0"):
        FastEngine(made.network, made.procedure, made.parameters, {"W_0_1": 0.1})
    assert bits(engine.parameters()) == before
