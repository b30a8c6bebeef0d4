"""The wheel of the checkout, built as a release is."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
NEEDED = ("cep_core", "pyproject.toml", "README.md", "LICENSE")


def packed_files():
    """What git knows, or would add, of what the wheel is built from."""
    listed = ("ls-files", "--cached", "--others", "--exclude-standard", *NEEDED)
    command = ["git", "-C", str(ROOT), *listed]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def built(folder):
    """Build the wheel into a folder, without isolation and so without the network."""
    source = folder / "source"
    for name in packed_files():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*command, str(source)], capture_output=True, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel
