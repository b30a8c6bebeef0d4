"""Work done side by side in processes of one thread each, with one way of being interrupted.

Whoever asks answers Ctrl-C: the workers ignore it, are told to end, and are killed if they do not
end soon (a stopped one cannot), or at once if there is a second Ctrl-C. A worker whose parent dies
ends by itself. A worker that dies fails what it was doing, and nothing else. The standard library's
executor lets one dead worker fail everything, which is why it is not used. POSIX only.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, Self, TypeVar, cast

Item = TypeVar("Item")
Result = TypeVar("Result")

GRACE = 5.0
"""Seconds that a worker has to clean up after it has been told to end."""


class WorkerDiedError(RuntimeError):
    """The process that did the work ended before it was done."""


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    """What came of one item: a value, or the error that it raised."""

    value: Result | None = None
    error: Exception | None = None

    def result(self) -> Result:
        """Return the value, or raise the error."""
        if self.error is not None:
            raise self.error
        return cast("Result", self.value)  # None only if that is what the work returned


class Workers:
    """A few processes, as a context: leaving it ends them, at once if it is left by an exception.

    Every process imports the program's modules anew, and PyTorch is limited to one thread in it.
    """

    def __init__(self, processes: int) -> None:
        """Prepare so many processes; they start when there is work.

        Raises:
            ValueError: the number is not positive.

        """
        if processes < 1:
            raise ValueError(f"processes: expected a positive number, found {processes}")
        self.processes = processes
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, /, *_: object) -> None:
        """End the processes; they may finish nothing if there was an exception."""
        try:
            for worker in self._workers:
                worker.tell_to_end(at_once=kind is not None)
            deadline = time.monotonic() + GRACE
            for worker in self._workers:
                worker.process.join(max(0.0, deadline - time.monotonic()))
        finally:  # a second Ctrl-C leads here too
            self.kill()

    def kill(self) -> None:
        """End the processes at once; whatever they do has failed."""
        for worker in list(self._workers):
            worker.kill()

    def each_done(
        self, work: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[tuple[Item, Outcome[Result]]]:
        """Do the work for every item; yield each as it is done, begun in the order given.

        Args:
            work: a function of a module; its results and errors must survive pickling.
            items: likewise.

        Yields:
            The item and what came of it: :class:`WorkerDiedError` if its process died.

        """
        waiting = deque(items)
        while waiting or any(worker.busy for worker in self._workers):
            self._hand_out(work, waiting)
            busy = [worker for worker in self._workers if worker.busy]
            ready = connection.wait([worker.link for worker in busy])
            for worker in (worker for worker in busy if worker.link in ready):
                item, outcome = worker.receive()
                if worker.died:
                    self._workers.remove(worker)
                yield item, outcome

    def _hand_out(self, work: Callable[[Any], Any], waiting: deque[Any]) -> None:
        for worker in [w for w in self._workers if not (w.busy or w.process.is_alive())]:
            worker.kill()
            self._workers.remove(worker)
        idle = [worker for worker in self._workers if not worker.busy]
        while waiting and (idle or len(self._workers) < self.processes):
            if not idle:
                with _ctrl_c_held_back():
                    self._workers.append(_Worker())
                idle = self._workers[-1:]
            idle.pop().send(work, waiting.popleft())


class _Worker:
    """One process, from its parent's side."""

    def __init__(self) -> None:
        """Start it; Ctrl-C is to be held back meanwhile."""
        context = get_context("spawn")
        self.link, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=_serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.busy = self.died = False
        self._item: Any = None

    def send(self, work: Callable[[Any], Any], item: Any) -> None:
        """Give it something to do."""
        self._item, self.busy = item, True
        with suppress(OSError):  # it has just died: receive says so
            self.link.send((work, item))

    def receive(self) -> tuple[Any, Outcome[Any]]:
        """Return what it was given and what came of it."""
        self.busy = False
        try:
            return self._item, self.link.recv()
        except (EOFError, OSError):
            self.died = True
        self.process.join(GRACE)
        how = self.process.exitcode
        self.kill()
        said = f"was killed by signal {-how}" if how is not None and how < 0 else f"ended ({how})"
        return self._item, Outcome(error=WorkerDiedError(f"its process {said} before it was done"))

    def tell_to_end(self, *, at_once: bool) -> None:
        """Ask it to end: when it is idle, or in the midst of its work."""
        if at_once:
            self.process.terminate()
        self.link.close()

    def kill(self) -> None:
        """End it if it has not ended."""
        self.process.kill()
        self.process.join()
        self.link.close()


@contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """Start a process that Ctrl-C does not reach, even before it can say so itself.

    It inherits the blocked signal; here, one that comes meanwhile is delivered afterwards. The
    block is the calling thread's own, and another thread may take the signal: it is noted as well.
    """
    resource_tracker.ensure_running()  # which would lift the block
    came: list[int] = []
    alone = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda number, _: came.append(number)) if alone else None
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if alone:
            signal.signal(signal.SIGINT, handler)
        if came:
            signal.raise_signal(signal.SIGINT)


def _serve(link: Connection) -> None:
    """Work for the parent until it hangs up or dies."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what is open is closed
        threading.Thread(target=_end_with_parent, daemon=True).start()
        import torch  # noqa: PLC0415 - takes a second, which the parent need not wait for

        torch.set_num_threads(1)
        while True:
            work, item = link.recv()
            link.send_bytes(_attempt(work, item))
    except (EOFError, OSError, KeyboardInterrupt):
        pass  # the parent hung up, died or told it to end


def _attempt(work: Callable[[Any], Any], item: Any) -> bytes:
    """Do the work; return the pickled outcome."""
    try:
        return pickle.dumps(Outcome(value=work(item)))
    except Exception as error:  # noqa: BLE001 - the parent decides what it means
        error.add_note(traceback.format_exc())
        try:
            pickled = pickle.dumps(Outcome[Any](error=error))
            pickle.loads(pickled)  # noqa: S301 - our own bytes; some errors are not made again
        except Exception:  # noqa: BLE001 - whatever a foreign class does when it is pickled
            return pickle.dumps(
                Outcome[Any](error=RuntimeError(f"{type(error).__name__}: {error}"))
            )
        return pickled


def _end_with_parent() -> None:
    """Wait for the parent's death; then end as if told to, and in any case soon."""
    parent = parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)
