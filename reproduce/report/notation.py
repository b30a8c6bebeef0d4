"""Plain-text mathematics as a reader of the paper writes it."""

from __future__ import annotations

import re

_WORDS = {
    "alpha": "α", "beta": "β", "eta": "η", "kappa": "κ", "theta": "θ", "rho": "ρ", "sigma": "σ",
    "Delta": "Δ", "nabla": "∇", "Phi": "Φ", "dPhi": "∂Φ", "dtheta": "∂θ", "dl": "∂ℓ", "ds": "∂s",
    "dF": "∂F",
}  # fmt: skip

_WORD = re.compile(r"(?<![A-Za-z])(" + "|".join(_WORDS) + r")(?![A-Za-z])")

_SIGNS = (
    ("->", "→"), ("<=", "≤"), (">=", "≥"), ("Φ~", "Φ̃"), ("^2", "²"), ("^t", "ᵗ"), ("^T", "ᵀ"),
    ("^-1", "⁻¹"), ("||", "‖"), ("ρ'", "ρ′"), ("β'", "β′"), ("``", ""), ("-∇", "−∇"), ("s_*", "s*"),
)  # fmt: skip


def as_mathematics(text: str) -> str:
    """``theta_t - kappa dPhi/dtheta`` as ``θ_t - κ ∂Φ/∂θ``; words of prose stay as they are."""
    found = _WORD.sub(lambda word: _WORDS[word.group(1)], text)
    for plain, sign in _SIGNS:
        found = found.replace(plain, sign)
    return found


_LABELS = {"angle": "angle / °", "limit_beta": "β of the limit", "relmse": "RelMSE"}


def label(name: str) -> str:
    """The name of a stage, a number or a group as a reader sees it."""
    return _LABELS.get(name, as_mathematics(name.replace("_", " ")))
