"""Weights leave a run: a safetensors file with a card, that plain torch, timm and other studies load."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.api import Study
from headstart.errors import ConfigError, StoreError
from headstart.files import write_atomic
from headstart.study.results.run_folder import CONFIG, ENVIRONMENT

if TYPE_CHECKING:
    from headstart.backbones.card import Card
    from headstart.data.dataset import Dataset
    from headstart.study.jobs.pretrain import PretrainJob

__all__ = ["export_weights"]

OF_TIMM = "model."
"""What our adapter calls a network of timm's, whose own names have no such beginning."""
TOLD = ["task", "protocol", "labels", "metric", "value", "value_low", "value_high"]


def export_weights(
    run: Path | str, arm: str, out: Path | str | None = None, *, replicate: int = 0, license: str = ""
) -> Path:
    """Write the pretrained backbone of an arm to ``out``, default ``RUN/ARM.safetensors``; returns its path.

    replicate: which of several pretrainings. license: what the card says of it. Names are those of the network itself:
    timm's own for a network of timm. Raises ``ConfigError`` for an arm that pretrained nothing of use, and
    ``StoreError`` where the run, or what it left in the store, is gone.

    >>> export_weights("runs/quickstart", "simclr")  # doctest: +SKIP
    PosixPath('runs/quickstart/simclr.safetensors')
    """
    from safetensors.torch import load_file, save

    from headstart.study.jobs.pretrain import WEIGHTS as KEPT
    from headstart.study.running.store import open_store

    study = Study.load(run)
    store = open_store(_store_of(study), read_only=True)
    job = _pretraining(study, arm, replicate)
    found, images = store.found(job), store.found(job.dataset)
    if found is None or images is None:
        raise StoreError(
            f"the weights of arm '{arm}' are not in the store {store.address} any more: run the study again with "
            "--refill, which makes them anew"
        )
    if failure := job.failure(found.folder):
        raise ConfigError(f"arm '{arm}' left no weights of use (its pretraining {failure.reason}): export another")
    card = _card(study, arm, job, images.folder).model_copy(update={"license": license})
    tensors = load_file(found.folder / KEPT)
    if card.backbone["name"] == "timm":
        tensors = {name.removeprefix(OF_TIMM): value for name, value in tensors.items()}
    path = Path(out).expanduser() if out else study.folder / f"{arm.replace(' ', '-')}.safetensors"
    write_atomic(path, save(tensors, metadata=card.dump()))
    return path


def _store_of(study: Study) -> str:
    """Where its jobs lie. Raises ``StoreError`` for a run that was packed elsewhere, without its weights."""
    environment = json.loads((study.folder / ENVIRONMENT).read_text(encoding="utf-8"))
    if "store" not in environment:
        raise StoreError(
            f"{study.folder} was run on another machine and came without weights: export there, or run the study here "
            "with --refill"
        )
    return str(environment["store"])


def _pretraining(study: Study, arm: str, replicate: int) -> "PretrainJob":
    """The job that an arm's weights are of, by the study's file."""
    from headstart.study.config.suite import load_suite
    from headstart.study.running.plan import make_plan

    suite = load_suite(study.folder / CONFIG).settled()
    if suite.varied:
        raise ConfigError(f"{study.folder} varies {', '.join(suite.varied)}: export from a study of one of its values")
    trained = make_plan(suite).pretrainings
    known = {one.arm: one for one in trained}
    if arm not in known:
        raise ConfigError(f"arm '{arm}' of {study.folder} pretrained nothing: choose one of {', '.join(known)}")
    mine = {one.replicate: one.job for one in trained if one.arm == arm}
    if replicate not in mine:
        raise ConfigError(f"arm '{arm}' has {len(mine)} pretrainings, 0 to {len(mine) - 1}: there is no {replicate}")
    return mine[replicate]


def _how(job: "PretrainJob") -> dict[str, Any]:
    """Options, settings and, of a method that is taught, the network that it learned from."""
    taught = {"teacher": job.teacher.described() | {"key": job.teacher.key}} if job.teacher else {}
    return {"options": job.options.model_dump(mode="json"), "train": job.train.model_dump(mode="json"), **taught}


def _card(study: Study, arm: str, job: "PretrainJob", images: Path) -> "Card":
    from importlib.metadata import version

    import torch

    from headstart.backbones.card import Card, CardInput
    from headstart.study.jobs.dataset import open_dataset

    dataset: Dataset = open_dataset(images, job.start.input, torch.device("cpu"))
    prepared = dataset.train.prepare
    assert prepared.color is not None, "images of a study are normalised"
    assert prepared.by is not None, "images of a study are normalised"
    summary = study.tables.summary
    rows = summary[(summary["arm"] == arm) & summary["value"].notna()]
    scores: list[dict[str, Any]] = json.loads(rows[TOLD].to_json(orient="records"))
    return Card(
        **job.start.described(),
        channels=dataset.train.channels,
        input=CardInput(
            color=prepared.color,
            mean=prepared.by.mean,
            deviation=prepared.by.std,
            resolution=dataset.train.resolution,
        ),
        data=job.dataset.source.name,
        method=job.method,
        config=_how(job),
        scores=scores,
        made_with=f"headstart {version('headstart')}",
    )
