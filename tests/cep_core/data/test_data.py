"""Data: verified field by field, named in every error, never taken for what they are not."""

import dataclasses
import functools
import gzip
import hashlib
import http.server
import os
import struct
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cep_core.data import mnist as data
from cep_core.data.idx import read_images, read_labels
from cep_core.data.mnist import DataError, downloaded, load, wherever

NAMES = list(data.COUNTS)
COUNTS = {"train": 30, "t10k": 20}


def idx(values):
    """An IDX file of unsigned bytes."""
    magic = 0x800 + values.ndim
    return struct.pack(f">{1 + values.ndim}I", magic, *values.shape) + values.tobytes()


def contents(seed=0, counts=COUNTS):
    chance = np.random.default_rng(seed)
    files = {}
    for part, count in counts.items():
        images = chance.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        files[f"{part}-images-idx3-ubyte"] = idx(images)
        files[f"{part}-labels-idx1-ubyte"] = idx(chance.integers(0, 10, count, dtype=np.uint8))
    return files


def write(folder, files, *, zipped=False):
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        if zipped:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def published(monkeypatch):
    """Small files that play MNIST: their digests are the published ones."""
    files = contents(seed=1)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    known = dataclasses.replace(data.MNIST, sha256=digests)
    monkeypatch.setitem(data.PUBLISHED, "mnist", known)
    monkeypatch.setattr(data, "COUNTS", {name: COUNTS[name.split("-")[0]] for name in files})
    return files


def test_embedded_digits_are_split_once_and_for_all():
    digits = load("mnist5k")
    assert digits.train_images.shape == (4000, 784)
    assert digits.test_images.shape == (1000, 784)
    assert digits.train_images.dtype == digits.test_labels.dtype == torch.uint8
    for labels in (digits.train_labels, digits.test_labels):
        assert labels[:30].tolist() == list(range(10)) * 3
        assert len(set(torch.bincount(labels).tolist())) == 1
    train = {row.numpy().tobytes() for row in digits.train_images}
    assert not train & {row.numpy().tobytes() for row in digits.test_images}
    assert int(digits.train_images.max()) == 255


def test_altered_embedded_digits_are_refused(monkeypatch):
    monkeypatch.setattr(data, "EMBEDDED_SHA256", "0" * 64)
    with pytest.raises(DataError, match=r"mnist5k: SHA-256: expected 0{64}, found [0-9a-f]{64}"):
        load("mnist5k")


@pytest.mark.parametrize("zipped", [False, True])
def test_a_directory_of_idx_files_is_not_called_mnist(tmp_path, zipped):
    files = contents()
    found = load(str(write(tmp_path / "d", files, zipped=zipped)))
    assert found.name == "idx"
    assert "not verified" in found.provenance
    images = files["train-images-idx3-ubyte"]
    assert found.train_images.numpy().tobytes() == images[16:]
    assert found.test_labels.numpy().tobytes() == files["t10k-labels-idx1-ubyte"][8:]
    assert found.sha256["train-images-idx3-ubyte"] == hashlib.sha256(images).hexdigest()


def test_compression_does_not_change_the_identity(tmp_path):
    plain = load(str(write(tmp_path / "a", contents())))
    packed = load(str(write(tmp_path / "b", contents(), zipped=True)))
    assert plain.sha256 == packed.sha256


def test_a_gzipped_file_needs_no_suffix_and_a_dotted_name_is_found(tmp_path):
    folder = write(tmp_path, contents())
    labels = folder / "t10k-labels-idx1-ubyte"
    labels.write_bytes(gzip.compress(labels.read_bytes()))
    labels.rename(folder / "t10k-labels.idx1-ubyte")
    assert load(str(folder)).test_labels.shape == (20,)


def test_data_are_mnist_if_every_file_has_its_published_digest(tmp_path, published):
    assert load(str(write(tmp_path, published))).name == "mnist"


@pytest.mark.parametrize("name", NAMES)
def test_a_stranger_of_the_same_size_among_mnist_files_is_named(tmp_path, published, name):
    folder = write(tmp_path, published | {name: contents(seed=2)[name]})
    with pytest.raises(
        DataError, match=rf"{name}: SHA-256: expected MNIST's .* same directory: MNIST's"
    ):
        load(str(folder))


def test_files_of_another_size_beside_mnist_files_are_only_unverified(tmp_path, published):
    other = contents(seed=3, counts={"train": 12})
    assert load(str(write(tmp_path, published | other))).name == "idx"


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(tmp_path, name):
    folder = write(tmp_path, contents())
    (folder / name).unlink()
    with pytest.raises(DataError, match=rf"{name}: expected an IDX file \(or .*gz\), found none"):
        load(str(folder))


def test_a_missing_directory_names_the_alternatives(tmp_path):
    with pytest.raises(DataError, match="nowhere: expected mnist5k, mnist, fashion-mnist or a d"):
        load(str(tmp_path / "nowhere"))


def test_counts_must_agree(tmp_path):
    files = contents() | {"train-labels-idx1-ubyte": idx(np.zeros(29, dtype=np.uint8))}
    text = "train-labels-idx1-ubyte: count: expected 30, as in train-images-idx3-ubyte, found 29"
    with pytest.raises(DataError, match=text):
        load(str(write(tmp_path, files)))


IMAGES = contents()["t10k-images-idx3-ubyte"]
LABELS = contents()["t10k-labels-idx1-ubyte"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "magic number: expected 0x00000803 .* found nothing"),
        (b"<!DOCTYPE html>" * 9, "magic number: expected 0x00000803 .*, found 0x3c21444f"),
        (LABELS, "magic number: expected 0x00000803 .*, found 0x00000801"),
        (IMAGES[:10], r"header: expected 16 bytes, found 10 \(truncated\)"),
        (struct.pack(">4I", 0x803, 0, 28, 28), "count: expected 1 to 1000000, found 0"),
        (struct.pack(">4I", 0x803, 1, 28, 27) + bytes(756), "expected 28 x 28 .* found 28 x 27"),
        (IMAGES[:-1], r"data: expected 15680 bytes for a count of 20, found 15679 \(truncated\)"),
        (IMAGES + b"\0", r"found more \(trailing bytes\)"),
        (struct.pack(">4I", 0x803, 2**32 - 1, 28, 28), "expected 1 to 1000000, found 4294967295"),
        (struct.pack(">4I", 0x803, 10**6, 28, 28), "expected 784000000 bytes .* found 0"),
        (gzip.compress(IMAGES) + b"junk", "gzip data: expected a sound file"),
        (gzip.compress(IMAGES[:-1]), r"found 15679 \(truncated\)"),
    ],
)
def test_every_fault_of_an_image_file_is_named(tmp_path, content, text):
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"^{path}: .*{text}"):
        read_images(path)


def test_a_label_out_of_range_is_named(tmp_path):
    path = tmp_path / "labels"
    path.write_bytes(idx(np.array([1, 2, 10, 3], dtype=np.uint8)))
    with pytest.raises(DataError, match=f"{path}: label 2: expected 0 to 9, found 10"):
        read_labels(path)


def test_no_truncation_passes(tmp_path):
    whole = gzip.compress(LABELS)
    path = tmp_path / "labels"
    for content in (LABELS, whole):
        for length in range(len(content)):
            path.write_bytes(content[:length])
            with pytest.raises(DataError, match=str(path)):
                read_labels(path)


@given(st.binary(max_size=64), st.booleans())
def test_foreign_bytes_never_reach_a_library(tmp_path_factory, content, zipped):
    path = tmp_path_factory.mktemp("foreign") / "labels"
    path.write_bytes(gzip.compress(content) if zipped else content)
    with pytest.raises(DataError, match=str(path)):
        read_labels(path)


def test_a_folder_in_place_of_a_file_is_named(tmp_path):
    with pytest.raises(DataError, match=f"{tmp_path}: expected an IDX file, found a folder"):
        read_images(tmp_path)


def test_what_is_no_regular_file_is_refused_unread(tmp_path):
    fifo, dangling = tmp_path / "fifo", tmp_path / "dangling"
    os.mkfifo(fifo)
    dangling.symlink_to("nowhere")
    for path, found in (
        (fifo, "a FIFO"),
        (dangling, "a symbolic link that leads nowhere"),
        (Path("/dev/zero"), "a device"),
    ):
        with pytest.raises(DataError, match=f"^{path}: expected an IDX file, found {found}$"):
            read_labels(path)


def test_a_gzip_that_unpacks_to_gigabytes_is_read_no_further_than_its_header_admits(tmp_path):
    bomb = tmp_path / "bomb"
    with gzip.open(bomb, "wb", compresslevel=1) as file:
        file.write(struct.pack(">2I", 0x801, 5))
        for _ in range(1 << 8):
            file.write(bytes(1 << 20))
    tracemalloc.start()
    with pytest.raises(DataError, match=r"expected 5 bytes .* found more \(trailing bytes\)"):
        read_labels(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 21


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def mirror(tmp_path, published, monkeypatch):
    """A server of the files that play MNIST; yields its address and its folder."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    folder = write(tmp_path / "served", published, zipped=True)
    digests = {
        name: hashlib.sha256((folder / f"{name}.gz").read_bytes()).hexdigest() for name in published
    }
    known = dataclasses.replace(data.PUBLISHED["mnist"], gzip_sha256=digests)
    monkeypatch.setitem(data.PUBLISHED, "mnist", known)
    handler = functools.partial(_Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", folder
        server.shutdown()
        thread.join()


def test_a_download_is_verified_and_kept(tmp_path, mirror):
    address, folder = mirror
    cache = tmp_path / "cache"
    assert downloaded(data.PUBLISHED["mnist"], (address,), cache).name == "mnist"
    for path in folder.iterdir():
        path.unlink()
    assert downloaded(data.PUBLISHED["mnist"], (address,), cache).name == "mnist"


def test_a_damaged_download_is_replaced(tmp_path, mirror):
    address, _ = mirror
    cache = tmp_path / "cache"
    downloaded(data.PUBLISHED["mnist"], (address,), cache)
    (cache / "train-labels-idx1-ubyte.gz").write_bytes(b"damaged")
    assert downloaded(data.PUBLISHED["mnist"], (address,), cache).name == "mnist"


def test_the_next_mirror_is_tried(tmp_path, mirror):
    address, _ = mirror
    assert (
        downloaded(data.PUBLISHED["mnist"], (address + "absent/", address), tmp_path / "cache").name
        == "mnist"
    )


def test_a_download_that_fails_names_the_alternatives(tmp_path, mirror):
    address, folder = mirror
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(b"something else")
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz could not be downloaded") as e:
        downloaded(data.PUBLISHED["mnist"], (address,), tmp_path / "cache")
    assert "mnist5k" in str(e.value)
    assert "directory" in str(e.value)
    assert "hash" in str(e.value)
    assert "\n" not in str(e.value)


def test_sets_of_the_same_names_and_sizes_are_told_apart_by_digest_alone(
    tmp_path, published, monkeypatch
):
    same_sizes = contents(seed=4)
    folder = write(tmp_path / "other", same_sizes)
    assert load(str(folder)).name == "idx"
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in same_sizes.items()}
    known = dataclasses.replace(data.PUBLISHED["fashion-mnist"], sha256=digests)
    monkeypatch.setitem(data.PUBLISHED, "fashion-mnist", known)
    found = load(str(folder))
    assert (found.name, found.provenance[:13]) == ("fashion-mnist", "Fashion-MNIST")
    assert load(str(write(tmp_path / "mnist", published))).name == "mnist"
    labels = "t10k-labels-idx1-ubyte"
    mixed = write(tmp_path / "mixed", published | {labels: same_sizes[labels]})
    with pytest.raises(DataError, match=r"t10k-labels.* expected MNIST's .* the same directory"):
        load(str(mixed))


def test_a_validation_split_is_the_training_set_alone():
    whole, split = load("mnist5k"), load("validation:mnist5k")
    kept = len(split.train_labels)
    assert (kept, len(split.test_labels)) == (3334, 666)
    assert split.name == "validation:mnist5k"
    assert torch.equal(torch.cat([split.train_images, split.test_images]), whole.train_images)
    assert torch.equal(torch.cat([split.train_labels, split.test_labels]), whole.train_labels)
    assert whole.sha256.items() < split.sha256.items(), "a run on it is another run"


def test_too_few_samples_are_not_split(tmp_path):
    folder = write(tmp_path / "few", contents(counts={"train": 5, "t10k": 5}))
    with pytest.raises(DataError, match="expected at least 6 training samples, found 5"):
        load(f"validation:{folder}")


def test_a_source_is_the_same_in_every_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert wherever("mnist") == "mnist"
    assert wherever("validation:mnist5k") == "validation:mnist5k"
    assert wherever("digits") == str(tmp_path / "digits")
    assert wherever("validation:digits") == f"validation:{tmp_path / 'digits'}"
