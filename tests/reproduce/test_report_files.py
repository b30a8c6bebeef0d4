"""What lies beside the page: each file once, earlier ones by reference, and an RO-Crate of it."""

import json
from pathlib import Path

import pytest
from rocrate.rocrate import ROCrate

from cep_core.check.verdicts import Check, Verdict
from reproduce.report import standing
from reproduce.report.assemble import write_report
from reproduce.report.earlier import releases
from reproduce.report.standing import EXPECTED
from reproduce.stages import begin, write_stage

NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": ["# A figure"]},
        {
            "cell_type": "code",
            "execution_count": 1,
            "metadata": {"papermill": {"duration": 1.0}, "tags": ["injected-parameters"]},
            "outputs": [{"output_type": "stream", "text": ["much"]}],
            "source": ["seed = 3"],
        },
    ],
    "metadata": {"kernelspec": {"name": "python3"}, "papermill": {"version": "2"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.fixture(autouse=True)
def few_parts(monkeypatch):
    monkeypatch.setattr(standing, "EXPECTED", dict.fromkeys(EXPECTED, list))


@pytest.fixture
def stages(tmp_path):
    """A stage with a CSV, a notebook with outputs, and a drawing."""
    folder = tmp_path / "stages"
    leave(folder, numbers="t,s_0\n0,1\n")
    return folder


def leave(stages, *, numbers):
    figures = stages / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    (figures / "fig.csv").write_text(numbers)
    (figures / "fig.ipynb").write_text(json.dumps(NOTEBOOK))
    (figures / "numbers.json").write_text("{}")  # what the notebook reads
    (figures / "fig").mkdir(exist_ok=True)
    (figures / "fig" / "plotted.json").write_text("{}")  # what it leaves
    (figures / "fig.pdf").write_bytes(b"a drawing")
    check = Check("figures/fig", "s", Verdict.PASS)
    write_stage(
        figures,
        stage="figures",
        checks=[check],
        begun=begin(Path(__file__)),
        files=["fig.csv", "fig.ipynb", "fig.pdf", "numbers.json", "fig/plotted.json"],
        details={"notebooks": []},
    )


def names(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


WRITTEN = {"README.md", "report.html", "verdicts.json", "manifest.json", "ro-crate-metadata.json"}


def test_numbers_and_notebooks_are_kept_and_drawings_are_in_the_page(stages, tmp_path):
    report = write_report(stages, tmp_path / "reports", "1.0.0").folder
    assert names(report) == WRITTEN | {
        "figures/fig.csv",
        "figures/fig.ipynb",
        "figures/numbers.json",
    }
    kept = json.loads((report / "manifest.json").read_text())["files"]
    assert {file["report"] for file in kept.values()} == {"1.0.0"}


def test_a_notebook_is_kept_as_it_was_before_it_ran(stages, tmp_path):
    report = write_report(stages, tmp_path / "reports", "1.0.0").folder
    notebook = json.loads((report / "figures" / "fig.ipynb").read_text())
    assert notebook["cells"][1]["outputs"] == []
    assert notebook["cells"][1]["execution_count"] is None
    assert notebook["cells"][1]["source"] == ["seed = 3"]
    assert notebook["cells"][1]["metadata"] == {"tags": ["injected-parameters"]}
    assert "papermill" not in notebook["metadata"]


def test_what_an_earlier_release_holds_is_kept_by_reference(stages, tmp_path):
    reports = tmp_path / "reports"
    write_report(stages, reports, "1.0.0")
    second = write_report(stages, reports, "1.1.0").folder
    assert names(second) == WRITTEN
    leave(stages, numbers="t,s_0\n0,2\n")
    third = write_report(stages, reports, "1.2.0").folder
    assert names(third) == WRITTEN | {"figures/fig.csv"}
    kept = json.loads((third / "manifest.json").read_text())["files"]
    assert {path: file["report"] for path, file in kept.items()} == {
        "figures/fig.csv": "1.2.0",
        "figures/fig.ipynb": "1.0.0",
        "figures/numbers.json": "1.0.0",
    }


def test_a_report_between_releases_holds_nothing_for_others(stages, tmp_path):
    write_report(stages, tmp_path / "reports", "1.0.0+gabcdef0")
    release = write_report(stages, tmp_path / "reports", "1.0.0").folder
    assert names(release) == WRITTEN | {
        "figures/fig.csv",
        "figures/fig.ipynb",
        "figures/numbers.json",
    }


def test_the_crate_names_every_file_and_the_run_that_made_it(stages, tmp_path):
    reports = tmp_path / "reports"
    write_report(stages, reports, "1.0.0")
    leave(stages, numbers="t,s_0\n0,2\n")
    report = write_report(stages, reports, "1.1.0").folder
    crate = ROCrate(report)
    files = {entity.id for entity in crate.data_entities}
    assert files == names(report) - {"ro-crate-metadata.json"}
    root = crate.root_dataset
    assert root["license"].id == "https://spdx.org/licenses/MIT"
    assert root["datePublished"].startswith("20")
    (run,) = [e for e in crate.contextual_entities if e.type == "CreateAction"]
    assert run["instrument"]["softwareVersion"]
    assert run["startTime"] <= run["endTime"]
    assert {made.id for made in run["result"]} == {
        "figures/fig.csv",
        "../1.0.0/figures/fig.ipynb",
        "../1.0.0/figures/numbers.json",
    }


def test_a_release_is_held_against_the_release_before_and_a_build_against_the_last(
    stages, tmp_path
):
    found = {}
    for label in ("1.0.0", "1.0.0+g1", "1.0.0+g2", "1.1.0"):
        report = write_report(stages, tmp_path / "reports", label).folder
        found[label] = json.loads((report / "manifest.json").read_text())["predecessor"]
    assert found == {
        "1.0.0": None,
        "1.0.0+g1": "1.0.0",
        "1.0.0+g2": "1.0.0+g1",
        "1.1.0": "1.0.0",
    }


def test_the_predecessor_and_what_changed_since_are_in_the_report(stages, tmp_path):
    reports = tmp_path / "reports"
    write_report(stages, reports, "1.0.0")
    failed = Check("figures/fig", "s", Verdict.FAIL, {}, "a sign")
    write_stage(
        stages / "figures",
        stage="figures",
        checks=[failed],
        begun=begin(Path(__file__)),
        details={"notebooks": []},
    )
    report = write_report(stages, reports, "1.1.0").folder
    assert json.loads((report / "manifest.json").read_text())["predecessor"] == "1.0.0"
    page = (report / "report.html").read_text(encoding="utf-8")
    assert "Against report 1.0.0" in page
    assert "Verdicts that got worse: 2" in page  # the check's, and the stage's


def test_every_check_is_a_line_of_the_verdicts(stages, tmp_path):
    report = write_report(stages, tmp_path / "reports", "1.0.0").folder
    text = (report / "verdicts.json").read_text(encoding="utf-8")
    (check,) = json.loads(text)["checks"]["figures"]
    assert check["name"] == "figures/fig"
    (line,) = [line for line in text.splitlines() if "figures/fig" in line]
    assert json.loads(line) == check


def test_versions_are_in_their_order_and_builds_are_none(tmp_path):
    for label in ("0.9.1", "0.10.0", "0.2.0", "0.10.0+g1", "draft"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "manifest.json").write_text("{}")
    assert [p.name for p in releases(tmp_path)] == ["draft", "0.2.0", "0.9.1", "0.10.0"]
