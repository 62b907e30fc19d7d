"""What is left of a plan: what neither the store has nor the run's folder tells, and what that needs."""

from collections.abc import Collection

from headstart.study.running.plan import Plan
from headstart.study.running.store import State, Store

__all__ = ["states_of"]


def states_of(plan: Plan, store: Store, known: Collection[str]) -> dict[str, State]:
    """The state of each job by its key, as ``store`` has it; done is also one that is ``known`` and that nothing needs
    which is left.

    known: keys of jobs whose numbers are at hand, though a store may have lost what else they left.
    """
    states, needed = store.states(plan.jobs), set[str]()
    for job in reversed(plan.jobs):  # after all that need it
        if states[job.key] == "done":
            continue
        if job.key in known and job.key not in needed:
            states[job.key] = "done"
        else:
            needed.update(input.key for input in job.inputs)
    return states
