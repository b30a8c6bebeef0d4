"""``python -m benchmarks``: measure everything, on one thread."""

from cep_core.command_line import start

if __name__ == "__main__":
    start("benchmarks.command")
