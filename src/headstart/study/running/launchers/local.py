"""The local launcher: a process per core on a CPU, each with one thread; several processes share a GPU."""

import logging
import multiprocessing as mp
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from queue import Empty

from headstart.errors import HeadstartError
from headstart.processes import available_cores, follow_parent
from headstart.study.jobs.base import Job
from headstart.study.running.launchers.base import Event, Launcher, Listener, Queue
from headstart.study.running.store import Store

__all__ = ["LocalLauncher", "default_workers"]

POLL_SECONDS, REPORT_SECONDS, RUNS_PER_GPU = 0.1, 0.5, 4


class LocalLauncher(Launcher):
    """Jobs in processes of this machine. ``workers``: default one per core, or a few on a GPU."""

    def run(self, jobs: Sequence[Job], listen: Listener) -> None:
        workers = self.workers or default_workers()
        by_key = {job.key: job for job in jobs}
        queue = Queue(jobs, lambda job: self.store.state(job) == "done", workers)
        if queue.empty:
            return
        context = mp.get_context("spawn")
        messages = context.Queue()
        pool = ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(messages,))
        try:
            self._serve(pool, queue, workers, lambda: _forward(messages, by_key, listen), listen)
        except BrokenProcessPool:
            raise HeadstartError(
                "a worker process died (out of memory, or killed): run the same command again, with fewer --workers "
                "if it was memory; finished jobs and checkpoints are kept"
            ) from None
        finally:
            _stop(pool)
            messages.close()

    def _serve(
        self,
        pool: ProcessPoolExecutor,
        queue: Queue,
        workers: int,
        forward: Callable[[], None],
        listen: Listener,
    ) -> None:
        running: dict[Future[None], list[Job]] = {}
        while not queue.empty:
            self._hand_out(pool, queue, workers, running, listen)
            done, _ = wait(running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
            forward()
            for future in done:
                future.result()
                for job in running.pop(future):
                    queue.finish(job)
                    listen(Event("finished", job, job.cost, job.cost))

    def _hand_out(
        self,
        pool: ProcessPoolExecutor,
        queue: Queue,
        workers: int,
        running: dict[Future[None], list[Job]],
        listen: Listener,
    ) -> None:
        while len(running) < workers and (jobs := queue.take()):
            alone = [job for job in jobs if job.uses_all_workers]
            for job in alone:
                _run_here(self.store, job, workers, listen)
                queue.finish(job)
            rest = [job for job in jobs if not job.uses_all_workers]
            if rest:
                running[pool.submit(_run_in_worker, self.store.root, rest)] = rest


def default_workers() -> int:
    """One process per core, or a few that share a GPU."""
    import torch

    return RUNS_PER_GPU if torch.cuda.is_available() else available_cores()


def _run_here(store: Store, job: Job, workers: int, listen: Listener) -> None:
    def progress(done: int, total: int) -> None:
        listen(Event("progress", job, job.cost * done // max(total, 1), job.cost))

    listen(Event("started", job, 0, job.cost))
    store.run(job, progress=progress, workers=workers)
    listen(Event("finished", job, job.cost, job.cost))


def _start_worker(messages: "mp.Queue[tuple[str, int, int]]") -> None:
    """One thread per process, and no life after the parent's: an orphan would hold locks and cores."""
    import torch

    global _messages  # noqa: PLW0603 - a queue reaches a spawned process only this way
    _messages = messages
    if not torch.cuda.is_available():
        torch.set_num_threads(1)
    logging.captureWarnings(True)
    follow_parent()


_messages: "mp.Queue[tuple[str, int, int]]"


def _run_in_worker(root: Path, jobs: list[Job]) -> None:
    store = Store(root)
    for job in jobs:
        last = 0.0

        def progress(done: int, total: int, job: Job = job) -> None:
            nonlocal last
            if time.monotonic() - last > REPORT_SECONDS:
                last = time.monotonic()
                _messages.put((job.key, job.cost * done // max(total, 1), job.cost))

        store.run(job, progress=progress)
        _messages.put((job.key, job.cost, job.cost))


def _forward(messages: "mp.Queue[tuple[str, int, int]]", jobs: dict[str, Job], listen: Listener) -> None:
    while True:
        try:
            key, done, total = messages.get_nowait()
        except Empty:
            return
        listen(Event("progress", jobs[key], done, total))


def _stop(pool: ProcessPoolExecutor) -> None:
    for process in list((pool._processes or {}).values()):
        process.terminate()
    pool.shutdown(wait=True, cancel_futures=True)
