"""``python -m theory``: decide every statement of the theory."""

from cep_core.command_line import start

if __name__ == "__main__":
    start("theory.command")
