"""A plugin of pytest: ``pytest --cep-model package.module:factory`` checks a model.

Every model with every ``--cep-rule`` is a test beside those that are collected, so that what pytest
knows of tests (``-k``, reports, processes side by side) it knows of models. It is found where the
package is installed, and loads PyTorch only when a model is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from cep_core.testing import GDUCase


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("cep", "continual equilibrium propagation")
    group.addoption(
        "--cep-model",
        action="append",
        default=[],
        metavar="FACTORY",
        help="hold a model against the theorem: package.module:function or path/file.py:function "
        "without arguments, which returns what gducheck takes; may be given again",
    )
    group.addoption(
        "--cep-rule",
        action="append",
        default=[],
        metavar="NAME",
        help="a rule (EP, C-EP, C-VF, …) in the place of the model's own; may be given again",
    )


@pytest.hookimpl(tryfirst=True)  # before -k selects
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add a test for every model with every rule.

    Raises:
        pytest.UsageError: a factory or a rule cannot be found.

    """
    models, rules = config.getoption("--cep-model"), config.getoption("--cep-rule") or [None]
    if not models:
        return
    from cep_core.check.model import factory_named  # noqa: PLC0415 - PyTorch
    from cep_core.rules import rule_named  # noqa: PLC0415
    from cep_core.testing import GDUCase  # noqa: PLC0415

    try:
        cases = [
            GDUCase(model, factory_named(model), None if rule is None else rule_named(rule))
            for model in models
            for rule in rules
        ]
    except (ValueError, TypeError) as error:
        raise pytest.UsageError(str(error)) from error
    for case in cases:
        name = case.name if case.rule is None else f"{case.name}[{case.rule.name}]"
        items.append(ModelItem.from_parent(session, name=name, case=case))


class ModelItem(pytest.Item):
    """A model with a rule, as a test."""

    def __init__(self, *, case: GDUCase, **given: Any) -> None:
        """Keep the case."""
        super().__init__(**given)
        self.case = case

    def runtest(self) -> None:
        """Require a pass."""
        self.case.check()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The answer itself where it is none of a pass; what was raised in the model otherwise."""
        from cep_core.check.gducheck import GDUError  # noqa: PLC0415 - PyTorch

        if excinfo.errisinstance(GDUError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Where it stands in a report: under its own name."""
        return self.path, None, self.name
