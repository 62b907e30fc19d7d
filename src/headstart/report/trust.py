"""May probes stand for fine-tuning here? The study's third finding, asked of this study."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from headstart.charts.names import protocol_title
from headstart.seeding import numpy_generator
from headstart.study.results.comparisons import Curve, curves_of
from headstart.study.results.metrics import PrimaryMetric
from headstart.utility import rank_agreement

__all__ = ["trust_sentence"]

FINETUNED = "finetune"


def trust_sentence(
    results: pd.DataFrame, metrics: Mapping[str, PrimaryMetric], varied: Sequence[str], seed: int, confidence: float
) -> str:
    """For each frozen protocol, how it ranks arms beside fine-tuning at equal labels; nothing where too few have
    both."""
    if varied or len(metrics) > 1:
        return ""
    (metric,) = metrics.values()
    sign = 1 if metric.higher_is_better else -1
    curves = {(c.names["arm"], c.names["protocol"]): c for c in curves_of(results, metrics, ()) if c.role == "compared"}
    protocols = dict.fromkeys(protocol for _, protocol in curves if protocol != FINETUNED)
    parts = [part for protocol in protocols if (part := _part(curves, protocol, sign, seed, confidence))]
    return f"Do probes rank arms as fine-tuning does? {'; '.join(parts)}." if parts else ""


def _part(curves: Mapping[tuple[str, str], Curve], protocol: str, sign: int, seed: int, confidence: float) -> str:
    arms = [arm for arm, of in curves if of == protocol and (arm, FINETUNED) in curves]
    if len(arms) < 2:
        return ""
    tuned, probed = (np.stack([sign * curves[arm, of].table()[1] for arm in arms]) for of in (FINETUNED, protocol))
    if tuned.shape != probed.shape:
        return ""
    found = rank_agreement(tuned, probed, numpy_generator("trust", seed, protocol), confidence=confidence)
    if np.isnan(found.correlation):
        return ""
    ends = "no interval"
    if not np.isnan(found.low):
        ends = f"{100 * confidence:g}\u00a0% interval {_signed(found.low)} to {_signed(found.high)}"
    size = f"{found.arms} arms at {found.budgets} budget{'s' * (found.budgets != 1)}"
    return f"{protocol_title(protocol)}: rank correlation {_signed(found.correlation)} ({ends}; {size})"


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
