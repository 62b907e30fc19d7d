"""A launcher that runs all jobs in this process, which knows what a test defines, and a study of a second."""

from headstart.study.running.launchers import Event, Launcher

__all__ = ["TINY", "Here"]

TINY = {
    "name": "one",
    "dataset": {"images": 60, "resolution": 12, "samples": 1, "factors": "----"},
    "backbone": {"options": {"width": 4}},
    "arms": {"rotation": {}},
    "controls": ["blind"],
    "pretrain": {"steps": 2, "batch_size": 8},
    "protocols": {"finetune": {"steps": 2, "batch_size": 8}},
    "budgets": [10, 20],
    "trials": 2,
    "device": "cpu",
}


class Here(Launcher):
    """ran: how many jobs it ran so far."""

    ran = 0

    def run(self, jobs, listen):
        for job in self.left(jobs):
            self.store.run(job)
            self.ran += 1
            listen(Event("finished", job, job.cost, job.cost))
        return {}
