"""What is seen in a figure, for who does not see it: where every curve begins and ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd  # for its name alone: every command would wait for it

MOST = 24
"""Curves that are told one by one; the rest are counted."""


def seen(frame: pd.DataFrame, by: Sequence[str] = (), over: Sequence[str] = ()) -> str:
    """Every curve from its first number to its last, made from the plotted numbers.

    Args:
        frame: the plotted numbers, a curve in each column.
        by: columns that tell one curve from another where several lie below each other.
        over: columns that are the axis, and no curve.

    """
    groups = list(frame.groupby(list(by), sort=False)) if by else [((), frame)]
    told = []
    for key, group in groups:
        name = "".join(f"{part}, " for part in key)
        for column in group.columns.difference([*by, *over], sort=False):
            values = group[column].dropna()
            if len(values):
                ends = dict.fromkeys(f"{value:.3g}" for value in (values.iloc[0], values.iloc[-1]))
                told.append(f"{name}{column}: {' to '.join(ends)}")
    rest = f"; and {len(told) - MOST} more" if len(told) > MOST else ""
    return ("; ".join(told[:MOST]) or "Nothing has been measured yet") + rest + "."
