"""The catalogue of mutants: each a wrong line in the code, of a kind that is easily written.

They are planted in ``cep_core`` itself, and those of BPTT in the theory's two ways of obtaining it
too. What a method cannot see is stated with the reason: *unseen* where it runs the wrong line and
the statement is true nevertheless, *inapplicable* where it does not run it at all.
"""

from __future__ import annotations

from theory.mutants.convolutional import CONVOLUTIONS
from theory.mutants.correction import CORRECTION
from theory.mutants.dynamics import DYNAMICS, OF_BPTT
from theory.mutants.homeostasis import HOMEOSTASIS
from theory.mutants.kind import Mutant
from theory.mutants.phase_two import NUDGE, UPDATES
from theory.mutants.training import TRAINING

MUTANTS: tuple[Mutant, ...] = (
    *NUDGE,
    *UPDATES,
    *DYNAMICS,
    *OF_BPTT,
    *TRAINING,
    *CORRECTION,
    *HOMEOSTASIS,
    *CONVOLUTIONS,
)
