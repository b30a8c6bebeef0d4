"""What the paper reports, read from the one file that holds every published number."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reproduce.runs.row import SpecError, read_toml, typed

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
        rows: by name.

    """

    source: str
    trials: int
    rows: dict[str, PublishedRow]


def read_published(path: Path = PUBLISHED) -> Published:
    """Read what the paper reports.

    Raises:
        SpecError: the file is missing or malformed.

    """
    values = read_toml(path)
    for field, kind in (("source", "str"), ("trials", "int")):
        typed(path, field, values.get(field), kind)
    rows = {}
    for name, row in values.get("rows", {}).items():
        try:
            test = row["test_error"]
            numbers = (float(test["mean"]), float(test["std"]), float(row["train_error"]))
            confirmed = row["confirmed"]
        except (KeyError, TypeError, ValueError) as error:
            raise SpecError(
                f"{path}: rows.{name}: expected test_error with mean and std, train_error and "
                f"confirmed, found {row} ({error!r})"
            ) from None
        typed(path, f"rows.{name}.confirmed", confirmed, "bool")
        rows[name] = PublishedRow(*numbers, confirmed=confirmed)
    return Published(values["source"], values["trials"], rows)
