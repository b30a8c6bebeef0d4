"""The two sides of the GDU property, and the measures of how well they agree."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch

from cep_core.arrays import Parameters, Scalar, State
from cep_core.bptt import Processes
from cep_core.losses import Loss
from cep_core.networks import Network, Prototypical
from cep_core.phases import nudged_phase
from cep_core.rules import Rule


def delta(
    network: Network,
    rule: Rule,
    x: torch.Tensor,
    y: torch.Tensor,
    parameters: Parameters,
    start: State,
    *,
    beta: float,
    kappa: float | Mapping[str, Scalar],
    steps: int,
    loss: Loss | None = None,
) -> Processes:
    """Normalised updates ``Delta_s(t)`` and ``Delta_theta(t)`` for ``t = 0 … K-1``.

    ``Delta_s(t) = (s_{t+1} - s_t) / beta'`` and ``Delta_theta(t) = increment / beta'``, with
    ``beta' = beta * network.time_scale``; this equals ``(theta_{t+1} - theta_t) / eta`` and has a
    value at ``eta = 0`` too. Arguments as in :func:`cep_core.phases.nudged_phase`; ``start`` is the
    steady state.

    Raises:
        ValueError: ``beta`` is zero.

    """
    if beta == 0:
        msg = "beta: expected a nudging strength other than zero, found 0"
        raise ValueError(msg)
    scale = 1 / (beta * network.time_scale)
    states: list[list[torch.Tensor]] = []
    processes: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        phase = nudged_phase(
            network, rule, x, y, parameters, start, beta=beta, kappa=kappa, steps=steps, loss=loss
        )
        for t, step in enumerate(phase):
            moved = zip(step.state, step.following, strict=True)
            states.append([(after - before) * scale for before, after in moved])
            for name, increment in step.increment.items():
                if t == 0:
                    processes[name] = increment.new_empty((steps, *increment.shape))
                torch.mul(increment, scale, out=processes[name][t])
    return Processes(tuple(torch.stack(layer) for layer in zip(*states, strict=True)), processes)


def followed_gradients(
    network: Network,
    x: torch.Tensor,
    steady: State,
    parameters: Parameters,
    nabla_side: Processes,
    *,
    modified_loss: bool = False,
) -> Processes:
    """The gradients that the updates of ``network`` follow when it has the GDU property.

    They are ``nabla`` itself, except in the prototypical setting with the nudge inside, or outside
    and ``nabla`` of the modified loss that it follows: there the neurons follow the gradient
    ``g = sigma'(a) * nabla_s`` with respect to the pre-activations.
    """
    if not isinstance(network, Prototypical) or (network.nudge == "outside" and not modified_loss):
        return nabla_side
    arguments = network.arguments(x, steady, parameters)
    slopes = [f.slope(a) for f, a in zip(network.activations, arguments, strict=True)]
    pairs = zip(nabla_side.state, slopes, strict=True)
    return Processes(tuple(s * slope for s, slope in pairs), nabla_side.parameters)


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

    NaN if either total is zero. The cosine is clipped to [-1, 1] before the arc cosine.
    """
    product = norm_delta = norm_nabla = 0.0
    for name, process in delta_side.parameters.items():
        update = process.sum(0)
        descent = -nabla_side.parameters[name].sum(0)
        product += float((update * descent).sum())
        norm_delta += float(update.square().sum())
        norm_nabla += float(descent.square().sum())
    if norm_delta == 0 or norm_nabla == 0:
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
