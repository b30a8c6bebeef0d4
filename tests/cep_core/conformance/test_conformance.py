"""The definition against the authors' numbers; malformed files get a clear error."""

import json
import os
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from cep_core.activations import Sigmoid
from cep_core.conformance.compare import compare
from cep_core.conformance.files import ConformanceError, read
from cep_core.learning import Procedure, learn_batch, one_hot
from cep_core.networks import Prototypical
from cep_core.networks.initial import initial_parameters
from cep_core.rules import C_VF, learning_rates
from reproduce.command_line import main

FILES = sorted((Path(__file__).parents[2] / "data" / "conformance").glob("*.npz"))


@pytest.mark.parametrize("engine", ["reference", "fast"])
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_public_file_passes_with_room_to_spare(path, engine):
    comparisons = compare(read(path), engine)
    assert len(comparisons) >= 6
    assert max(c.difference for c in comparisons) < 1e-11


def test_there_are_twelve_public_files():
    assert len(FILES) == 12


def test_every_result_in_a_file_is_compared():
    for path in FILES:
        with np.load(path) as file:
            results = {
                k
                for k in file.files
                if k.split("/")[0] in {"free", "final", "delta", "nabla", "steady"}
            }
        assert {c.array for c in compare(read(path))} == results


def saved(folder, name, arrays, meta):
    path = folder / name
    np.savez(path, meta=np.array(json.dumps(meta)), **arrays)
    return path


def contents(name):
    with np.load(next(p for p in FILES if p.stem == name)) as file:
        arrays = {k: file[k] for k in file.files if k != "meta"}
        return arrays, json.loads(str(file["meta"]))


def test_a_file_of_other_sizes_depth_rates_and_seed_passes(tmp_path):
    """Three hidden layers, written here by the definition in the format of the public files."""
    sizes, rates = [7, 6, 5, 4, 3], [0.1, 0.2, 0.3, 0.4]
    generator = torch.Generator().manual_seed(9)
    first = initial_parameters(sizes, generator=generator, backward_angle=60.0)
    x = torch.randint(0, 256, (3, 4, 7), generator=generator, dtype=torch.uint8)
    y = torch.randint(0, 3, (3, 4), generator=generator, dtype=torch.uint8)
    network = Prototypical((Sigmoid(),) * 4)
    by_name = learning_rates(network, first, rates, train_input_bias=False)
    parameters, signs, free = first, [1, -1, 1], None
    for i, sign in enumerate(signs):
        learned = learn_batch(
            network, Procedure(C_VF, 0.3, 25, 6), x[i].double() / 255,
            one_hot(y[i], 3, torch.float64), parameters, by_name, sign=sign,
        )  # fmt: skip
        parameters, free = learned.parameters, free or learned.free.state
    arrays = {"x": x.numpy(), "y": y.numpy()}
    arrays |= {f"initial/{k}": v.numpy() for k, v in first.items()}
    arrays |= {f"final/{k}": v.numpy() for k, v in parameters.items()}
    arrays |= {f"free/s_{n}": s.numpy() for n, s in enumerate(free)}
    meta = {
        "kind": "training", "setting": "prototypical", "nudging": "outside", "rule": "cvf",
        "sizes": sizes, "activation": "sigmoid", "learning_rates": rates, "beta": 0.3, "T": 25,
        "K": 6, "beta_signs": signs, "trains_input_bias": False, "batch_size": 4,
    }  # fmt: skip
    path = saved(tmp_path, "deep.npz", arrays, meta)
    assert main(["conformance", str(path)]) == 0
    arrays["final/W_2_1"][0, 0] += 1e-9
    assert main(["conformance", str(saved(tmp_path, "off.npz", arrays, meta))]) == 1
    assert main(["conformance", "--tol", "1e-8", str(tmp_path / "off.npz")]) == 0


def test_the_command_prints_a_line_per_array_and_a_verdict_per_file(capsys):
    assert main(["conformance", str(FILES[0]), str(FILES[-1])]) == 0
    out = capsys.readouterr().out
    assert "delta/W_0_1" in out
    assert "final/b_0" in out
    assert out.count(": pass (largest difference") == 2


def test_a_changed_number_is_named_and_exits_with_1(tmp_path, capsys):
    arrays, meta = contents("curves-toy-cep")
    arrays["delta/s_1"][5, 3] *= -1
    assert main(["conformance", str(saved(tmp_path, "flipped.npz", arrays, meta))]) == 1
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines() if "exceeds" in line] == ["delta/s_1"]
    assert "flipped.npz: FAIL" in out


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, m: m.pop("beta"), "meta.beta: expected .*, or its negative, found none"),
        (lambda a, m: m.update(beta=0), "meta.beta: expected .*, or its negative, found 0"),
        (lambda a, m: m.update(rule="bp"), "meta.rule: expected one of ep, cep, cvf, found 'bp'"),
        (lambda a, m: m.update(rule=["ep"]), "meta.rule: expected one of ep, cep, cvf"),
        (lambda a, m: m.update(kind=3), "meta.kind: expected one of training, curves, .*, found 3"),
        (lambda a, m: m.update(activation="relu"), "meta.activation: expected one of tanh"),
        (lambda a, m: m.update(activation=[1]), "meta.activation"),
        (lambda a, m: m.update(K=0), "meta.K: expected a whole number from 1 to 1000000, found 0"),
        (lambda a, m: m.update(K=2.5), "meta.K: expected a whole number .*, found 2.5"),
        (lambda a, m: m.update(T="4"), "meta.T: expected a whole number .*, found '4'"),
        (lambda a, m: m.update(sizes=[784]), "meta.sizes: expected a list of 2 or more values"),
        (lambda a, m: m.update(sizes=[784, 31, 10]), r"array .* expected shape"),
        (lambda a, m: m.update(learning_rates=[1]), "meta.learning_rates: expected a list of 2"),
        (lambda a, m: m.update(beta_signs=[1, 1, 0, 1, 1]), "meta.beta_signs: expected a list of"),
        (lambda a, m: m.update(trains_input_bias="no"), "meta.trains_input_bias: expected true or"),
        (lambda a, m: m.update(beta=10**400), "meta.beta: expected .*, found 10000.*"),
        (lambda a, m: m.update(beta=1e-320), "meta.beta: expected .*, found 1e-320"),
        (lambda a, m: m.update(beta=float("nan")), "meta: expected .*, found NaN, which is"),
        (lambda a, m: m.update(sizes=[]), r"meta.sizes: expected a list .*, found \[\]"),
        (lambda a, m: m.update(sizes=[784, 10**9, 10]), "meta.sizes: expected a list .* 1000000"),
        (lambda a, m: m.update(sizes=[784, 10**6, 10]), "meta.sizes: expected processes of at mos"),
        (lambda a, m: m.update(learning_rates=[]), "meta.learning_rates: expected a list of 2"),
        (lambda a, m: m.update(learning_rates=[1, 10**40]), "meta.learning_rates: expected a lis"),
        (lambda a, m: m.update(beta_signs=[]), "meta.beta_signs: expected a list of 1 or more"),
        (lambda a, m: m.update(beta_signs=[[1]] * 5), "meta.beta_signs: expected a list of 1 or"),
        (lambda a, m: m.update(batch_size=10**6), "meta.batch_size: expected at most 268435456"),
        (lambda a, m: a.update(y=a["y"].astype(">u8") + 2**63), "array y: expected integers from"),
        (lambda a, m: a.update(y=a["y"].astype("i1") - 1), "array y: .*, found int8 from -1 to"),
        (lambda a, m: a.update(y=a["y"].astype(bool)), "array y: expected integers .* found bool"),
        (lambda a, m: a.update({"../x": a["y"]}), "array ../x: expected no such array, found one"),
        (lambda a, m: a.pop("final/b_0"), r"array final/b_0: expected shape \(10,\), found none"),
        (lambda a, m: a.pop("x"), r"array x: expected shape \(5, 20, 784\), found none"),
        (lambda a, m: a.update(y=a["y"] + 10), "array y: expected integers from 0 to 9, found"),
        (lambda a, m: a.update(x=a["x"] / 255), "array x: expected integers from 0 to 255"),
        (lambda a, m: a.update(extra=np.zeros(3)), "array extra: expected no such array"),
        (lambda a, m: a["final/b_0"].fill(np.nan), "array final/b_0: expected finite numbers"),
        (
            lambda a, m: a.update({"initial/b_0": a["initial/b_0"].astype("f4")}),
            "array initial/b_0: expected float64, found float32",
        ),
    ],
)  # fmt: skip
def test_a_malformed_file_is_named_with_its_field(tmp_path, change, message):
    arrays, meta = contents("train-EP-1h")
    change(arrays, meta)
    path = saved(tmp_path, "bad.npz", arrays, meta)
    with pytest.raises(ConformanceError, match=r"bad\.npz: " + message):
        read(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, m: m.pop("dt"), "meta.dt: expected a positive number .*, found none"),
        (lambda a, m: m.update(dt=-1), "meta.dt: expected a positive number .*, found -1"),
        (lambda a, m: m.update(clamp=None), "meta.clamp: expected true or false, found None"),
        (
            lambda a, m: m.update(T=40),
            "meta.T: expected a whole number from 41 to 1000000, found 40",
        ),
        (
            lambda a, m: m.update(eta=[1, "2"]),
            "meta.eta: expected a list of 2 values, each a number",
        ),
        (lambda a, m: a.update(y=a["y"][0]), r"array y: expected shape \(1, 5\), found \(5,\)"),
        (
            lambda a, m: [a.pop(k) for k in list(a) if k[:5] in {"delta", "nabla", "stead"}],
            "arrays: expected processes to compare, found none",
        ),
    ],
)
def test_a_malformed_file_of_curves_is_named_with_its_field(tmp_path, change, message):
    arrays, meta = contents("curves-toy-cep")
    change(arrays, meta)
    with pytest.raises(ConformanceError, match=r"bad\.npz: " + message):
        read(saved(tmp_path, "bad.npz", arrays, meta))


@pytest.mark.parametrize("integers", ["u1", "<u2", ">u2", "u4", ">i4", "i8", ">u8"])
def test_integers_and_floats_of_any_size_and_byte_order_are_read(tmp_path, integers):
    arrays, meta = contents("train-EP-1h")
    for name, value in arrays.items():
        arrays[name] = value.astype(integers if name in {"x", "y"} else ">f8")
    assert main(["conformance", str(saved(tmp_path, "other.npz", arrays, meta))]) == 0


def test_a_file_with_nothing_that_can_be_compared_is_an_error(tmp_path, capsys):
    arrays, meta = contents("curves-toy-cep")
    meta["K"] = 1  # weights are compared from t = 1
    kept = {k: v for k, v in arrays.items() if k[:5] not in {"delta", "nabla", "stead"}}
    kept["delta/W_0_1"] = arrays["delta/W_0_1"][:1]
    path = saved(tmp_path, "nothing.npz", kept, meta)
    assert main(["conformance", str(path)]) == 2
    assert f"error: {path}: arrays: expected entries to compare" in capsys.readouterr().out


def test_an_archive_that_unpacks_to_gigabytes_is_refused_by_its_heads(tmp_path):
    arrays, meta = contents("train-EP-1h")
    kept = {"meta": np.array(json.dumps(meta)), **arrays}
    bomb = tmp_path / "bomb.npz"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in kept.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, value)
        with archive.open("free/s_9.npy", "w", force_zip64=True) as member:
            head = {"descr": "<f8", "fortran_order": False, "shape": (1 << 25,)}
            np.lib.format.write_array_header_1_0(member, head)
            for _ in range(1 << 8):
                member.write(bytes(1 << 20))
    assert bomb.stat().st_size < 1 << 21
    tracemalloc.start()
    with pytest.raises(ConformanceError, match=r"bomb.npz: array free/s_9: expected no such array"):
        read(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 22


def test_a_head_that_promises_more_than_its_data_is_refused(tmp_path):
    path = tmp_path / "lie.npz"
    with zipfile.ZipFile(path, "w") as archive, archive.open("meta.npy", "w") as member:
        head = {"descr": "<U9", "fortran_order": False, "shape": (1 << 60,)}
        np.lib.format.write_array_header_1_0(member, head)
    with pytest.raises(
        ConformanceError, match=r"lie.npz: array meta: expected \d+ bytes for shape"
    ):
        read(path)


def malformed(folder):
    whole = FILES[0].read_bytes()
    (folder / "cut.npz").write_bytes(whole[: len(whole) // 2])
    (folder / "text.npz").write_text("not an archive")
    (folder / "empty.npz").write_bytes(b"")
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    (folder / "damaged.npz").write_bytes(damaged)
    np.savez(folder / "nometa.npz", x=np.zeros(3))
    np.savez(folder / "notjson.npz", meta=np.array("{"))
    np.savez(folder / "list.npz", meta=np.array("[1]"))
    np.savez(folder / "objects.npz", meta=np.array({"kind": "training"}, dtype=object))
    np.savez(folder / "deep.npz", meta=np.array("[" * 99_999))
    os.mkfifo(folder / "fifo.npz")
    (folder / "dangling.npz").symlink_to("nowhere")
    np.save(folder / "single.npy", np.zeros(3))
    (folder / "single.npy").rename(folder / "single.npz")
    (folder / "folder.npz").mkdir()
    return [*sorted(folder.glob("*.npz")), folder / "absent.npz"]


def test_every_kind_of_broken_file_exits_with_2_and_one_line(tmp_path, capsys):
    for path in malformed(tmp_path):
        assert main(["conformance", str(path)]) == 2, path.name
        out = capsys.readouterr().out.strip().splitlines()
        assert len(out) == 1, (path.name, out)
        assert out[0].startswith(f"error: {path}: "), out


def test_a_broken_file_does_not_stop_the_others(tmp_path, capsys):
    bad = malformed(tmp_path)
    assert main(["conformance", *map(str, bad), str(FILES[0])]) == 2
    said = capsys.readouterr().out
    assert f"{FILES[0].name}: pass" in said
    assert said.count("error: ") == len(bad)


def test_a_tolerance_that_is_no_number_is_refused():
    assert main(["conformance", "--tol", "-1", str(FILES[0])]) == 2
    assert main(["conformance", "--tol", "nan", str(FILES[0])]) == 2
