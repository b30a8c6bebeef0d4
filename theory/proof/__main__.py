"""Command line of the machine-checked proof."""

import sys

from theory.proof.check import main

if __name__ == "__main__":
    sys.exit(main())
