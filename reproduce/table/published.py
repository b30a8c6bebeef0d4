"""What the paper reports, read from the one file that holds every published number."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cep_core.documents import read_toml
from cep_core.fields import Fields, flag, number, positive, text, whole

PUBLISHED = Path(__file__).parent / "published.toml"


@dataclass(frozen=True)
class PublishedRow:
    """What the paper reports for a row, errors in percent.

    Attributes:
        test_mean, test_std: over the paper's trials.
        train: training error.
        confirmed: whether the numbers have been checked against the document.

    """

    test_mean: float
    test_std: float
    train: float
    confirmed: bool


@dataclass(frozen=True)
class Published:
    """Everything that is shown as published.

    Attributes:
        source: the document and where in it.
        trials: how many the means and standard deviations are over.
        margin: percentage points of error within which two means count as equal; ours.
        rows: by name.
        elsewhere: rows of another paper, which its own text names.

    """

    source: str
    trials: int
    margin: float
    rows: dict[str, PublishedRow]
    elsewhere: dict[str, PublishedRow]


def read_published(path: Path = PUBLISHED) -> Published:
    """Read what the paper reports.

    Raises:
        FieldError: the file is missing or malformed.

    """
    fields = read_toml(path)
    published = Published(
        fields.get("source", text()),
        fields.get("trials", whole(2)),
        fields.get("margin", positive(100)),
        {name: _row(row) for name, row in fields.named("rows", {}).items()},
        {name: _row(row) for name, row in fields.named("elsewhere", {}).items()},
    )
    fields.get("data", text(), "")
    fields.done()
    return published


def _row(fields: Fields) -> PublishedRow:
    percent = number(0, 100)
    test = fields.table("test_error")
    row = PublishedRow(
        test.get("mean", percent),
        test.get("std", percent),
        fields.get("train_error", percent),
        confirmed=fields.get("confirmed", flag()),
    )
    test.done()
    fields.done()
    return row
