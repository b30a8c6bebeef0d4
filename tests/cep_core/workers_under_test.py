"""A program that works side by side, for the tests of workers to disturb: GRACE SECONDS...

One process for each number of seconds.
"""

import os
import signal
import sys
import time

from cep_core import workers as module
from cep_core.workers import Workers


class StubbornError(Exception):
    """An error that cannot be made again from its arguments."""

    def __init__(self, first, second):
        super().__init__(f"{first} {second}")


def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def work(seconds):
    """Sleep, saying which process does; a negative number kills the process."""
    if seconds < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    if seconds == 0.5:
        raise LookupError("half")
    if seconds == 0.25:
        raise StubbornError("a", "quarter")
    if seconds == 0.75:
        return lambda: None
    try:
        say("begun", os.getpid())  # whoever reads it may interrupt at once
        time.sleep(seconds)
    finally:
        say("left", os.getpid())
    return 2 * seconds


if __name__ == "__main__":
    module.GRACE, items = float(sys.argv[1]), [float(text) for text in sys.argv[2:]]
    try:
        with Workers(len(items)) as workers:
            for item, outcome in workers.each_done(work, items):
                say("done", item, outcome.value, repr(outcome.error))
    except KeyboardInterrupt:
        sys.exit(130)
