"""Hostile contents: what a document turns into, and what may then be said of its file."""

import copy
import json

from hypothesis import strategies as st

from cep_core.fields import FieldError

HUGE = "an integer that has no decimals"
WORDS = [
    HUGE,
    "",
    "EP",
    "energy-based",
    "../x",
    "/etc/passwd",
    "\ud800",
    "\0",
    "a" * 9999,
    "s_0",
    "é\n",
]
NUMBERS = [0, -1, 2**31, 2**63, 10**9, 10**400, True, 1e308, 1e-320, -0.0, 0.5]

scalars = (
    st.sampled_from(WORDS)
    | st.sampled_from(NUMBERS)
    | st.floats()
    | st.integers()
    | st.text(max_size=5)
)
hostile = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


def places(value, path=()):
    """Paths of everything inside a document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in inside:
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))


@st.composite
def altered(draw, document):
    """The document with up to three entries replaced, removed or added."""
    changed = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(list(places(changed))))
        inside = changed
        for key in path:
            inside = inside[key]
        change = draw(st.sampled_from(["replace", "replace", "remove", "add"]))
        if change == "remove":
            del inside[last]
        elif change == "add" and isinstance(inside, dict):
            inside[draw(st.text(max_size=4))] = draw(hostile)
        else:
            inside[last] = draw(hostile)
        if not changed:
            break
    return changed


def as_toml(value):
    """A value in TOML, tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {as_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if value == HUGE:
        return "0x" + "f" * 5000
    return json.dumps(value).replace("Infinity", "inf").replace("NaN", "nan")


def toml_file(folder, document):
    path = folder / "file.toml"
    lines = (f"{json.dumps(key)} = {as_toml(value)}\n" for key, value in document.items())
    path.write_text("".join(lines), encoding="utf-8")
    return path


def only_named_faults(read, path, error=FieldError):
    """Read; what is raised is of our kind, names the file, and is a line."""
    message = fault_of(read, path, error)
    if message is not None:
        assert message.startswith(f"{path}: ")
        assert "expected" in message
        assert "\n" not in message
        assert len(message) < 2000, message[:300]


def fault_of(read, path, error):
    try:
        read(path)
    except error as fault:
        return str(fault)
    return None
