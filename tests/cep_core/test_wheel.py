"""The wheel ships cep_core, and nothing else of ours."""

import json
import os
import subprocess
import sys
import zipfile

import cep_core
from cep_core.runs.row import row_names
from tests.wheel import ROOT, packed_files

USED = """
import json, sys
from pathlib import Path
import cep_core
from cep_core.cli import main
from cep_core.runs.row import row_names
assert not {"reproduce", "theory"} & set(sys.modules)
print(json.dumps([str(Path(cep_core.__file__)), row_names()]))
sys.exit(main(["train", sys.argv[1], "--out", "run", "--epochs", "1"]))
"""


def test_the_wheel_holds_the_whole_of_cep_core_and_nothing_else(wheel):
    assert wheel.name.startswith(f"cep_core-{cep_core.__version__}-")
    packed = {n for n in zipfile.ZipFile(wheel).namelist() if not n.split("/")[0].endswith("-info")}
    assert packed == {name for name in packed_files() if name.startswith("cep_core/")}


def test_the_wheel_trains_a_row_where_there_is_no_checkout(wheel, tmp_path):
    site, row = tmp_path / "site", ROOT / "tests" / "outside" / "row.toml"
    zipfile.ZipFile(wheel).extractall(site)
    done = subprocess.run(
        [sys.executable, "-c", USED, str(row)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    known, *said = done.stdout.splitlines()
    assert json.loads(known) == [str(site / "cep_core" / "__init__.py"), row_names()]
    assert said[-1].startswith("small seed 0 after 1 of 2 epochs on")
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert results["provenance"][0]["code"]["commit"] is None
