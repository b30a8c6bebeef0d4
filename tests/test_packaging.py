"""What a release is told by: the changelog, CITATION.cff and the package name the same version."""

import re
from datetime import date
from pathlib import Path

import yaml

import cep_core

ROOT = Path(__file__).parent.parent
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_changelog_is_kept_as_keep_a_changelog_has_it():
    heads = re.findall(r"^## (.*)", CHANGELOG, re.MULTILINE)
    versions = [head.split(" - ") for head in heads if head != "Unreleased"]
    assert heads[0] == "Unreleased" or versions[0][0] == cep_core.__version__
    assert cep_core.__version__ in [version for version, _ in versions]
    dates = [date.fromisoformat(day) for _, day in versions]
    assert dates == sorted(dates, reverse=True)
    kinds = re.findall(r"^### (.*)", CHANGELOG, re.MULTILINE)
    assert set(kinds) <= KINDS
    sections = re.split(r"^## .*$", CHANGELOG, flags=re.MULTILINE)[1:]
    for head, section in zip(heads, sections, strict=True):
        named = re.findall(r"^### (.*)", section, re.MULTILINE)
        assert len(named) == len(set(named)), head
        outside = section.partition("### ")[0]
        assert not re.search(r"^- ", outside, re.MULTILINE), f"{head}: a line of no kind"


def test_the_citation_has_what_a_doi_service_reads():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    needed = {"title", "abstract", "authors", "version", "date-released", "license", "keywords"}
    assert needed <= citation.keys()
    assert citation["version"] == cep_core.__version__
    dated = rf"^## {re.escape(citation['version'])} - {citation['date-released']}$"
    assert re.search(dated, CHANGELOG, re.MULTILINE)
    (paper,) = citation["references"]
    assert paper["doi"] == "10.48550/arXiv.2005.04168"
