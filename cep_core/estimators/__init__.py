"""Estimators of the gradient through the steady state, all with one interface.

An estimator takes a settled :class:`cep_core.problem.Problem` and returns an :class:`Estimate`: the
error signal of every neuron and, by its products with the activities, the gradient of the
parameters. Any two can be compared (:func:`cosines`).
"""

from cep_core.estimators.adjoint import (
    BackpropagationThroughTime,
    Dyadic,
    NeumannSeries,
    RelaxedAdjoint,
)
from cep_core.estimators.estimate import Estimate, Estimator, cosines
from cep_core.estimators.nudged import DerivativeAtZero, OneSided, PointsOnCircle, TurningNudge

__all__ = [
    "BackpropagationThroughTime",
    "DerivativeAtZero",
    "Dyadic",
    "Estimate",
    "Estimator",
    "NeumannSeries",
    "OneSided",
    "PointsOnCircle",
    "RelaxedAdjoint",
    "TurningNudge",
    "cosines",
]
