"""A trainable softmax read-out, outside the dynamics, in real or complex arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from cep_core.networks.directed import lecun_normal

KERNEL, BIAS = "read_out_kernel", "read_out_bias"
"""Names of the read-out's parameters, beside those of the network."""


@dataclass(frozen=True)
class SoftmaxReadOut:
    """Cross-entropy of ``softmax(R s^0 + rho)``, summed over samples.

    The read-out takes no part in the dynamics: the nudge is the loss's gradient through it, and
    ``R`` and ``rho`` learn by their plain gradient at the free state. The gradient that nudges is
    written out, so that it is the holomorphic one at complex activities.

    Attributes:
        parameters: ``read_out_kernel``, shape ``(classes, size_0)``, and ``read_out_bias``, shape
            ``(classes,)``; others are not looked at.

    """

    parameters: Mapping[str, torch.Tensor]

    @staticmethod
    def initial(
        sizes: Sequence[int], classes: int, *, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """Normal weights of variance ``1 / size_0`` and zero biases, float64.

        Args:
            sizes: layer sizes, input first.
            classes: number of classes.
            generator: source of randomness, on the CPU.

        """
        kernel = lecun_normal(classes, sizes[-1], generator)
        return {KERNEL: kernel, BIAS: torch.zeros(classes, dtype=torch.float64)}

    def logits(self, output: torch.Tensor) -> torch.Tensor:
        """``R s^0 + rho``, shape ``(B, classes)``, in the output's dtype."""
        kernel, bias = (self.parameters[name].to(output.dtype) for name in (KERNEL, BIAS))
        return output @ kernel.T + bias

    def probabilities(self, output: torch.Tensor) -> torch.Tensor:
        """``softmax(R s^0 + rho)``; of complex activities its analytic continuation."""
        logits = self.logits(output)
        real = logits.real if logits.is_complex() else logits
        lifted = torch.exp(logits - real.amax(dim=1, keepdim=True))
        return lifted / lifted.sum(1, keepdim=True)

    def value(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Cross-entropy with the targets, shape ``(B, classes)``, summed over samples."""
        logits = self.logits(output)
        return -(target * torch.log_softmax(logits, dim=1)).sum()

    def gradient(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """``(softmax - y) R``, shape ``(B, size_0)``."""
        kernel = self.parameters[KERNEL].to(output.dtype)
        return (self.probabilities(output) - target) @ kernel

    def parameter_gradient(
        self, output: torch.Tensor, target: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Derivative of the value in ``R`` and ``rho``, summed over samples as the value is."""
        wrong = self.probabilities(output) - target
        return {KERNEL: wrong.T @ output, BIAS: wrong.sum(0)}
