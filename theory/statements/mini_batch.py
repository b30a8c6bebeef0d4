"""One mini-batch of learning is a step of gradient descent, ``-eta sum_{t < K} nabla_theta(t)``.

``learn_batch`` runs both phases and returns new parameters. By Theorem 1, as ``beta -> 0`` and, for
a continual rule, ``kappa -> 0``,

    (theta_new - theta) / eta  ->  -(gradient of the loss over the last K steps),

with the ``eta`` of each layer, whatever the sign of ``beta``: that in ``kappa = eta / beta'`` is
signed too, and ``beta'`` carries ``dt``. The gradient is that of half the squared distance
between the output and the unit vector of the label, averaged over the mini-batch, found by PyTorch
from transitions unrolled here. The error must fall in proportion to ``beta`` (``eta`` falling as
``beta^2``); the mean over both signs of ``beta``, which is EP's centred estimator, as ``beta^2``.
A bias that is not to be trained stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import log

import torch

from cep_core.arrays import Parameters, State
from cep_core.learning import Procedure, learn_batch, one_hot
from cep_core.networks import Network
from cep_core.networks.initial import initial_parameters
from cep_core.rules import C_EP, C_VF, EP, Rule, learning_rates
from theory.case import Answer, Case, Level, Outcome
from theory.statements.unrolled import energy_based, prototypical

SIZES, LABELS, STEPS = (4, 5, 3), (2, 0, 1, 2), 6
BETAS = (1e-2, 1e-3)
RATES = (1.0, 0.25)
"""Learning rates of the output and of the hidden layer, in units of ``beta^2``."""

LARGEST_ERROR = 0.2
"""At the larger beta; what is wrong in kind is off by its own size."""

SLOPE = 0.15
"""How far a measured order may be from 1, or from 2."""


@dataclass(frozen=True)
class Batch:
    """A network at its steady state with labelled samples."""

    network: Network
    x: torch.Tensor
    labels: torch.Tensor
    parameters: Parameters
    steady: State

    def gradient(self) -> Parameters:
        """The gradient of the mean loss in the parameters of the last ``K`` transitions."""
        wanted = torch.eye(SIZES[-1], dtype=torch.float64)[self.labels]
        leaves = {n: p.detach().requires_grad_() for n, p in self.parameters.items()}
        with torch.enable_grad():
            state = self.steady
            for _ in range(STEPS):
                state = self.network.transition(self.x, state, leaves)
            loss = (state[0] - wanted).square().sum() / 2 / len(self.labels)
            found = torch.autograd.grad(loss, list(leaves.values()))
        return dict(zip(leaves, found, strict=True))

    def step(self, rule: Rule, beta: float, sign: int) -> Parameters:
        """``theta_new - theta`` over ``beta^2``, of one mini-batch as the project learns it."""
        procedure = Procedure(rule, beta=beta, free_steps=150, nudged_steps=STEPS)
        by_layer = [rate * beta**2 for rate in RATES]
        rates = learning_rates(
            self.network, self.parameters, by_layer, train_input_bias=not rule.vector_field
        )
        y = one_hot(self.labels, SIZES[-1], torch.float64)
        learned = learn_batch(
            self.network, procedure, self.x, y, self.parameters, rates, sign=sign
        ).parameters
        return {n: (learned[n] - p) / beta**2 for n, p in self.parameters.items()}


def labelled_batch(make: Callable[[], Network], *, symmetric: bool) -> Batch:
    """Draw and settle a network; with ``symmetric``, it has backward weights of its own."""
    network, generator = make(), torch.Generator().manual_seed(2)
    angle = 0.0 if symmetric else None
    parameters = initial_parameters(SIZES, generator=generator, backward_angle=angle)
    x = torch.rand(len(LABELS), SIZES[0], generator=generator, dtype=torch.float64)
    state: State = tuple(torch.zeros(len(LABELS), n, dtype=torch.float64) for n in SIZES[:0:-1])
    with torch.no_grad():
        for _ in range(300):
            state = network.transition(x, state, parameters)
    return Batch(network, x, torch.tensor(LABELS), parameters, state)


def _expected(gradient: Parameters, rule: Rule) -> Parameters:
    """``-eta`` times the gradient, ``eta`` by layer: backward weights learn as the forward ones."""
    of_layer = {"W_0_1": RATES[0], "W_1_0": RATES[0], "b_0": RATES[0], "W_1_x": RATES[1]}
    of_layer["b_1"] = 0.0 if rule.vector_field else RATES[1]
    return {name: -of_layer[name] * g for name, g in gradient.items()}


def _error(found: Parameters, expected: Parameters) -> tuple[float, str]:
    """Largest relative error of a parameter, and which; infinite if one moves that should not."""
    worst = (0.0, "")
    for name, value in expected.items():
        gap, size = float((found[name] - value).norm()), float(value.norm())
        error = gap / size if size else (0.0 if gap == 0 else float("inf"))
        worst = max(worst, (error, name))
    return worst


def decide(make: Callable[[], Network], rule: Rule) -> Outcome:
    """Measure the error at two strengths of either sign, and its order."""
    batch = labelled_batch(make, symmetric=rule.vector_field)
    expected = _expected(batch.gradient(), rule)
    signs = {"beta": (1,), "-beta": (-1,)} | ({} if rule.continual else {"both": (1, -1)})
    numbers: dict[str, object] = {"betas": list(BETAS)}
    for label, used in signs.items():
        errors = []
        for beta in BETAS:
            steps = [batch.step(rule, beta, sign) for sign in used]
            mean = {n: sum(s[n] for s in steps) / len(steps) for n in expected}
            errors.append(_error(mean, expected))
        (coarse, name), (fine, _) = errors
        wanted = len(used)
        order = log(coarse / fine, BETAS[0] / BETAS[1]) if 0 < fine < float("inf") else 0.0
        numbers[label] = {"errors": [min(e, 1e300) for e, _ in errors], "order": order}
        if not (coarse < LARGEST_ERROR and abs(order - wanted) < SLOPE):
            reason = (
                f"{label}: the change of {name} differs from -eta times the gradient by "
                f"{coarse:.2g} of it at beta {BETAS[0]:g}, order {order:.2f} in place of {wanted}"
            )
            return Outcome(Answer.REFUTED, numbers, reason)
    return Outcome(Answer.HOLDS, numbers)


def cases() -> tuple[Case, ...]:
    """Return the cases of one mini-batch."""
    return tuple(
        Case(
            "mini_batch",
            f"{setting}, {rule.name}",
            "theta_new = theta - eta sum_t nabla_theta(t) + O(beta), eta by layer, beta of either "
            "sign",
            "one random network, labels of three classes",
            "float64, the gradient by automatic differentiation, judged by order in beta",
            f"{'-'.join(map(str, SIZES))}, K = {STEPS}, mini-batch of {len(LABELS)}",
            Level.NUMERICAL,
            partial(decide, make, rule),
            cost=0.5,
        )
        for setting, make in (
            ("energy-based, tanh", energy_based),
            ("prototypical, sigmoid", prototypical),
        )
        for rule in (EP, C_EP, C_VF)
    )
