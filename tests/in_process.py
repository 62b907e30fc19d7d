"""A launcher that runs all jobs in this process, which knows what a test defines."""

from headstart.study.running.launchers import Event, Launcher

__all__ = ["Here"]


class Here(Launcher):
    """ran: how many jobs it ran so far."""

    ran = 0

    def run(self, jobs, listen):
        for job in self.left(jobs):
            self.store.run(job)
            self.ran += 1
            listen(Event("finished", job, job.cost, job.cost))
        return {}
