"""``cep`` and ``python -m cep_core``: in words and with an exit code, while PyTorch loads too."""

from typing import NoReturn

from cep_core.command_line import start


def main() -> NoReturn:
    """Run the command line with the arguments of the process."""
    start("cep_core.cli")


if __name__ == "__main__":
    main()
