"""``python -m theory.proof``: the machine-checked proof."""

from theory.command_line import start

if __name__ == "__main__":
    start("theory.proof.check")
