"""Images that the best arm and the baseline differ on, as the page shows them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from headstart.charts.names import arm_titles, protocol_title, varied_text
from headstart.data.viewing.overlays import picture_of
from headstart.data.viewing.preview import encode_picture
from headstart.report.page import Contrast, Sample
from headstart.study.results import contrasts as found
from headstart.study.results.contrasts import KeptImages, Side

__all__ = ["contrasts"]

SIDE = 160
"""Pixels of a picture at most, so that photographs leave a page small."""
Kept = Mapping[str, tuple[KeptImages, Sequence[str]]]


def contrasts(differing: Iterable[found.Contrast], kept: Kept) -> tuple[Contrast, ...]:
    """Two for each, one per direction; one without images is left out. kept: pictures by a dataset's name.

    >>> [contrast.title for contrast in contrasts(collect_contrasts(run), read_images(run, outcomes))]  # doctest: +SKIP
    ['SimCLR right, from scratch wrong', 'From scratch right, SimCLR wrong']
    """
    made = [one for difference in differing if difference.dataset in kept for one in _both(difference, kept)]
    return tuple(contrast for contrast in made if contrast.samples)


def _both(difference: found.Contrast, kept: Kept) -> Iterator[Contrast]:
    images, classes = kept[difference.dataset]
    best, base = difference.best, difference.baseline
    titles = arm_titles([best.arm, base.arm])
    where = [varied_text(difference.varied)] if difference.varied else []
    place = ", ".join([difference.task, *where])
    learned = f"{place}: {protocol_title(difference.protocol)} on {difference.labels:,} labels, the largest budget"
    for right, wrong, rows in ((best, base, difference.won), (base, best, difference.lost)):
        title = f"{titles[right.arm]} right, {titles[wrong.arm]} wrong"
        sides = [(titles[one.arm], one) for one in (right, wrong)]
        samples = [_sample(row, images, classes, sides) for row in rows.shown]
        shown = tuple(sample for sample in samples if sample)
        caption = f"{learned}; so with {rows.all:,} of {len(best.rights):,} test images."
        about = {"task": difference.task, "arm": best.arm, "protocol": difference.protocol}
        yield Contrast(title[0].upper() + title[1:], caption[0].upper() + caption[1:], shown, about)


def _sample(row: int, kept: KeptImages, classes: Sequence[str], sides: Sequence[tuple[str, Side]]) -> Sample | None:
    """A picture with its class and how often each arm had it right; nothing where it is not kept."""
    if row not in kept.images:
        return None
    picture = picture_of(kept.images[row])
    picture.thumbnail((SIDE, SIDE))
    name = classes[kept.labels[row]] if row in kept.labels else f"test image {row + 1}"
    (right, one), (wrong, other) = sides
    counts = f"{right} {one.rights[row]} of {one.trials} trials, {wrong} {other.rights[row]} of {other.trials}"
    return Sample(name, encode_picture(picture), counts)
