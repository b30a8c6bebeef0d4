"""The arrows between rooms run one way, and each room is small enough to be read."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("cep_core", "theory", "reproduce")

MAY_IMPORT = {
    "cep_core": {"cep_core"},
    "theory": {"cep_core", "theory"},
    "reproduce": {"cep_core", "theory", "reproduce"},
}

INSIDE = {
    "networks": {"networks", ""},
    "": {"", "networks"},
    "fast": {"fast", "", "networks"},
    "estimators": {"estimators", "", "networks"},
    "training": {"training", "fast", "estimators", "", "networks"},
    "check": {"check", "", "networks"},
    "data": {"data", ""},
    "runs": {"runs", "check", "training", "fast", "data", "", "networks"},
    "device": {"device", "runs", "check", "training", "data", "", "networks"},
    "conformance": {"conformance", "check", "training", "estimators", "data", "", "networks"},
    "cli": {
        "cli",
        "conformance",
        "device",
        "runs",
        "check",
        "training",
        "fast",
        "data",
        "",
        "networks",
    },
}
"""What each room of cep_core may import ("" stands for its modules): nothing climbs."""

FACES = {
    f"cep_core/{name}.py" for name in ("__init__", "face", "__main__", "testing", "pytest_plugin")
}
"""What a user meets, and so imports from every room."""

LONGEST = 400


def sources(package):
    return sorted((ROOT / package).rglob("*.py"))


def imported(path):
    """Modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def room(module):
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in INSIDE else ""


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_downwards_only(package):
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in sources(package)
        for module in imported(path)
        if module.split(".")[0] in (*PACKAGES, "tests", "benchmarks")
        and module.split(".")[0] not in MAY_IMPORT[package]
    ]
    assert wrong == []


def test_no_room_of_cep_core_imports_one_above_it():
    wrong = []
    for path in sources("cep_core"):
        where = str(path.relative_to(ROOT))
        own = path.relative_to(ROOT / "cep_core").parts
        here = own[0] if len(own) > 1 else ""
        wrong += [
            f"{where} imports {module}"
            for module in imported(path)
            if module.split(".")[0] == "cep_core"
            and where not in FACES
            and room(module) not in INSIDE[here]
        ]
    assert wrong == []


def test_the_two_sides_of_the_property_share_their_record_alone():
    sides = {"delta": "bptt", "bptt": "delta"}
    common = {"cep_core.check.processes"}
    for side, other in sides.items():
        found = set(imported(ROOT / "cep_core" / "check" / f"{side}.py"))
        ours = {module for module in found if module.startswith("cep_core.check")}
        assert ours <= common, side
        assert f"cep_core.check.{other}" not in found
    assert "cep_core.phases" not in set(imported(ROOT / "cep_core" / "check" / "bptt.py"))


def test_nothing_outside_the_fast_engine_asks_for_the_type_of_a_network():
    kinds = {"Prototypical", "EnergyBased", "PrimitiveNetwork", "VectorFieldNetwork"}
    wrong = []
    for package in PACKAGES:
        for path in sources(package):
            if "fast" in path.parts or path.name == "error_bound.py":  # of one setting's formulas
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not (
                    isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance"
                ):
                    continue
                asked = {n.id for n in ast.walk(node.args[1]) if isinstance(n, ast.Name)}
                if asked & kinds:
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []


def test_no_layer_is_counted_by_the_names_of_parameters():
    found = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in sources(package)
        if 'startswith("b_")' in path.read_text(encoding="utf-8") and "fast" not in path.parts
    ]
    assert found == []


def test_modules_are_short_enough_to_be_read():
    long = {
        str(path.relative_to(ROOT)): lines
        for package in PACKAGES
        for path in sources(package)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert long == {}
