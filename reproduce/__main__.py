"""``python -m reproduce COMMAND``: everything that regenerates the paper's results."""

from cep_core.command_line import start

if __name__ == "__main__":
    start("reproduce.command_line")
