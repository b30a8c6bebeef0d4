"""Updates over minus gradients, step by step: Figures 5 (b) and 8 to 15."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cep_core.check.verdicts import Check, Verdict
from reproduce.figures.processes.computed import LIMIT, ProcessResult, compute
from reproduce.figures.processes.specification import ProcessFigure, part_title, read
from reproduce.figures.specs import dynamics_title
from reproduce.figures.wording import settings_line

if TYPE_CHECKING:
    import pandas as pd  # for its name alone: every command would wait for it

__all__ = ["check", "comparable", "compute", "describe", "files", "frames", "plot", "read", "rows"]

SETTLED = 1e-10
"""Largest residual of a free phase whose comparison is not void."""

FLOOR = 20.0
"""Factor by which the exact dynamics' error in the limit lies below the published dynamics'."""

SAMPLES = 11
"""How many of the time steps are compared, the first and the last among them."""

PROCESS_TOLERANCE = {"rtol": 0.0, "atol": 1e-6}
"""On processes divided by the largest gradient of their element."""


def files(figure: ProcessFigure) -> list[str]:
    """One file per part."""
    return [part.name for part in figure.parts]


def rows(figure: ProcessFigure) -> list[float]:
    """The steps of the nudged phase."""
    return list(range(figure.setting.nudged_steps))


def frames(result: ProcessResult) -> dict[str, pd.DataFrame]:
    """The plotted curves of every part."""
    from reproduce.figures.processes.drawn import process_frame  # noqa: PLC0415 - as pandas

    return {part.name: process_frame(result, part) for part in result.figure.parts}


def plot(result: ProcessResult, folder: Path) -> None:
    """Draw every part, and write RelMSE beside them."""
    from reproduce.figures.processes import drawn  # noqa: PLC0415 - seconds to import
    from reproduce.figures.style import save  # noqa: PLC0415 - likewise

    for part in result.figure.parts:
        canvas = drawn.draw_part(result, part)
        save(canvas, drawn.process_frame(result, part), folder, part.name)
    relmse = drawn.relmse_frame(result)
    relmse.to_csv(folder / "relmse.csv", index=False, float_format="%.17g")


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
                "caption": (
                    f"{part.what.capitalize()}, {settings_line(figure.setting)}. Dashed: "
                    "normalised updates Δ; solid: minus the gradients of BPTT, −∇. One row per "
                    "dynamics: as published, then exact; in the exact ones RelMSE vanishes with β."
                ),
            }
            for part in figure.parts
        ],
        "panels": [
            {
                "dynamics": panel.dynamics,
                "dynamics_title": dynamics_title(
                    figure.setting.name, panel.dynamics, panel.column.rule
                ),
                "rule": panel.column.rule,
                "column": panel.column.title,
                "eta": panel.column.eta,
                "backward_angle": panel.column.angle,
                "relmse": panel.relmse,
                "limit": panel.limit,
                "limit_beta": figure.setting.beta * LIMIT,
                "angle": panel.angle,
                "residual": panel.residual,
            }
            for panels in result.panels
            for panel in panels
        ],
    }


def _finite(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_finite(v) for v in value.values())
    if isinstance(value, list):
        return all(_finite(v) for v in value)
    return not isinstance(value, float) or math.isfinite(value)


def _worst_limit(panel: dict[str, Any]) -> float:
    return max(float(value) for value in panel["limit"].values())


def check(plotted: dict[str, Any], seconds: float) -> Check:
    """Judge a process figure: in the limit the exact dynamics' RelMSE vanishes, the other stays.

    Panels with untied backward weights are left out: there the property fails by the theorem.
    """
    name = f"figures/{plotted['name']}"
    statement = (
        f"{plotted['title']}: Δ follows −∇ as η, then β vanish in the exact dynamics, and the "
        "published dynamics keep an error"
    )
    tied = [panel for panel in plotted["panels"] if not panel["backward_angle"]]
    numbers: dict[str, Any] = {
        "residual": max(panel["residual"] for panel in plotted["panels"]),
        "exact": max(_worst_limit(p) for p in tied if p["dynamics"] != "published"),
        "published": min(_worst_limit(p) for p in tied if p["dynamics"] == "published"),
        "files": [figure["name"] for figure in plotted["figures"]],
    }
    verdict, reason = Verdict.PASS, "RelMSE of the worst layer without learning, at β/1000"
    if not _finite(plotted["panels"]):
        verdict, reason = Verdict.FAIL, "a number is not finite: the nudged phase diverges"
    elif numbers["residual"] > SETTLED:
        verdict = Verdict.INCONCLUSIVE
        reason = f"the free phase is not settled: residual {numbers['residual']:.1e}; raise T"
    elif not numbers["exact"] * FLOOR < numbers["published"]:
        verdict = Verdict.FAIL
        reason = "the exact dynamics keep an error too: a sign, a slope or a time index is wrong"
    return Check(name, statement, verdict, numbers, reason, seconds)


def normalised_processes(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Every curve divided by the largest ``|nabla|`` of its element, at :data:`SAMPLES` steps.

    A sign or a factor then shows at order one, however small the gradients are.
    """
    steps = np.unique(np.linspace(0, len(frame) - 1, SAMPLES).round().astype(int))
    curves: dict[str, np.ndarray] = {}
    for name in frame.columns:
        element, _ = str(name).rsplit(" | ", 1)
        scale = float(frame[f"{element} | −∇"].abs().max())
        curves[str(name)] = frame[name].to_numpy()[steps] / scale
    return curves


def comparable(frame: pd.DataFrame) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Normalised processes, and their tolerance."""
    return normalised_processes(frame), PROCESS_TOLERANCE
