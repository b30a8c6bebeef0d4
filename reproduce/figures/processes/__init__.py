"""Updates over minus gradients, step by step: Figures 5 (b) and 8 to 15."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproduce.figures.processes.computed import ProcessResult, compute
from reproduce.figures.processes.specification import ProcessFigure, part_title, read
from reproduce.figures.processes.words import alternative, caption, check, described
from reproduce.figures.wording import settings_line

if TYPE_CHECKING:
    import pandas as pd  # for its name alone: every command would wait for it

__all__ = ["check", "comparable", "compute", "describe", "files", "frames", "plot", "read", "rows"]

SAMPLES = 11
"""How many of the time steps are compared, the first and the last among them."""

PROCESS_TOLERANCE = {"rtol": 0.0, "atol": 1e-6}
"""On processes divided by the largest gradient of their element."""


def files(figure: ProcessFigure) -> list[str]:
    """One file per part with curves; what else is drawn follows from the same numbers."""
    return [part.name for part in figure.curves]


def rows(figure: ProcessFigure) -> list[float]:
    """The steps of the nudged phase."""
    return list(range(figure.setting.nudged_steps))


def frames(result: ProcessResult) -> dict[str, pd.DataFrame]:
    """The plotted curves of every part."""
    from reproduce.figures.processes.drawn import process_frame  # noqa: PLC0415 - as pandas

    return {part.name: process_frame(result, part) for part in result.figure.curves}


def plot(result: ProcessResult, folder: Path) -> None:
    """Draw every part, and write RelMSE beside them."""
    from reproduce.figures.processes import drawn  # noqa: PLC0415 - seconds to import
    from reproduce.figures.style import save  # noqa: PLC0415 - likewise

    for part in result.figure.parts:
        curves = part in result.figure.curves
        canvas = (drawn.draw_part if curves else drawn.draw_relmse)(result, part)
        frame = (drawn.process_frame if curves else drawn.bars_frame)(result, part)
        save(canvas, frame, folder, part.name)
    relmse = drawn.relmse_frame(result)
    relmse.to_csv(folder / "relmse.csv", index=False, float_format="%.12g")


def describe(result: ProcessResult) -> dict[str, Any]:
    """Captions, and every panel with its numbers."""
    figure = result.figure
    labels = ", ".join(dict.fromkeys(part.label for part in figure.parts))
    return {
        "title": f"{labels}. {figure.title}, {figure.setting.name} setting",
        "setting": settings_line(figure.setting),
        "figures": [
            {
                "name": part.name,
                "title": part_title(figure, part),
                "caption": caption(result, part),
                "alternative": alternative(result, part),
            }
            for part in figure.parts
        ],
        "panels": described(result),
    }


def normalised_processes(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Every curve divided by the largest ``|nabla|`` of its element, at :data:`SAMPLES` steps.

    A sign or a factor then shows at order one, however small the gradients are. An element without
    gradient, such as a saturated one of hard sigmoids, stays as it is.
    """
    steps = np.unique(np.linspace(0, len(frame) - 1, SAMPLES).round().astype(int))
    curves: dict[str, np.ndarray] = {}
    for name in frame.columns:
        element, _ = str(name).rsplit(" | ", 1)
        scale = float(frame[f"{element} | −∇"].abs().max()) or 1.0
        curves[str(name)] = frame[name].to_numpy()[steps] / scale
    return curves


def comparable(frame: pd.DataFrame) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Normalised processes, and their tolerance."""
    return normalised_processes(frame), PROCESS_TOLERANCE
