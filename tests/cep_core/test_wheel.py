"""The wheel ships cep_core, and nothing else of ours."""

import zipfile

import cep_core
from tests.wheel import packed_files


def test_the_wheel_holds_the_whole_of_cep_core_and_nothing_else(wheel):
    assert wheel.name.startswith(f"cep_core-{cep_core.__version__}-")
    packed = {n for n in zipfile.ZipFile(wheel).namelist() if not n.split("/")[0].endswith("-info")}
    assert packed == {name for name in packed_files() if name.startswith("cep_core/")}
