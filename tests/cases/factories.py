"""Factories as a user names them on the command line or in tests."""

import itertools

from cep_core import EP, PrimitiveNetwork, Problem
from tests.cases.models import Changed, hopfield, task


def right():
    return {"network": PrimitiveNetwork(hopfield), **task()}


def wrong():
    return right() | {"rule": Changed(lambda found: {n: 2.5 * v for n, v in found.items()})}


def unsettled():
    return right() | {"free_steps": 8}


def problem():
    given = right()
    asked = Problem(*(given[name] for name in ("network", "x", "y", "parameters")))
    return asked.settled(start=given["start"])


def raising():
    return 1 / 0


def untidy():
    return right() | {"targets": 1}


def empty():
    return {}


def number():
    return 3


def failing():
    return right() | {"x": task()["x"][:, :3]}


def failing_later():
    calls = itertools.count()

    def phi(x, state, theta):
        if next(calls) == 200:
            raise RuntimeError("out of patience")
        return hopfield(x, state, theta)

    return right() | {"network": PrimitiveNetwork(phi), "rule": EP}
