"""A model under check, as the command line and the tests of other projects name it.

A *factory* is a function without arguments that returns what
:func:`cep_core.check.gducheck.gducheck` takes, by name: ``{"network": …, "x": …, "y": …,
"parameters": …, "start": …}``, or a :class:`cep_core.problem.Problem`. Calling it anew for every
check keeps checks apart.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cep_core.check.failures import where_raised
from cep_core.check.gducheck import gducheck
from cep_core.problem import Problem

Factory = Callable[[], Any]

_NAMES = tuple(inspect.signature(gducheck).parameters)
_NEEDED = ("network", "x", "y")


def factory_named(text: str) -> Factory:
    """The function called ``package.module:function`` or ``path/to/file.py:function``.

    Modules are looked for in the working directory too.

    Raises:
        ValueError: the text, the module or the file is not as expected.
        TypeError: what it names is no function.

    """
    where, _, name = text.rpartition(":")
    if not where or not name:
        raise ValueError(f"factory: expected module:function or file.py:function, found {text!r}")
    try:
        module = _module_at(Path(where)) if where.endswith(".py") else _module_named(where)
    except ModuleNotFoundError as error:
        if error.name is None or not where.startswith(error.name):
            raise _raised(where, error) from error
        raise ValueError(f"factory: expected a module {where}, found none of that name") from error
    except Exception as error:
        raise _raised(where, error) from error
    found = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        what = "none" if found is None else type(found).__name__
        raise TypeError(f"factory: expected a function {name} in {where}, found {what}")
    function: Factory = found
    return function


def _module_named(name: str) -> Any:
    here = str(Path.cwd())
    if here not in sys.path:  # as python -m has it; a console script does not
        sys.path.insert(0, here)
    return importlib.import_module(name)


def _module_at(path: Path) -> Any:
    if not path.is_file():
        raise ModuleNotFoundError(name=str(path))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    sys.path.insert(0, str(path.parent.resolve()))  # for what lies beside it
    spec.loader.exec_module(module)
    return module


def arguments_of(model: Any, field: str = "model") -> dict[str, Any]:
    """What gducheck takes, by name: from a factory, what a factory returns, or a problem.

    Args:
        model: a factory, a mapping or a :class:`cep_core.problem.Problem`.
        field: what messages call it.

    Raises:
        ValueError: the factory raises, or names are missing or unknown.
        TypeError: it is none of these.

    """
    if callable(model):
        try:
            model = model()
        except Exception as error:
            raise _raised(field, error) from error
    if isinstance(model, Problem):
        problem = model
        model = {n: getattr(problem, n) for n in ("network", "x", "y", "parameters", "loss")}
        if problem.steady is not None:
            model["start"] = problem.steady
    if not isinstance(model, Mapping):
        raise TypeError(
            f"{field}: expected arguments of gducheck by name, {', '.join(_NEEDED)} and others, "
            f"found {type(model).__name__}"
        )
    unknown = [str(name) for name in model if name not in _NAMES]
    missing = [name for name in _NEEDED if name not in model]
    if unknown or missing:
        found = f"{', '.join(unknown)}" if unknown else f"no {', '.join(missing)}"
        raise ValueError(f"{field}: expected among {', '.join(_NAMES)}, found {found}")
    return dict(model)


def _raised(what: str, error: Exception) -> ValueError:
    return ValueError(f"{what}: expected it to run, found {where_raised(error)}")
