"""How weights start: pretrained by a method, or in one of the ways that methods are read against."""

__all__ = ["BLIND", "CONTROLS", "RANDOM", "SCRATCH"]

SCRATCH = "scratch"
"""Whole networks, trained from random weights."""
RANDOM = "random"
"""Frozen features of random weights, read by the protocols that freeze a backbone."""
BLIND = "blind"
"""No look at the image: the constant answer that does best on the labelled targets."""
CONTROLS = (SCRATCH, RANDOM, BLIND)
