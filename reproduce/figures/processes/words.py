"""What is said of a process figure, from its own numbers: judgement, caption, what is seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from cep_core.check.verdicts import Check, Verdict
from reproduce.figures.processes.computed import LIMIT, Panel, ProcessResult
from reproduce.figures.processes.specification import RELMSE, Part
from reproduce.figures.specs import dynamics_title
from reproduce.figures.wording import between, layer_title, settings_line, short

SETTLED = 1e-10
"""Largest residual of a free phase whose comparison is not void."""

FLOOR = 20.0
"""Factor by which the exact dynamics' error in the limit lies below the others'."""

GROUPS = {
    "exact": "exact dynamics, tied weights",
    "published": "as published, tied weights",
    "untied": "untied backward weights",
}
"""The panels of a figure by what is expected of them in the limit: to vanish, and twice to stay."""


def group_of(panel: dict[str, Any]) -> str:
    """The key in :data:`GROUPS` of a described panel."""
    if panel["backward_angle"]:
        return "untied"
    return "published" if panel["dynamics"] == "published" else "exact"


def described(result: ProcessResult) -> list[dict[str, Any]]:
    """Every panel with its numbers, as JSON values."""
    setting = result.figure.setting
    return [
        {
            "dynamics": panel.dynamics,
            "dynamics_title": dynamics_title(setting.name, panel.dynamics, panel.column.rule),
            "rule": panel.column.rule,
            "column": panel.column.title,
            "eta": panel.column.eta,
            "backward_angle": panel.column.angle,
            "relmse": panel.relmse,
            "limit": panel.limit,
            "limit_beta": setting.beta * LIMIT,
            "angle": panel.angle,
            "residual": panel.residual,
        }
        for panels in result.panels
        for panel in panels
    ]


def _worst(panel: dict[str, Any], kind: str) -> float:
    return max(float(value) for value in panel[kind].values())


def caption(result: ProcessResult, part: Part) -> str:
    """What the file shows, and how large the errors of the layers in it are."""
    setting = result.figure.setting
    panels = [panel for row in result.panels for panel in row]
    still = [panel for panel in panels if panel.column.eta == 0]
    learning = [panel for panel in panels if panel.column.eta > 0]
    if part.what == RELMSE:
        opening = (
            f"RelMSE of every layer and parameter, all elements, {settings_line(setting)}: at that "
            f"β, and (hatched) without learning at β/{1 / LIMIT:.0f}. The axis is logarithmic."
        )
    else:
        opening = (
            f"{part.what.capitalize()}, {settings_line(setting)}. Dashed: normalised updates Δ; "
            "solid: minus the gradients of BPTT, −∇; three elements of each layer, drawn at random "
            f"(seed {result.figure.shared.seed}) from those whose gradient is not zero throughout. "
            "RelMSE is of the whole layer."
        )
    sentences = [opening, *(_told(part, panels, group) for group in GROUPS)]
    if still:
        sentences.append(f"With η = 0, at the β of the figure: {_range(still, part, limit=False)}.")
    if learning:
        said = _range(learning, part, limit=False)
        sentences.append(f"With η > 0, where κ = η/β is not small: {said}.")
    return " ".join(filter(None, sentences))


def _told(part: Part, panels: Sequence[Panel], group: str) -> str:
    """The errors that a group of panels is left with without learning, at a small beta."""
    some = [panel for panel in panels if _group(panel) == group]
    if not some:
        return ""
    left = _range(some, part, limit=True)
    return f"Without learning and at β/{1 / LIMIT:.0f}, {GROUPS[group]}: {left}."


def _group(panel: Panel) -> str:
    return group_of({"backward_angle": panel.column.angle, "dynamics": panel.dynamics})


def _range(panels: Sequence[Panel], part: Part, *, limit: bool) -> str:
    values = [(p.limit if limit else p.relmse)[layer] for p in panels for layer in part.layers]
    return f"RelMSE {between(values)}"


def alternative(result: ProcessResult, part: Part) -> str:
    """What is seen, for who does not see it."""
    if part.what == RELMSE:
        panels = [panel for row in result.panels for panel in row]
        told = "; ".join(
            f"{dynamics_title(result.figure.setting.name, p.dynamics, p.column.rule)}, "
            f"{p.column.title}: {short(max(p.relmse[n] for n in part.layers))} at most, hatched "
            f"{short(max(p.limit[n] for n in part.layers))}"
            for p in panels
        )
        return f"Bars on a logarithmic axis, a group for each of {len(part.layers)} layers. {told}."
    rows = [dynamics_title(result.figure.setting.name, row[0].dynamics, row[0].column.rule)
            for row in result.panels]  # fmt: skip
    columns = [panel.column.title for panel in result.panels[0]]
    seen = [
        f"{title}: " + "; ".join(
            f"{panel.column.title}, {layer_title(layer)}: {_apart(panel.relmse[layer])}"
            for panel in row for layer in part.layers
        )
        for title, row in zip(rows, result.panels, strict=True)
    ]  # fmt: skip
    grid = f"{len(rows)} rows of panels by {len(columns) * len(part.layers)} columns"
    return f"Curves over the steps t, {grid}. {'. '.join(seen)}."


def _apart(relmse: float) -> str:
    """How far dashed and solid curves lie apart, in the words of a viewer."""
    near = ((3e-2, "the dashed curves lie on the solid ones"), (0.2, "they follow them closely"))
    words = next((words for most, words in near if relmse <= most), "they lie apart")
    return f"{words} (RelMSE {short(relmse)})"


def _finite(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_finite(v) for v in value.values())
    if isinstance(value, list):
        return all(_finite(v) for v in value)
    return not isinstance(value, float) or math.isfinite(value)


def check(plotted: dict[str, Any], seconds: float) -> Check:
    """Judge a process figure by RelMSE of the worst layer of every panel, as eta and beta vanish.

    The exact dynamics' with tied weights must lie a factor :data:`FLOOR` below the published
    dynamics', and below that of every panel with untied weights, where the property does not hold.
    """
    panels = plotted["panels"]
    by_group = {group: [p for p in panels if group_of(p) == group] for group in GROUPS}
    numbers: dict[str, Any] = {
        "residual": max(panel["residual"] for panel in panels),
        "exact": max(_worst(p, "limit") for p in by_group["exact"]),
        "published": min(_worst(p, "limit") for p in by_group["published"]),
        "exact, at the figure's β and η": max(_worst(p, "relmse") for p in by_group["exact"]),
        "files": [figure["name"] for figure in plotted["figures"]],
    }
    if by_group["untied"]:
        numbers["untied"] = min(_worst(p, "limit") for p in by_group["untied"])
    others = [group for group in ("published", "untied") if group in numbers]
    small = panels[0]["limit_beta"]
    kept = " and of ".join(f"{GROUPS[group]} ({short(numbers[group])})" for group in others)
    statement = (
        f"{plotted['title']}: without learning at β = {short(small)}, RelMSE of the worst layer in "
        f"the exact dynamics with tied weights ({short(numbers['exact'])}) is at least {FLOOR:g} "
        f"times below that {kept}"
    )
    verdict, reason = Verdict.PASS, ""
    if not _finite(panels):
        verdict, reason = Verdict.FAIL, "a number is not finite: the nudged phase diverges"
    elif numbers["residual"] > SETTLED:
        verdict = Verdict.INCONCLUSIVE
        reason = f"the free phase is not settled: residual {numbers['residual']:.1e}; raise T"
    elif not numbers["exact"] * FLOOR < min(numbers[group] for group in others):
        verdict = Verdict.FAIL
        reason = "the exact dynamics keep an error too: a sign, a slope or a time index is wrong"
    return Check(f"figures/{plotted['name']}", statement, verdict, numbers, reason, seconds)
