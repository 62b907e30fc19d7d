"""What tables call datasets: short names, but never one name for two."""

from collections.abc import Iterable, Mapping
from typing import Any

from headstart.study.jobs.dataset import DatasetJob

__all__ = ["dataset_labels"]


def dataset_labels(jobs: Iterable[DatasetJob]) -> dict[str, str]:
    """A name for each dataset by its job's key: its source's own, and where that is taken, what tells them apart.

    ``T---`` alone; ``T--- (seed 0)`` and ``T--- (seed 1)`` beside each other.
    """
    datasets = {job.key: job for job in jobs}
    names: dict[str, list[DatasetJob]] = {}
    for job in datasets.values():
        names.setdefault(job.source.name, []).append(job)
    return {job.key: label for alike in names.values() for job, label in zip(alike, _labels(alike), strict=True)}


def _labels(alike: list[DatasetJob]) -> list[str]:
    """Names of datasets whose sources call themselves the same."""
    name = alike[0].source.name
    if len(alike) == 1:
        return [name]
    settings = [job.source.model_dump(mode="json") for job in alike]
    keys = dict.fromkeys(key for values in settings for key in values)
    differing = [key for key in keys if len({repr(values.get(key)) for values in settings}) > 1]
    labels = [f"{name} ({_settings_text(values, differing)})" for values in settings]
    # Sources that are alike in all they say, a folder whose files changed for one, differ in what they hold.
    return labels if len(set(labels)) == len(labels) else [f"{name} ({job.key[:8]})" for job in alike]


def _settings_text(settings: Mapping[str, Any], keys: Iterable[str]) -> str:
    return ", ".join(f"{key} {settings.get(key)}" for key in keys)
