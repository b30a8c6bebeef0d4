"""Measures of how well updates and gradients agree."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from cep_core.check.processes import Processes


def relmse(delta_process: torch.Tensor, nabla_process: torch.Tensor) -> float:
    """RelMSE between ``Delta`` and ``-nabla``, averaged over the elements of one tensor.

    For one element it is ``||Delta + nabla|| / max(||Delta||, ||nabla||)`` with
    ``||f|| = (1/K sum_t f(t)^2)^(1/2)`` (Ernoult et al., 2019). Elements whose two processes are
    both zero throughout (weights from a dark pixel) have no ratio and are left out; 0 if none has.

    Args:
        delta_process: shape ``(K, ...)``.
        nabla_process: same shape, with the sign of a gradient.

    """
    difference, of_delta, of_nabla = delta_process.new_zeros((3, *delta_process.shape[1:]))
    for d, n in zip(delta_process, nabla_process, strict=True):
        both = d + n
        difference.addcmul_(both, both)
        of_delta.addcmul_(d, d)
        of_nabla.addcmul_(n, n)
    largest = torch.maximum(of_delta, of_nabla)
    alive = largest > 0
    if not bool(alive.any()):
        return 0.0
    return float((difference[alive] / largest[alive]).sqrt().mean())


def relmse_by_name(delta_side: Processes, nabla_side: Processes) -> dict[str, float]:
    """RelMSE of every layer and every parameter by name (``s_0`` …, ``W_0_1`` …, ``b_0`` …)."""
    other = nabla_side.by_name
    return {name: relmse(process, other[name]) for name, process in delta_side.by_name.items()}


def relative_error(delta_process: torch.Tensor, nabla_process: torch.Tensor) -> float:
    """``||Delta + nabla|| / ||nabla||`` over all times and elements; NaN if ``nabla`` is zero.

    Its logarithm has slope 1 in ``log beta`` and ``log kappa`` for a right rule. Its square is the
    relative mean squared error.
    """
    norm = float(torch.linalg.vector_norm(nabla_process))
    if norm == 0:
        return math.nan
    return float(torch.linalg.vector_norm(delta_process + nabla_process)) / norm


def angle_of_totals(delta_side: Processes, nabla_side: Processes) -> float:
    """Angle in degrees between ``sum_t Delta_theta`` and ``-sum_t nabla_theta``, all parameters.

    NaN if either total is zero or not finite. The cosine is clipped to [-1, 1].
    """
    product = norm_delta = norm_nabla = 0.0
    for name, process in delta_side.parameters.items():
        update = process.sum(0)
        descent = -nabla_side.parameters[name].sum(0)
        product += float((update * descent).sum())
        norm_delta += float(update.square().sum())
        norm_nabla += float(descent.square().sum())
    if norm_delta == 0 or norm_nabla == 0 or not math.isfinite(product * norm_delta):
        return math.nan
    cosine = product / math.sqrt(norm_delta * norm_nabla)
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))


def observed_order(scales: Sequence[float], errors: Sequence[float]) -> float:
    """Least-squares slope of ``log(error)`` against ``log(scale)``.

    Raises:
        ValueError: fewer than two points, or a scale or an error that is not positive and finite.

    """
    if len(scales) < 2 or len(scales) != len(errors):  # noqa: PLR2004 - a line needs two points
        msg = (
            f"expected at least two scales with one error each, found {len(scales)}, {len(errors)}"
        )
        raise ValueError(msg)
    bad = [v for v in (*scales, *errors) if not (v > 0 and math.isfinite(v))]
    if bad:
        msg = f"expected positive finite scales and errors, found {bad[0]}"
        raise ValueError(msg)
    log_scale = torch.tensor(scales, dtype=torch.float64).log()
    log_error = torch.tensor(errors, dtype=torch.float64).log()
    centred = log_scale - log_scale.mean()
    return float((centred * (log_error - log_error.mean())).sum() / centred.square().sum())


def _norm(tensors: Sequence[torch.Tensor]) -> float:
    return math.sqrt(sum(float(t.square().sum()) for t in tensors))


def worst_error(updates: Processes, gradients: Processes) -> tuple[float, str]:
    """Largest ``||Delta + nabla|| / ||nabla||`` over layers and parameters, and where it is.

    A gradient below 1e-9 of its kind's (neurons, parameters) counts as that, so that a tensor
    without a gradient must have no update either.
    """
    worst = (0.0, "")
    for ours, theirs in (
        ({f"s_{n}": s for n, s in enumerate(updates.state)}, gradients.by_name),
        (updates.parameters, gradients.parameters),
    ):
        whole = _norm([theirs[name] for name in ours])
        for name, process in ours.items():
            norm = max(_norm([theirs[name]]), 1e-9 * whole)
            gap = _norm([process + theirs[name]])
            error = gap / norm if norm else (0.0 if gap == 0 else math.inf)
            if not error <= worst[0]:
                worst = (error, name)
    return worst
