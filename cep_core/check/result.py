"""What a check answers: three verdicts, the numbers of every tensor and step, and the causes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from cep_core.check.limits import Limit
from cep_core.check.sweeps import verdict_of
from cep_core.check.verdicts import Check, Verdict
from cep_core.libraries import library
from cep_core.phases import FreePhase


@dataclass(frozen=True)
class Part:
    """The verdict on the parameters, the neurons or the totals.

    Attributes:
        verdict: pass, fail or inconclusive.
        reason: what it rests on, one line.
        tensors: one limit per tensor, at ``kappa = 0``.

    """

    verdict: Verdict
    reason: str = ""
    tensors: tuple[Limit, ...] = ()

    def __str__(self) -> str:
        """The verdict and its reason."""
        return f"{self.verdict} - {self.reason}" if self.reason else str(self.verdict)


@dataclass(frozen=True)
class GDUResult:
    """Outcome of :func:`cep_core.check.gducheck.gducheck`.

    Attributes:
        verdict: that of the parameters, for which the theorem is used.
        parameters: their updates at every step.
        neurons: theirs, against what the network says they follow.
        total: the parameters' updates in total over the steps.
        checks: one per sweep: in beta, in kappa, and in beta at fixed kappa (continual rules).
        relmse: RelMSE of every tensor at ``kappa = 0`` and the smallest resolved beta.
        angle: angle in degrees between the total update and minus the total gradient, there.
        free: the free phase: steps, residual.
        causes: likely causes of anything but a pass, most telling first.
        notes: what a user should know beside the verdict.
        betas: nudging strengths of the sweep.
        errors_in_kappa: relative error of every tensor at every ``kappa`` of the sweep, at the
            smallest ``beta``; empty for a rule that is not continual.

    """

    verdict: Verdict
    parameters: Part
    neurons: Part
    total: Part
    checks: tuple[Check, ...]
    relmse: dict[str, float]
    angle: float
    free: FreePhase
    causes: tuple[str, ...]
    notes: tuple[str, ...] = ()
    betas: tuple[float, ...] = ()
    errors_in_kappa: dict[str, dict[float, float]] = field(default_factory=dict)

    def __str__(self) -> str:
        """The verdicts, the sweeps, a table per tensor and per step, notes and causes."""
        lines = [
            f"GDU property: {self.verdict}",
            f"  parameters at every step: {self.parameters}",
            f"  neurons at every step: {self.neurons}",
            f"  total over the steps: {self.total}",
        ]
        lines += [f"  {c.name}: {c.verdict} - {c.reason}" for c in self.checks]
        if self.parameters.tensors:
            lines += _tensor_table(self)
            lines += _step_table(self)
            lines.append(f"  angle between the totals: {self.angle:.2e} degrees")
        lines.append(f"  free phase: {self.free.steps} steps, residual {self.free.residual:.1e}")
        lines += [f"  note: {note}" for note in self.notes]
        lines += [f"  likely cause: {cause}" for cause in self.causes]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values; what is not a number is null."""

        def part(given: Part) -> dict[str, Any]:
            tensors = [_plain(asdict(limit)) for limit in given.tensors]
            return {"verdict": str(given.verdict), "reason": given.reason, "tensors": tensors}

        return {
            "verdict": str(self.verdict),
            "parameters": part(self.parameters),
            "neurons": part(self.neurons),
            "total": part(self.total),
            "checks": [_plain(check.as_json()) for check in self.checks],
            "relmse": _plain(self.relmse),
            "angle": _plain(self.angle),
            "free": _plain({"steps": self.free.steps, "residual": self.free.residual}),
            "betas": list(self.betas),
            "errors_in_kappa": {
                name: [{"kappa": k, "error": _plain(e)} for k, e in errors.items()]
                for name, errors in self.errors_in_kappa.items()
            },
            "causes": list(self.causes),
            "notes": list(self.notes),
        }

    def to_frame(self) -> Any:
        """A data frame with a row per tensor, part and ``beta`` (or ``kappa``); needs pandas.

        Columns: ``part``, ``tensor``, ``verdict``, ``swept`` (beta or kappa), ``value``, ``error``,
        ``noise`` (what round-off and truncation hide, relative), ``order``, ``relmse``.

        Raises:
            ImportError: pandas is not installed.

        """
        pandas = library("pandas", "a data frame")
        rows = []
        for part, limit in self._limits():
            known = {
                "part": part,
                "tensor": limit.name,
                "verdict": str(limit.verdict),
                "noise": limit.noise,
                "order": limit.order,
                "relmse": limit.relmse,
            }
            pairs = zip(self.betas, limit.errors, strict=True)
            rows += [known | {"swept": "beta", "value": b, "error": e} for b, e in pairs]
            in_kappa = self.errors_in_kappa.get(limit.name, {}).items()
            rows += [known | {"swept": "kappa", "value": k, "error": e} for k, e in in_kappa]
        columns = ["part", "tensor", "verdict", "swept", "value", "error"]
        return pandas.DataFrame(rows, columns=[*columns, "noise", "order", "relmse"])

    def _limits(self) -> list[tuple[str, Limit]]:
        parts = (("parameters", self.parameters), ("neurons", self.neurons))
        return [(name, limit) for name, part in parts for limit in part.tensors]

    def plot(self, axes: Any = None) -> Any:
        """Error against beta, and against kappa, by tensor, with their floors; needs matplotlib.

        The floor in beta is what round-off hides, the floor in kappa the error that the smallest
        beta leaves. Parameters are drawn solid, neurons dashed.

        Args:
            axes: two axes to draw on; a new figure unless given.

        Returns:
            The figure.

        Raises:
            ImportError: matplotlib is not installed.

        """
        pyplot = library("matplotlib.pyplot", "a plot")
        if axes is None:
            _, axes = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained", sharey=True)
        left, right = axes
        for n, (part, limit) in enumerate(self._limits()):
            style = {
                "color": f"C{n % 10}",
                "marker": "o" if part == "parameters" else "s",
                "linestyle": "-" if part == "parameters" else "--",
                "markersize": 4,
            }
            in_beta = dict(zip(self.betas, limit.errors, strict=True))
            _draw(left, in_beta, limit.noise, label=limit.name, **style)
            _draw(right, self.errors_in_kappa.get(limit.name, {}), limit.errors[-1], **style)
        left.set(xlabel="|β|", ylabel="‖Δ + ∇‖ / ‖∇‖", title="κ = 0; dotted: noise")
        right.set(xlabel="|κ|", title="smallest β; dotted: its error at κ = 0")
        if left.lines:
            left.legend(fontsize="small")
        if not right.lines:
            right.set(title="κ: not swept", xticks=[])
        return left.figure


def _draw(axes: Any, errors: dict[float, float], floor: float, **style: Any) -> None:
    points = [(abs(at), error) for at, error in errors.items() if 0 < error < math.inf and at]
    if not points:
        return
    axes.loglog(*zip(*points, strict=True), **style)
    if 0 < floor < math.inf:
        axes.axhline(floor, color=style["color"], linewidth=0.7, linestyle=":")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(v) for name, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Verdict) else value


def _tensor_table(result: GDUResult) -> list[str]:
    rows = [("tensor", "verdict", "order", "limit off by", "known to", "RelMSE ± noise", "")]
    for part in (result.parameters, result.neurons):
        for limit in part.tensors:
            dull = limit.verdict is Verdict.NOT_RUN
            rows.append(
                (
                    limit.name,
                    "not compared" if dull else str(limit.verdict),
                    "-" if math.isnan(limit.order) else f"{limit.order:.2f}",
                    "-" if dull or math.isinf(limit.gap) else f"{limit.gap:.1e}",
                    "-" if dull or math.isinf(limit.noise) else f"{limit.noise:.1e}",
                    "-" if dull else f"{limit.relmse:.1e} ± {limit.relmse_noise:.0e}",
                    limit.reason if limit.verdict is not Verdict.PASS else "",
                )
            )
    return _aligned(rows)


def _step_table(result: GDUResult) -> list[str]:
    limits = [limit for part in (result.parameters, result.neurons) for limit in part.tensors]
    rows = [("off by, at step", *(str(t) for t in range(len(limits[0].steps))))]
    rows += [
        (limit.name, *("-" if math.isnan(g) else f"{g:.0e}" for g in limit.steps))
        for limit in limits
    ]
    return _aligned(rows)


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return [
        ("  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True))).rstrip()
        for row in rows
    ]


def part_of(limits: Sequence[Limit], verdict: Verdict, reason: str) -> Part:
    """A part with its tensors."""
    return Part(verdict, reason, tuple(limits))


def reason_of(limits: Sequence[Limit]) -> str:
    """The tensors on which a verdict rests."""
    verdict = verdict_of(limits)
    named = [limit for limit in limits if limit.verdict is verdict]
    if not named:
        return "no tensor has a signal"
    if verdict is Verdict.PASS:
        worst = max(named, key=lambda limit: limit.gap)
        silent = [limit.name for limit in limits if limit.verdict is Verdict.NOT_RUN]
        text = (
            f"{worst.name} {worst.reason}"
            if len(named) == 1
            else (f"{len(named)} tensors; the worst, {worst.name}, {worst.reason}")
        )
        return text + (f"; no signal: {', '.join(silent)}" if silent else "")
    by_reason: dict[str, list[str]] = {}
    for limit in named:
        by_reason.setdefault(limit.reason, []).append(limit.name)
    told = [
        f"{', '.join(names)}{':' if len(names) > 1 else ''} {reason}"
        for reason, names in by_reason.items()
    ]
    return "; ".join(told[:4]) + ("; …" if len(told) > 4 else "")  # noqa: PLR2004 - a line
