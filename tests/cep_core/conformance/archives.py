"""Conformance files, taken apart and put together again."""

import json

import numpy as np


def contents(files, name):
    """Arrays and description of the file of this name."""
    with np.load(next(p for p in files if p.stem == name)) as file:
        arrays = {k: file[k] for k in file.files if k != "meta"}
        return arrays, json.loads(str(file["meta"]))


def saved(folder, arrays, meta):
    """Write a file of these; return its path."""
    path = folder / "other.npz"
    np.savez(path, meta=np.array(json.dumps(meta)), **arrays)
    return path
