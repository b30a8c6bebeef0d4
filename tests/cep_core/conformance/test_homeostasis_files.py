"""Directed networks against the authors' numbers; malformed files get a clear error."""

import re
from pathlib import Path

import numpy as np
import pytest

from cep_core.conformance.compare import compare
from cep_core.conformance.files import ConformanceError, read
from cep_core.conformance.homeostasis import _Solved, compute
from cep_core.homeostasis import antisymmetric_loss
from reproduce.command_line import main
from tests.cep_core.conformance.archives import contents, saved

FILES = sorted((Path(__file__).parents[2] / "data" / "conformance" / "homeostasis").glob("*.npz"))
GIVEN = {"meta", "x", "y"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_file_passes_and_is_compared_whole(path):
    file = read(path)
    comparisons = compare(file)
    with np.load(path) as arrays:
        results = {
            name
            for name in arrays.files
            if name not in GIVEN and not name.startswith(("initial/", "homeo_eps/"))
        }
    assert {c.array for c in comparisons} == results
    assert max(c.difference for c in comparisons) < 1e-13
    solved = _Solved(file)
    exact = antisymmetric_loss(solved.network, solved.parameters).value
    assert abs(exact - file.meta["homeo_exact"]) < 1e-15


def test_there_are_three_files():
    assert len(FILES) == 3


def test_a_file_of_other_layers_and_counts_passes(tmp_path, capsys):
    """Four layers of other names, one step, three points; written by what was computed first."""
    rng = np.random.default_rng(0)
    sizes = {"in": 5, "a": 4, "b": 3, "c": 4, "d": 2}
    pairs = ["in-a", "a-b", "b-c", "c-d", "d-a", "b-a", "c-c"]
    arrays = {"x": rng.integers(0, 8, (2, 5), dtype=np.uint8), "y": np.array([2, 0])}
    for pair in pairs:
        pre, post = pair.split("-")
        arrays[f"initial/{pair}/kernel"] = rng.normal(size=(sizes[pre], sizes[post])) / 3
        if pair in {"in-a", "a-b", "b-c", "c-d"}:
            arrays[f"initial/{pair}/bias"] = rng.normal(size=sizes[post]) / 3
    arrays["initial/readout/kernel"] = rng.normal(size=(2, 3))
    arrays["initial/readout/bias"] = rng.normal(size=3)
    arrays |= {f"homeo_eps/{n}": rng.normal(size=(2, 2, sizes[n])) for n in "abcd"}
    meta = {
        "kind": "homeostasis", "layers": list("abcd"), "sizes": sizes, "connections": pairs,
        "activation": "1/(1+exp(-4z+2))", "T1": 1, "T2": 3, "adjoint_steps": 2, "betas": [1, 0.25],
        "Ns": [1, 3], "batch_size": 2, "input_scale": 7.0, "loss": "xent", "homeo_draws": 2,
    }  # fmt: skip
    bare = arrays | {f"free/u_{n}": np.zeros((2, sizes[n])) for n in "abcd"}
    computed = compute(read(saved(tmp_path, bare, meta)), "reference")
    theirs = {name: value.numpy() for name, value in computed.items()}
    kernel, u = arrays["initial/in-a/kernel"], np.full(4, 1 / (1 + np.exp(2)))
    expected = arrays["x"] / 7 @ kernel + arrays["initial/in-a/bias"]
    expected = (
        expected + u[:2] @ arrays["initial/d-a/kernel"] + u[:3] @ arrays["initial/b-a/kernel"]
    )
    assert np.abs(theirs["free/u_a"] - expected).max() < 1e-15
    assert theirs["free/u_c"].shape == (2, 4)
    path = saved(tmp_path, arrays | theirs, meta)
    assert main(["conformance", str(path), "--tol", "1e-12"]) == 0
    theirs["adjoint/b"] = theirs["adjoint/b"] + 1e-9
    path = saved(tmp_path, arrays | theirs, meta)
    assert main(["conformance", str(path), "--tol", "1e-12"]) == 1
    assert re.search(r"adjoint/b +1.00e-09  <-- exceeds", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loss": "hinge"}, r"meta\.loss: expected one of xent, mse, found 'hinge'"),
        ({"connections": ["in-l1"]}, r"meta\.connections: expected one forward into l2, found 0"),
        ({"connections": ["in-l1", "l1-l2", "l2-out", "out-l9"]}, r"'pre-post' with two of in, l1"),
        ({"layers": ["l1", "l2", "in"]}, r"meta\.layers: expected different names without '-'"),
        ({"T2": 0}, r"meta\.T2: expected a whole number from 1 to 1000000, found 0"),
        ({"Ns": [0]}, r"meta\.Ns: expected a list of 1 or more values, each a whole number from 1"),
        ({"betas": [0]}, r"meta\.betas: expected a list"),
        (
            {"sizes": {"in": 784, "l1": 20}},
            r"meta\.sizes\.l2: expected a whole number .* found none",
        ),
        ({"sizes": {"in": 784, "l1": 20, "l2": 16, "out": 9}}, r"array initial/l2-out/kernel"),
        ({"sizes": {"in": 784, "l1": 10**6, "l2": 10**6, "out": 9}}, r"at most 268435456 weights"),
        ({"activation": "tanh"}, r"meta\.activation: expected one of 1/\(1\+exp\(-4z\+2\)\), f"),
    ],
)
def test_a_wrong_description_is_named(tmp_path, change, message):
    arrays, meta = contents(FILES, "homeo-loop-xent")
    with pytest.raises(ConformanceError, match=message):
        read(saved(tmp_path, arrays, meta | change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"homeo_eps/l2": None}, r"array homeo_eps/l2: expected the draws of homeo_"),
        (
            {"initial/out-l1/kernel": None},
            r"array initial/out-l1/kernel: expected shape \(10, 20\)",
        ),
        ({"adjoint/l3": np.zeros((4, 2))}, r"array adjoint/l3: expected no such array, found one"),
        ({"adjoint/l2": np.zeros((4, 2))}, r"array adjoint/l2: expected shape \(4, 16\), found"),
        ({"y": np.array([0, 1, 2, 10], dtype=np.uint8)}, r"array y: expected integers from 0 to 9"),
    ],
)
def test_a_wrong_array_is_named(tmp_path, change, message):
    arrays, meta = contents(FILES, "homeo-loop-xent")
    changed = {k: v for k, v in (arrays | change).items() if v is not None}
    with pytest.raises(ConformanceError, match=message):
        read(saved(tmp_path, changed, meta))


def test_a_file_without_results_is_refused(tmp_path):
    arrays, meta = contents(FILES, "homeo-loop-xent")
    bare = {k: v for k, v in arrays.items() if k in {"x", "y"} or k.startswith("initial/")}
    with pytest.raises(ConformanceError, match="arrays: expected results to compare, found none"):
        read(saved(tmp_path, bare, meta))
