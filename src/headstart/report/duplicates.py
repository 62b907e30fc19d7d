"""Images that are in two splits, in words."""

from collections.abc import Mapping
from typing import Any

__all__ = ["duplicates_sentence"]


def duplicates_sentence(found: Mapping[str, Mapping[str, Any]]) -> str:
    """What is to be told of duplicates, by the names of datasets; empty where there are none.

    >>> duplicates_sentence({"photos": {"train": 3, "dropped": True, "between": 0}})
    "Of 'photos', 3 training images are taken out, which validation or test has, too."
    """
    return " ".join(sentence for name, told in found.items() for sentence in _sentences(name, told))


def _sentences(name: str, told: Mapping[str, Any]) -> list[str]:
    train, between, sentences = told["train"], told["between"], []
    if train and told["dropped"]:
        sentences.append(f"{_images(name, train, 'training')} taken out, which validation or test has, too.")
    elif train:
        sentences.append(
            f"{_images(name, train, 'training')} nearly or exactly the same as one of validation or test, so that "
            "scores may be too good: `dataset.duplicates=drop` takes them out."
        )
    if between:
        sentences.append(f"{_images(name, between, 'validation')} nearly or exactly the same as one of test.")
    return sentences


def _images(name: str, count: int, split: str) -> str:
    return f"Of '{name}', {count} {split} {'image is' if count == 1 else 'images are'}"
