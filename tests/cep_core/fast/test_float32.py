"""In float32 the engine errs no more than the definition itself does in float32.

Both run the same algebra in a different order, so their distances to the float64 result are of one
size: rounding of the states, of relative size 6e-8 times what the settling amplifies, multiplied by
``eta / beta`` in the weights, plus the weights' own rounding at each update. A matrix product that
adds to the weights may do so sample by sample, rounding at the weights' own size each time; which
it does depends on the processor. So the bound is four times the definition's largest distance (two
roundings of one size rarely differ by more) plus what so many roundings of half a unit in the last
place of the largest weight add up to as a random walk, at six standard deviations.
"""

import math

import torch


def test_float32_is_as_good_as_the_definitions(row, row_case, difference):
    sizes = {"hidden": (64,) * (2 if row.endswith("2h") else 1), "inputs": 100, "outputs": 10}
    exact = row_case(row, batch=20, **sizes)
    rounded = row_case(row, batch=20, dtype=torch.float32, **sizes)
    _, truth = exact.by_definition()
    _, definition = rounded.by_definition()
    _, engine = rounded.by_engine()
    unit = torch.finfo(torch.float32).eps * max(float(v.abs().max()) for v in truth.values())
    writes = exact.procedure.nudged_steps if exact.procedure.rule.vector_field else 1
    roundings = sum(len(x) for x, _, _ in exact.batches) * writes
    bound = 4 * difference(definition, truth) + 6 * math.sqrt(roundings / 12) * unit
    assert engine["W_0_1"].dtype == torch.float32
    assert difference(engine, truth) < bound
    moved = difference({k: v.double() for k, v in rounded.parameters.items()}, truth)
    assert bound < moved / 100
