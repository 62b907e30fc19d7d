"""A pretraining can be looked at between its steps, and learns what it learns unseen."""

import torch

from headstart.data.batches.share import ALONE
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import as_suite
from headstart.study.jobs.base import RunContext
from headstart.study.jobs.learning import learning_of
from headstart.study.running.plan import make_plan
from headstart.study.running.store import Store
from headstart.training import train
from headstart.training.features import extract_features


def test_a_pretraining_that_is_looked_at_learns_what_the_job_learns(tmp_path):
    store = Store(tmp_path / "store")
    config = StudyConfig(
        name="looked_at",
        dataset={"source": "synthetic", "images": 60, "resolution": 16, "samples": 1},
        backbone={"options": {"width": 4}},
        arms={"cmc": {}},
        pretrain={"steps": 6, "batch_size": 10, "lr": 0.01},
        protocols={"finetune": {"min_steps": 2}},
        budgets=(10, 20),
    )
    job = make_plan(as_suite(config).settled()).pretrainings[0].job
    for needed in (*job.inputs, job):
        store.run(needed)

    context, seen = RunContext(tmp_path, tmp_path, {job.dataset.key: store.folder(job.dataset)}), {}
    with learning_of(job, context, torch.device("cpu"), ALONE) as learning:
        backbone, images = learning.method.backbone, learning.dataset.splits["val"]
        seen[0] = extract_features(backbone, images)

        def look(step):
            seen[step] = extract_features(backbone, images)

        train(learning.method, learning.batches, job.train, on_step=look)

    alone = job.start.build(images.channels, torch.Generator())
    job.load_weights(alone, store.folder(job))
    assert torch.equal(seen[6], extract_features(alone, images))
    assert all(not torch.equal(seen[step], seen[step + 1]) for step in range(6))
