"""Convolutional networks against the authors' numbers; malformed files get a clear error."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from cep_core import C_EP, EP, ConvolutionalShape, Procedure, learn_batch, learning_rates
from cep_core.activations import Tanh
from cep_core.conformance.compare import compare
from cep_core.conformance.files import ConformanceError, read
from cep_core.learning import one_hot
from cep_core.networks.pooling import AveragePooling
from reproduce.command_line import main
from tests.cep_core.conformance.archives import contents, saved

FILES = sorted((Path(__file__).parents[2] / "data" / "conformance" / "conv").glob("*.npz"))


CASES = [(path, "reference") for path in FILES]
CASES += [(path, "fast") for path in FILES if "train" in path.stem and "3conv" not in path.stem]


@pytest.mark.parametrize(("path", "engine"), CASES, ids=lambda v: getattr(v, "stem", v))
def test_every_file_passes_with_room_to_spare_and_is_compared_whole(path, engine):
    comparisons = compare(read(path), engine)
    with np.load(path) as file:
        groups = {"free", "final", "delta", "nabla", "steady"}
        results = {name for name in file.files if name.split("/")[0] in groups}
    assert {c.array for c in comparisons} == results
    bound = 1e-9 if "curves" in path.stem else 1e-12
    assert max(c.difference for c in comparisons) < bound


def test_there_are_ten_files():
    assert len(FILES) == 10


@pytest.mark.parametrize("rule", ["cep", "centred"])
def test_a_file_of_other_layers_images_and_strides_passes(tmp_path, rule, capsys):
    """Written here by the definition: colour images, three layers, strides, padding, overlaps."""
    shape = ConvolutionalShape(
        (3, 2), (5, 4), (3, 11, 9), kernel=3, stride=1, padding=1, pooling=AveragePooling((3, 3))
    )
    generator = torch.Generator().manual_seed(2)
    parameters = first = shape.initial(generator)
    x = torch.randint(0, 256, (2, 4, 3, 11, 9), generator=generator, dtype=torch.uint8)
    y = torch.randint(0, 4, (2, 4), generator=generator, dtype=torch.uint8)
    network, signs = shape.network(Tanh(), nudge="inside"), [1, -1]
    rates = learning_rates(network, first, [0.01, 0.02, 0.03, 0.04])
    kind = Procedure(C_EP if rule == "cep" else EP, 0.2, 15, 4, centred=rule == "centred")
    free = None
    for images, labels, sign in zip(x, y, signs, strict=True):
        learned = learn_batch(
            network, kind, images.double() / 128, one_hot(labels, 4, torch.float64),
            parameters, rates, sign=sign,
        )  # fmt: skip
        parameters, free = learned.parameters, free or learned.free.state
    names = {"W_0_1": "fc_0", "b_0": "fc_b_0", "W_1_2": "fc_1", "b_1": "fc_b_1"}
    names |= {"W_2_3": "conv_0", "b_2": "conv_b_0", "W_3_x": "conv_1", "b_3": "conv_b_1"}
    arrays = {"x": x.numpy(), "y": y.numpy()}
    arrays |= {f"initial/{names[k]}": v.numpy() for k, v in first.items()}
    arrays |= {f"final/{names[k]}": v.numpy() for k, v in parameters.items()}
    arrays |= {f"free/s_{n}": s.numpy() for n, s in enumerate(free)}
    meta = {
        "kind": "conv-training", "setting": "prototypical", "nudging": "inside", "rule": rule,
        "channels": [2, 3, 3], "fc_sizes": [4, 5], "kernel": 3, "padding": 1, "pool": "avg",
        "pool_size": 3, "activation": "tanh", "learning_rates": [0.01, 0.02, 0.03, 0.04],
        "beta": 0.2, "T": 15, "K": 4, "beta_signs": signs, "batch_size": 4,
        "winners": "at the state", "input_scale": 128,
    }  # fmt: skip
    assert main(["conformance", str(saved(tmp_path, arrays, meta))]) == 0
    assert "other.npz: pass" in capsys.readouterr().out
    arrays["final/conv_1"][0, 0, 0, 0] += 1e-9
    assert main(["conformance", str(saved(tmp_path, arrays, meta))]) == 1


MALFORMED = {
    "conv-train-inside-cep-max": [
        (lambda a, m: m.update(pool="median"), "meta.pool: expected one of max, avg, softmax"),
        (lambda a, m: m.update(activation="relu"), "meta.activation: expected one of hardsigm"),
        (lambda a, m: m.update(winners="new"), "meta.winners: expected one of at the state, lag"),
        (lambda a, m: m.update(rule="cvf"), "meta.rule: expected one of ep, centred, cep, found"),
        (lambda a, m: m.update(kernel=0), "meta.kernel: expected a whole number from 1"),
        (lambda a, m: m.update(kernel=29), r"meta: kernel\[0\]: expected windows .* 29x29 on 28x2"),
        (lambda a, m: m.update(padding=-1), "meta.padding: expected a whole number from 0"),
        (lambda a, m: m.update(channels=[6, 4]), r"array x: expected shape \(batches, B, 4, rows"),
        (lambda a, m: m.update(channels=[1]), "meta.channels: expected a list of 2 or more"),
        (lambda a, m: m.update(channels=[6, 10**6, 1]), "meta.channels: expected at most 2684"),
        (lambda a, m: m.update(fc_sizes=[]), "meta.fc_sizes: expected a list of 1 or more"),
        (lambda a, m: m.update(fc_sizes=[11]), r"array initial/fc_0: expected shape \(11, 96\)"),
        (lambda a, m: m.update(learning_rates=[1]), "meta.learning_rates: expected a list of 3"),
        (lambda a, m: m.update(input_scale=0), "meta.input_scale: expected a positive number"),
        (lambda a, m: m.update(batch_size=9), r"array x: expected shape \(4, 9, 28, 28\), found"),
        (lambda a, m: m.update(beta_signs=[1]), r"array x: expected shape \(1, 10, 28, 28\)"),
        (lambda a, m: m.update(start="given"), r"array start/s_0: expected shape \(10, 10\)"),
        (lambda a, m: m.update(order="input to output"), "meta.order: expected one of output to"),
        (lambda a, m: m.update(dtype="float32"), "meta.dtype: expected one of float64, found"),
        (lambda a, m: a.pop("x"), "array x: expected images, found none"),
        (lambda a, m: a.update(x=a["x"][:, 0]), r"array x: expected shape \(batches, B, rows"),
        (lambda a, m: a.update(y=a["y"] + 9), "array y: expected integers from 0 to 9, found"),
        (lambda a, m: a.pop("final/conv_b_1"), r"array final/conv_b_1: expected shape \(4,\)"),
        (lambda a, m: a.update(more=a["y"]), "array more: expected no such array, found one"),
        (lambda a, m: a["final/fc_0"].fill(np.inf), "array final/fc_0: expected finite numbers"),
    ],
    "conv-curves-inside-max": [
        (lambda a, m: m.update(T=8), "meta.T: expected a whole number from 9"),
        (lambda a, m: m.update(eta=-1), "meta.eta: expected 0, or a positive number"),
        (lambda a, m: m.update(eta=1e-3), "meta.eta: expected 0 for rule ep, found 0.001"),
        (lambda a, m: m.update(rule="centred"), "meta.rule: expected one of ep, cep, found"),
        (lambda a, m: m.update(zeroed=3), "meta.zeroed: expected 'nothing …' or 'layer n for"),
        (lambda a, m: a.update(y=a["y"][:1]), r"array y: expected shape \(2, 10\), found \(1"),
        (
            lambda a, m: [a.pop(k) for k in list(a) if k[:5] in {"delta", "nabla", "stead"}],
            "arrays: expected processes to compare, found none",
        ),
    ],
}


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [(name, *case) for name, cases in MALFORMED.items() for case in cases],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_a_malformed_file_is_named_with_its_field(tmp_path, name, change, message):
    arrays, meta = contents(FILES, name)
    change(arrays, meta)
    with pytest.raises(ConformanceError) as raised:
        read(saved(tmp_path, arrays, meta))
    assert re.search(rf"other\.npz: {message}", str(raised.value)), str(raised.value)
