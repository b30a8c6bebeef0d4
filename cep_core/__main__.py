"""``python -m cep_core``: the command ``cep``."""

import sys

from cep_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
