"""``python -m theory.proof``: the machine-checked proof."""

from cep_core.command_line import start

if __name__ == "__main__":
    start("theory.proof.check")
