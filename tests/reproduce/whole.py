"""Stages that left something of every kind that the page shows."""

from cep_core.check.verdicts import Check, Verdict
from reproduce.stages import write_stage

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 60" width="120" height="60">'
    "<style>text{font-size:9px}</style><text x='4' y='40'>Δ % # \"β\"</text>"
    '<path d="M0 60L60 10L120 55" fill="none" stroke="#0072b2"/></svg>'
)

LONG = "s_0[0,0] at t = 0: the sides differ by " + "2*r1_0[0,0]*q_0[0]*dt^2*" * 12

CASE = {
    "name": "theorem1/symbolic/a/2-3-2",
    "statement": "theorem1",
    "variant": "energy-based, rho' on every layer",
    "claim": "C-EP's updates equal minus BPTT's gradients in the limit: Delta(t) -> -nabla(t)",
    "where": "every weight, input, target, dt, settled state and activation",
    "method": "polynomial jets (FLINT)",
    "size": "2-3-2, K = 10",
    "level": "symbolic",
    "expected": "holds",
    "verdict": "pass",
    "reason": LONG,
    "seconds": 0.5,
}
METHODS = [f"method number {i}, with a long name" for i in range(24)]
ANSWERS = ("caught", "not visible", "not applicable", "WRONG")
MUTANTS = {
    "methods": METHODS,
    "rows": [
        {"mutant": f"an error planted in place {i}", "planted": "cep_core.phases.nudged_phase"}
        | {m: {"answer": ANSWERS[(i + j) % 4], "why": LONG} for j, m in enumerate(METHODS)}
        for i in range(6)
    ],
}
PANEL = {
    "dynamics_title": "exact (ρ′ on every layer)",
    "column": "C-EP, η = 2·10⁻⁵",
    "relmse": {"s_0": 1e-3, "W_0_1": 2e-3},
    "limit": {"s_0": 1e-6, "W_0_1": 2e-6},
    "limit_beta": 1e-5,
    "angle": 3.0,
    "residual": 1e-14,
}
FIGURES = [
    {
        "title": "Fig. 9. C-EP",
        "notebook": "fig-09/processes.ipynb",
        "figures": [
            {
                "caption": "Synapses. Dashed: updates Δ.",
                "alternative": "Two rows of panels; the dashed curves lie on the solid ones.",
                "files": {"svg": "fig-09/fig-09.svg", "csv": "fig-09/fig-09.csv"},
            }
        ],
        "panels": [PANEL, PANEL | {"column": "C-EP, η = 0"}],
    }
]
SPREAD = {
    "mean": 2.1,
    "std": 0.2,
    "n": 5,
    "answer": "not reproduced",
    "reason": "means differ",
    "interval": [0.1, 0.3],
    "spread_ratio": 1.5,
    "spread_interval": [0.5, 4.5],
}
TRIAL = {
    "seed": 0,
    "epochs": 30,
    "test_error": 1.95,
    "train_error": 0.2,
    "lost_at": None,
    "commits": ["c" * 40],
    "processors": ["a processor"],
}
ROW = {
    "row": "EP-1h",
    "published": {"test_mean": 2.0, "test_std": 0.13, "train": 0.2, "confirmed": False},
    "test_error": SPREAD,
    "test_error_last": SPREAD,
    "train_error": SPREAD,
    "standing": "2 whole",
    "epochs": 30,
    "trials": [TRIAL],
}
OTHER = {
    "name": "C-EP-1h with beta 0.4",
    "test_error": SPREAD,
    "train_error": SPREAD,
    "equal_to_yardstick": {"answer": "reproduced", "reason": "within"},
    "standing": "5 whole",
}
SMALL = {
    "seed": 0,
    "whole": False,
    "test_errors": [20.0, 12.5],
    "train_errors": [40.0, 15.0],
    "residuals": [1e-6, None],
    "residual_over": "the first 200 test images",
    "seconds": [60.0, 66.0],
}
SEARCH = {
    "row": "P-conv-small",
    "nudge": "inside",
    "learning_rates": [0.1, 0.03, 0.3],
    "samples": 2000,
    "epochs": 1,
    "error": 28.5,
    "residual": 2e-7,
    "images": 666,
    "data": "validation:mnist5k",
}
ELSEWHERE = {"test_mean": 1.02, "test_std": 0.04, "train": 0.54, "confirmed": False}
CLAIM = {"statement": "It learns.", "answer": "undecided", "test": "Welch", "reason": "few"}
SETTINGS = {
    "learning_rates": [0.04, 0.08],
    "beta": 0.2,
    "free_steps": 30,
    "nudged_steps": 10,
    "positive_probability": 0.5,
}
TABLE_ROW = {
    "row": "EP-1h",
    "layers": "784-512-10",
    "nudge": "outside",
    "angle": None,
    "epochs": 20,
    "epochs_of_paper": 30,
    "seeds": [0, 1],
    "test_error": {"mean": 7.1, "std": 0.2},
    "train_error": {"mean": 0.8, "std": 0.1},
    "test_error_by_epoch": [10.0 - i / 4 for i in range(20)],
    "settings": SETTINGS,
    "seconds": 30.0,
    "runs": [
        {"seed": 0, "hash": "a" * 64, "written": "2026-01-01T00:00:00+00:00", "code": []},
        {"seed": 1, "hash": "b" * 64, "written": None, "code": [{"commit": "c" * 40}, None]},
    ],
}
TIME = {"median": 1.0, "least": 0.9, "most": 1.2}
SPEED_ROW = {
    "row": "EP-1h",
    "layers": "784-512-10",
    "straightforward_ms": TIME,
    "engine_ms": TIME,
    "floor_ms": TIME,
    "times_faster": TIME,
    "times_floor": TIME,
    "extrapolated_hours": 0.1,
}
MATH = (
    "<h1>Derivation</h1><h2>1. A network</h2>"
    '<div class="formula"><math display="block"><mrow>'
    + "<mi>x</mi><mo>+</mo>" * 45
    + "</mrow></math></div><pre>code</pre>"
)

GROUPS = (
    "theorem1/a/EP",
    "augmented/a",
    "centred/a",
    "stability/a/784-512-10",
    "asymmetry/Ψ = 45°",
    "published/a",
    "inconclusive/a kink",
)
NUMBERS = {
    "orders": {"in beta": 1.0},
    "states": 4e-16,
    "order": 2.0,
    "largest stable kappa": 0.047,
    "deviation by step": [0.1],
    "plateau": 0.01,
}

DIRECTED = {
    "run": "plain-90",
    "title": "N = 0, 90 degrees",
    "seed": 0,
    "epochs": 1,
    "epochs_of_paper": 50,
    "test_error": [12.5],
    "cosines": [[0.9, 0.2], [1.0, None]],
    "asymmetry": [1.5, 1.2],
    "unsettled": [0.0, 0.06],
    "cycling": [0.0, None],
}
"""A run of a directed network, as its stage shows it."""

LEFT = {
    "verify": ([Check(n, "Δ → −∇ <b>", Verdict.PASS, NUMBERS, LONG) for n in GROUPS], {}, {}),
    "theory": (
        [Check(CASE["name"], CASE["claim"], Verdict.PASS)],
        {"rows": [CASE], "titles": {"theorem1": "Theorem 1: at every step."}, "mutants": MUTANTS},
        {},
    ),
    "derivation": (
        [Check("derivation/A network", "s", Verdict.PASS)],
        {},
        {"derivation.html": MATH, "derivation.ipynb": '{"cells": [], "metadata": {}}'},
    ),
    "figures": (
        [Check("figures/fig-09", "s", Verdict.PASS)],
        {"notebooks": FIGURES},
        {
            "fig-09/fig-09.svg": SVG,
            "fig-09/fig-09.csv": "t,Δ\n0,1\n",
            "fig-09/processes.ipynb": '{"cells": [], "metadata": {}}',
        },
    ),
    "table": (
        [Check("table/quick/EP-1h/outside", "s", Verdict.FAIL, {"error": 44.0}, "at random")],
        {
            "label": "quick tier: few epochs",
            "judged": "the rows as published",
            "rows": [TABLE_ROW],
            "tier": "quick",
            "data": {"provenance": "digits", "train": 4000, "test": 1000},
        },
        {"table.csv": "row\n"},
    ),
    "trainings": (
        [Check("trainings/records", "s", Verdict.PASS)],
        {
            "margin": 0.28,
            "published_source": "the paper",
            "last": 5,
            "rows": [ROW],
            "others": [OTHER, OTHER | {"name": "P-conv-small", "trials": [SMALL]}],
            "beside": [CLAIM],
            "search": [SEARCH],
            "elsewhere": {"P-conv": ELSEWHERE, "P-conv-BPTT": ELSEWHERE},
            "claims": [CLAIM],
            "findings": [CLAIM],
            "figures": [],
        },
        {},
    ),
    "homeostasis": (
        [Check("homeostasis/orders", "s", Verdict.PASS)],
        {"reduced": [DIRECTED], "training": [DIRECTED | {"experiment": "fig-4a-d"}], "figures": []},
        {},
    ),
    "benchmarks": (
        [Check("benchmarks/EP-1h", "s", Verdict.PASS)],
        {
            "processor": "p",
            "clock": "c",
            "quick": True,
            "rows": [SPEED_ROW],
            "plots": ["rows.svg"],
        },
        {"rows.svg": SVG},
    ),
    "regression": ([Check("regression/fig-09", "s", Verdict.PASS)], {}, {}),
}
"""Checks, details and files of every stage."""


def leave_all(folder, begun):
    """Write every stage."""
    for name, (checks, details, files) in LEFT.items():
        for path, contents in files.items():
            (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / name / path).write_text(contents, encoding="utf-8")
        write_stage(
            folder / name,
            stage=name,
            checks=checks,
            begun=begun,
            details=details,
            files=list(files),
        )
