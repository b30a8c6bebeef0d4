"""Equilibrium propagation with continual weight updates: dynamics, rules, gradients and checks.

What is imported here is the public face, and it is promised; the modules behind it may move.

- networks: :class:`Prototypical`, :class:`EnergyBased` on :class:`Edge` (:class:`Dense`,
  :class:`Bias`, :class:`Convolution` with a :class:`Pooling`; a :class:`ConvolutionalShape` makes
  them), or one's own: :class:`PrimitiveNetwork`, :class:`EnergyNetwork`,
  :class:`VectorFieldNetwork`, or any
  :class:`Network`; a :class:`Delegate` changes one answer of another network;
- rules: :data:`EP`, :data:`C_EP`, :data:`C_VF`; :data:`CORRECTED_C_VF`, which needs no symmetry,
  and :data:`SLOPED_C_VF`; one update of a vector field, :data:`VF` and corrected :data:`ASYM_EP`;
  or a :class:`Rule` of one's own;
- phases: :func:`free_phase`, :func:`nudged_phase`; learning: :class:`Procedure`,
  :func:`learn_batch`, :func:`learning_rates`, :func:`make_engine`;
- checks: :func:`gducheck`; on a settled :class:`Problem` its two sides
  :func:`delta` and :func:`nabla`, and :func:`estimate` from several nudged
  phases; the stability bound :func:`largest_stable_kappa`;
  :class:`Verdict`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cep_core.face import *  # noqa: F403 - what __getattr__ finds

__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    """A promised name, found when it is asked for: what needs no PyTorch does not wait for it."""
    if name == "__all__" or not name.startswith("__"):
        face = import_module("cep_core.face")
        if name == "__all__" or name in face.__all__:
            return getattr(face, name)
    raise AttributeError(f"module 'cep_core' has no attribute {name!r}", name=name)


def __dir__() -> list[str]:
    """The promised names."""
    return ["__version__", *__getattr__("__all__")]
