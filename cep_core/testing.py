"""A pytest helper: hold models against rules, each pair a test of its own; needs pytest.

In a test of any project::

    from cep_core.testing import parametrize_gdu

    @parametrize_gdu([hopfield, convolutional], rules=["EP", "C-EP"], steps=6)
    def test_the_gdu_property(gdu):
        gdu.check()

runs ``test_the_gdu_property[hopfield-EP]`` and three others. ``hopfield`` is a function without
arguments that returns what :func:`cep_core.gducheck` takes, by name; it is called anew for every
test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from cep_core.check.gducheck import gducheck
from cep_core.check.model import Factory, arguments_of
from cep_core.check.result import GDUResult

__all__ = ["GDUCase", "parametrize_gdu"]


@dataclass(frozen=True)
class GDUCase:
    """A model with a rule, as a test receives it.

    Attributes:
        name: of the model.
        model: its factory, a mapping of gducheck's arguments, or a problem.
        rule: replaces that of the model; None leaves it.
        options: other arguments of gducheck, which replace those of the model.

    """

    name: str
    model: Any
    rule: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def result(self, **options: Any) -> GDUResult:
        """What gducheck answers, whatever it is.

        Args:
            options: arguments of gducheck, which replace all others.

        """
        given = arguments_of(self.model, self.name)
        given |= {} if self.rule is None else {"rule": self.rule}
        return gducheck(**(given | dict(self.options) | options))

    def check(self, **options: Any) -> GDUResult:
        """As :meth:`result`, and require a pass.

        Raises:
            GDUError: the verdict is fail or inconclusive; the message has the numbers.

        """
        return self.result(**options, raise_unless_pass=True)


def parametrize_gdu(
    models: Mapping[str, Any] | Sequence[Factory],
    *,
    rules: Sequence[Any] = (None,),
    argument: str = "gdu",
    marks: Mapping[str, Any] | None = None,
    **options: Any,
) -> Any:
    """A mark that runs a test once for every model with every rule.

    Args:
        models: factories, or factories by name.
        rules: rules or their names; the model's own, C-EP if it has none, unless given.
        argument: of the test, which receives a :class:`GDUCase`.
        marks: by identifier (``"hopfield-EP"``) or name of a model: a mark of pytest, or several,
            e.g. ``pytest.mark.xfail(raises=GDUError, strict=True)``.
        options: of every check, e.g. ``steps=6``.

    Raises:
        ImportError: pytest is not installed.
        ValueError: there is no model or no rule, two have one name, or a mark is for none.

    """
    pytest: Any = import_module("pytest")
    by_name = dict(models) if isinstance(models, Mapping) else {_name(m): m for m in models}
    if not by_name or len(by_name) < len(models) or not rules:
        raise ValueError(
            f"models, rules: expected at least one of each with names that differ, found "
            f"{len(models)} models called {', '.join(by_name) or 'nothing'} and {len(rules)} rules"
        )
    cases = {
        "-".join([name, *([] if rule is None else [_name(rule)])]): GDUCase(
            name, model, rule, options
        )
        for name, model in by_name.items()
        for rule in rules
    }
    given = dict(marks or {})
    unknown = set(given) - set(cases) - set(by_name)
    if unknown:
        raise ValueError(f"marks: expected names among {', '.join(cases)}, found {unknown.pop()}")
    parameters = [
        pytest.param(case, id=name, marks=given.get(name, given.get(case.name, ())))
        for name, case in cases.items()
    ]
    return pytest.mark.parametrize(argument, parameters)


def _name(given: Any) -> str:
    if isinstance(given, str):
        return given
    named = getattr(given, "name", None) or getattr(given, "__name__", None)
    return str(named or type(given).__name__)
