"""A ``dask.distributed`` cluster in the place of local processes.

A worker of the cluster gives every run a process of its own, so that what trains is what trains
locally, and ends when its worker does. Run directories lie on a file system that all share.
"""

from __future__ import annotations

import multiprocessing
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeVar

from cep_core.documents import read_json
from cep_core.fields import text
from cep_core.runs.files import RunError
from cep_core.runs.provenance import provenance_of_code
from cep_core.workers import Outcome, WorkerDiedError, Workers

Item = TypeVar("Item")
Result = TypeVar("Result")

TIMEOUT = 30
"""Seconds in which a scheduler has to answer."""


class Cluster:
    """The workers of a scheduler that is running, as a context; see :class:`Workers`.

    Leaving it by an exception ends what its workers do for this sweep; workers and scheduler stay.
    """

    def __init__(self, scheduler: str) -> None:
        """Connect to a scheduler.

        Args:
            scheduler: its address, ``tcp://host:port``, or its scheduler file.

        Raises:
            RunError: there is none, or the package ``distributed`` is not installed.

        """
        try:
            from distributed import Client  # noqa: PLC0415 - an optional dependency
        except ImportError as error:
            raise RunError(
                f"scheduler: expected the package distributed, found none ({error}); install it, "
                "or leave --scheduler out to use processes of this machine"
            ) from None
        is_address = "://" in scheduler
        address = scheduler if is_address else _address_in(Path(scheduler))
        try:
            self._client = Client(address, timeout=TIMEOUT, set_as_default=False)
        except (OSError, ValueError) as error:
            found = " ".join(str(error).split())
            raise RunError(f"scheduler: expected one at {address}, found none: {found}") from None
        self._address = address
        self._sweep = secrets.token_hex(8)
        self._processes = 0

    @property
    def processes(self) -> int:
        """How many runs the cluster trains at a time, as it is or last told."""
        with suppress(Exception):  # it may be gone, which whoever waits for a run is told
            self._processes = sum(self._client.nthreads().values())
        return max(1, self._processes)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, /, *_: object) -> None:
        """Disconnect; end what is being done if there was an exception."""
        with suppress(Exception):  # the scheduler may be gone, and its workers with it
            if kind is not None:
                self._client.run(_end, self._sweep, on_error="ignore")
        self._client.close(timeout=TIMEOUT)

    def each_done(
        self, work: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[tuple[Item, Outcome[Result]]]:
        """Do the work for every item; yield each as it is done; see :meth:`Workers.each_done`.

        Raises:
            RunError: the scheduler is gone.

        """
        from distributed import KilledWorker, as_completed  # noqa: PLC0415 - as above

        code = provenance_of_code()["sources_sha256"]
        submit = self._client.submit
        futures = {
            submit(_alone, self._sweep, code, work, item, pure=False, priority=-place): item
            for place, item in enumerate(items)
        }
        for future in as_completed(futures, loop=self._client.loop):
            item = futures.pop(future)
            if future.cancelled():
                raise RunError(
                    f"scheduler: expected one at {self._address}, found that it is gone; begun "
                    "again, the sweep goes on where it was"
                )
            try:
                outcome = future.result()
            except KilledWorker as error:
                died = f"every worker that tried it died, the last one {error.last_worker.address}"
                outcome = Outcome(error=WorkerDiedError(died))
            except Exception as error:  # noqa: BLE001 - of this run alone, whatever it is
                outcome = Outcome(error=error)
            yield item, outcome


def _address_in(path: Path) -> str:
    return read_json(path, RunError).get("address", text())


_running: dict[str, list[Workers]] = {}
_ended: set[str] = set()


def _alone(sweep: str, code: str, work: Callable[[Any], Any], item: Any) -> Outcome[Any]:
    """Do the work on a worker of the cluster, in a process of its own."""
    if multiprocessing.current_process().daemon:
        raise RunError(
            "worker: expected one that may start processes, found the daemon of a nanny; begin "
            "it with --no-nanny, or with DASK_DISTRIBUTED__WORKER__DAEMON=False"
        )
    found = provenance_of_code()["sources_sha256"]
    if found != code:
        raise RunError(
            f"worker: expected the code of the sweep, {code[:12]}, found other: {found[:12]}"
        )
    with Workers(1) as workers:
        mine = _running.setdefault(sweep, [])
        mine.append(workers)
        try:
            if sweep in _ended:
                return Outcome(error=WorkerDiedError("the sweep has ended"))
            ((_, outcome),) = workers.each_done(work, [item])
        finally:
            mine.remove(workers)
    return outcome


def _end(sweep: str) -> None:
    """End what a worker does for a sweep that has ended."""
    _ended.add(sweep)
    for workers in list(_running.get(sweep, ())):
        workers.kill()
