"""``python -m reproduce COMMAND``: everything that regenerates the paper's results."""

from theory.command_line import start

if __name__ == "__main__":
    start("reproduce.command_line")
