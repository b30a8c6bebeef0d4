"""What an inexact correction costs: measured, and the committed measures belong to the command."""

from pathlib import Path

import pytest
import torch

from cep_core import CORRECTED_C_VF, Prototypical
from cep_core.activations import Sigmoid
from cep_core.data.mnist import embedded
from cep_core.runs.row import row_named
from reproduce.command_line import main
from reproduce.device.inexact import Inexact
from reproduce.device.measure import gdu_errors, summary, trained, variants

CHECKOUT = Path(__file__).parents[3]
SMALL = row_named("corrected-C-VF-1h").changed(sizes=(784, 6, 10), angle=90.0)


def some(network, batch=3):
    generator = torch.Generator().manual_seed(0)
    theta = network.initial_parameters((5, 4, 3), generator=generator, backward_angle=90.0)
    draw = [torch.rand(batch, n, generator=generator, dtype=torch.float64) for n in (5, 3, 4, 3, 4)]
    return draw[0], tuple(draw[1:3]), theta, tuple(draw[3:])


def test_the_exact_device_is_the_network_itself():
    network = Prototypical((Sigmoid(),) * 2)
    where = some(network)
    given, wanted = Inexact(network.activations).asymmetry(*where), network.asymmetry(*where)
    assert all(torch.equal(a, b) for a, b in zip(given, wanted, strict=True))


def test_mismatch_is_of_its_size_fixed_and_another_at_either_end():
    exact = Inexact((Sigmoid(),) * 2)
    _, _, theta, _ = some(exact)
    device = Inexact((Sigmoid(),) * 2, mismatch=0.1)
    seen = [device._seen(theta, end)["W_0_1"] / theta["W_0_1"] - 1 for end in (0, 1, 0)]
    assert torch.equal(seen[0], seen[2])
    assert float((seen[0] - seen[1]).abs().min()) > 0
    assert float(seen[0].std()) == pytest.approx(0.1, rel=0.5)


def test_slopes_of_the_mean_are_everyones_in_a_mini_batch_of_one():
    own, of_mean = Inexact((Sigmoid(),) * 2), Inexact((Sigmoid(),) * 2, slopes_at_rest="mean")
    alone, several = some(own, batch=1), some(own)
    for a, b in zip(own.asymmetry(*alone), of_mean.asymmetry(*alone), strict=True):
        assert torch.allclose(a, b, atol=1e-15)
    pairs = zip(own.asymmetry(*several), of_mean.asymmetry(*several), strict=True)
    assert max(float((a - b).abs().max()) for a, b in pairs) > 1e-3


def test_the_error_is_the_mismatch_and_the_plain_rules_is_none_of_it():
    found = {e["variant"]: e for e in gdu_errors(SMALL, embedded(), 0)}
    assert [v.name for v in variants()] == list(found)
    assert found["exact"]["neurons"] < 1e-4
    small, large = (found[f"{share} % mismatch"]["neurons"] for share in (1, 10))
    assert large == pytest.approx(10 * small, rel=0.3)
    assert found["no correction, as published"]["neurons"] > 3 * large


def test_a_variant_trains_and_ends_are_averaged():
    data = embedded()
    few = type(data)(
        data.name,
        data.provenance,
        data.train_images[:40],
        data.train_labels[:40],
        data.test_images[:20],
        data.test_labels[:20],
        data.sha256,
    )
    device = variants()[1]
    assert device.rule is CORRECTED_C_VF
    errors = trained(SMALL, few, device, 0, epochs=2)
    assert len(errors) == 2
    assert errors == trained(SMALL, few, device, 0, epochs=2)
    assert all(0 <= e <= 100 for e in errors)
    assert summary([[9.0, 3.0, 1.0], [9.0, 5.0, 3.0]], 2) == {
        "mean": 3.0,
        "least": 2.0,
        "most": 4.0,
    }


def test_bad_counts_are_refused(capsys, tmp_path):
    assert main(["device", "--epochs", "0", "--out", str(tmp_path / "no.json")]) == 2
    assert "epochs: expected a positive integer, found 0" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
