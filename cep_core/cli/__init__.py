"""The command ``cep``: one module of :mod:`cep_core.cli` per subcommand.

A subcommand is a module here whose name does not begin with an underscore. It has a docstring,
whose first line is its help; ``add_arguments(parser)``; and ``run(arguments)``, which prints its
answer and returns its verdict or another exit code. ``cep NAME`` then exists; nothing else is
touched.

Exit codes: 0 *pass*, 1 *fail*, 2 bad input, 3 *inconclusive* or *not run*; 130 interrupted, 141
nobody reads the output any more.

argparse reads the command line: what it does is enough here, it comes with Python, its help is
what ``python -m theory`` and ``python -m reproduce`` look like too, and a package that people put
beside their own PyTorch should bring few others with it. Click and Typer would add decorators,
colours and prompts that nobody asks for.
"""

from cep_core.cli._main import add_command, main, parser

__all__ = ["add_command", "main", "parser"]
