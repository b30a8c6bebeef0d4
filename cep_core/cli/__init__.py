"""The command ``cep``: one module of :mod:`cep_core.cli` per subcommand.

A subcommand is a module here whose name does not begin with an underscore. It has a docstring,
whose first line is its help; ``add_arguments(parser)``; and ``run(arguments) -> Verdict``, which
prints its answer. ``cep NAME`` then exists; nothing else is touched.

Exit codes: 0 *pass*, 1 *fail*, 2 bad input, 3 *inconclusive* or *not run*; 130 interrupted, 141
nobody reads the output any more.
"""

from cep_core.cli._main import main

__all__ = ["main"]
