"""Random models: no right one is accused, no wrong one passes.

``GDUCHECK_RANDOM=200`` checks 200 of each in place of the quick 12; the counts are printed (-s).
"""

import os
from collections import Counter

import pytest

from cep_core import Verdict, gducheck
from tests.cep_core.check.random_models import DETACHED, KINDS, right_model, wrong_model

COUNT = int(os.environ.get("GDUCHECK_RANDOM", "12"))


def answer(model, **options):
    return gducheck(model.network, **model.given, rule=model.rule, **{"steps": 6} | options)


@pytest.mark.parametrize("kind", range(len(KINDS)), ids=KINDS)
def test_no_right_model_is_accused(kind):
    found = Counter()
    for seed in range(kind, COUNT, len(KINDS)):
        model = right_model(seed)
        result = answer(model)
        found[str(result.verdict)] += 1
        assert result.verdict is Verdict.PASS, f"seed {seed}: {model}\n{result}"
        assert not result.causes
    print(f"right {KINDS[kind]}: {dict(found)}")  # noqa: T201 - the counts are what is asked for


def right_answer(model):
    """Fail; but where a transition detaches its updates are right, and it is BPTT that is wrong.

    The dynamics are then those of a right model, and finite differences of the loss confirm every
    update at every step: to answer *fail* would accuse them. The gradients to which the property
    compares them are not those of the loss: *pass* would confirm these. So it is neither.
    """
    return Verdict.INCONCLUSIVE if model.planted == DETACHED else Verdict.FAIL


@pytest.mark.parametrize("kind", range(len(KINDS)), ids=KINDS)
def test_no_wrong_model_passes(kind):
    found = Counter()
    for seed in range(kind, COUNT, len(KINDS)):
        model = wrong_model(seed)
        result = answer(model)
        found[str(result.verdict)] += 1
        assert result.verdict is right_answer(model), f"seed {seed}: {model}\n{result}"
        assert result.causes
    print(f"wrong {KINDS[kind]}: {dict(found)}")  # noqa: T201 - the counts are what is asked for


@pytest.mark.parametrize(
    "betas", [(0.5, 0.25), (1e-3, 9e-4), (1e-8, 1e-9), (1e-9, 1e-10), (1e-7, 1e-8, 1e-9)], ids=str
)
def test_no_choice_of_betas_turns_an_answer_round(betas):
    """Too large a beta, or residual and round-off divided by too small a one, leave it in doubt."""
    for seed in range(max(1, COUNT // 10)):
        model = right_model(seed)
        result = answer(model, betas=betas)
        assert result.verdict is not Verdict.FAIL, f"seed {seed}: {model}\n{result}"
        model = wrong_model(seed)
        result = answer(model, betas=betas)
        assert result.verdict is not Verdict.PASS, f"seed {seed}: {model}\n{result}"
