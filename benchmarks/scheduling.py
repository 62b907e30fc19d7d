"""What scheduling and storing cost: ``python benchmarks/scheduling.py [key=value …]``

Runs the quickstart in a store of its own and prints which share of the workers' time did not go to the jobs' own work:
starting processes, handing out, locks, marks on disk, and workers idle while the last jobs end. Target: under 3 %.
"""

import json
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from headstart import load_study, prepare_study
from headstart.study.running.launchers.base import default_workers

TARGET = 0.03


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = prepare_study(load_study("quickstart", sys.argv[1:]), out=Path(folder), store=Path(folder) / "store")
        run.execute()
        events = [json.loads(line) for line in (run.run.folder / "log.jsonl").read_text().splitlines()]
        worked = sum(run.store.seconds(job) for job in run.plan.jobs if not job.needs.up_to)
    finished = [datetime.fromisoformat(event["time"]) for event in events if event["event"] == "finished"]
    available = (max(finished) - min(finished)).total_seconds() * default_workers()
    share = 1 - worked / available
    print(f"{len(finished)} jobs · workers had {available:.1f} s after the images, jobs took {worked:.1f} s")
    print(f"scheduling and storing: {share:.1%} of the study (target: under {TARGET:.0%})")


if __name__ == "__main__":
    main()
