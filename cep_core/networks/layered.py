"""The one definition of the layered dynamics, over any number system.

Layers are counted from the output: layer 0 is the output, layer ``N`` the one next to the input.
``W_n_m`` has shape ``(size_n, size_m)`` and ``W_N_x`` shape ``(size_N, size_x)``. A parameter set
that holds backward weights ``W_{n+1}_{n}`` of shape ``(size_{n+1}, size_n)`` uses them for the
signal from layer ``n`` to layer ``n+1``; one that does not uses the transpose of ``W_{n}_{n+1}``.
"""

from __future__ import annotations

from cep_core.arrays import Array, Parameters, Scalar, State


def weight(n: int, m: int | str) -> str:
    """Name of the weight that carries the signal of layer ``m`` to layer ``n``."""
    return f"W_{n}_{m}"


def bias(n: int) -> str:
    """Name of the bias of layer ``n``."""
    return f"b_{n}"


def batch_mean(gradients: Parameters, batch: int) -> Parameters:
    """Gradients summed over ``batch`` samples, averaged."""
    return gradients if batch == 1 else {name: g / batch for name, g in gradients.items()}


def pre_activations(drive: Array, signals: State, parameters: Parameters) -> State:
    """Weighted sums ``W_{n,n+1} v^{n+1} + W_{n+1<-n} v^{n-1} + b^n`` of every layer.

    Args:
        drive: what the layer next to the input receives, shape ``(B, size_x)``.
        signals: what the neurons send, one array of shape ``(B, size_n)`` per layer.
        parameters: ``theta``; backward weights are used where present.

    """
    last = len(signals) - 1
    sums = []
    for n in range(last + 1):
        above = drive if n == last else signals[n + 1]
        total = above @ parameters[weight(n, "x" if n == last else n + 1)].T + parameters[bias(n)]
        if n > 0:
            independent = parameters.get(weight(n, n - 1))
            down = parameters[weight(n - 1, n)] if independent is None else independent.T
            total = total + signals[n - 1] @ down
        sums.append(total)
    return tuple(sums)


def hebbian(drive: Array, signals: State, scale: Scalar | None) -> Parameters:
    """``dPhi/dtheta`` of the tied parameters: products of the signals at both ends of an edge."""
    last = len(signals) - 1
    gradients: Parameters = {}
    for n, v in enumerate(signals):
        post = v if scale is None else v * scale
        edge, pre = (weight(n, "x"), drive) if n == last else (weight(n, n + 1), signals[n + 1])
        gradients[edge] = post.T @ pre
        gradients[bias(n)] = post.sum(0)
    return batch_mean(gradients, drive.shape[0])


def one_sided(drive: Array, signals: State, change: State, parameters: Parameters) -> Parameters:
    """Derivative of ``sum(change * pre_activations)`` with respect to every parameter present."""
    last = len(signals) - 1
    gradients: Parameters = {}
    for n, c in enumerate(change):
        edge, pre = (weight(n, "x"), drive) if n == last else (weight(n, n + 1), signals[n + 1])
        gradients[edge] = c.T @ pre
        gradients[bias(n)] = c.sum(0)
        if n > 0:
            if weight(n, n - 1) in parameters:
                gradients[weight(n, n - 1)] = c.T @ signals[n - 1]
            else:
                shared = weight(n - 1, n)
                gradients[shared] = gradients[shared] + signals[n - 1].T @ c
    return batch_mean(gradients, drive.shape[0])
