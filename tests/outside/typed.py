"""What a user writes, under ``mypy --strict`` and run, against the installed wheel."""

import sys

import torch

from cep_core import (
    C_EP,
    GDUResult,
    Parameters,
    PrimitiveNetwork,
    Problem,
    StabilityBound,
    State,
    Verdict,
    gducheck,
    largest_stable_kappa,
)


def hopfield(x: torch.Tensor, s: State, p: Parameters) -> torch.Tensor:
    sent = torch.tanh(s[0])
    total: torch.Tensor = (sent * (x @ p["A"].T) + sent * (sent @ p["W"]) / 2).sum()
    return total


def problem() -> Problem:
    generator = torch.Generator().manual_seed(0)
    draw = [torch.randn(5, n, generator=generator, dtype=torch.float64) for n in (3, 5)]
    x, start = torch.ones(2, 3, dtype=torch.float64), torch.zeros(2, 5, dtype=torch.float64)
    theta = {"A": 0.2 * draw[0], "W": 0.05 * (draw[1] + draw[1].T)}
    asked = Problem(PrimitiveNetwork(hopfield), x, start + 0.1, theta)
    return asked.settled(start=(start,))


def main() -> None:
    given = problem()
    result: GDUResult = gducheck(
        given.network,
        x=given.x,
        y=given.y,
        parameters=given.parameters,
        start=given.rest,
        rule="C-EP",
        steps=4,
    )
    verdict: Verdict = result.verdict
    bound: StabilityBound = largest_stable_kappa(
        given.network, given.x, given.parameters, given.rest, rule=C_EP
    )
    kappa: float = bound.kappa
    sys.stdout.write(f"{verdict.value}, stable below kappa = {kappa:.3g}\n")


if __name__ == "__main__":
    main()
