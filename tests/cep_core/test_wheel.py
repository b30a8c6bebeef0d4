"""The wheel ships cep_core, and nothing else of ours."""

import subprocess
import sys
import zipfile
from pathlib import Path

import cep_core

ROOT = Path(cep_core.__file__).parent.parent


def test_the_wheel_holds_the_whole_of_cep_core_and_nothing_else(tmp_path):
    source = tmp_path / "source"
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard",
         "cep_core", "pyproject.toml", "README.md", "LICENSE"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    for name in listed:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path),
         str(source)],
        capture_output=True, check=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.startswith(f"cep_core-{cep_core.__version__}-")
    packed = {n for n in zipfile.ZipFile(wheel).namelist() if not n.split("/")[0].endswith("-info")}
    assert packed == {name for name in listed if name.startswith("cep_core/")}
