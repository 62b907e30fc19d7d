"""Names that columns of tables and of what is drawn from them have, whatever a suite varies."""

__all__ = ["COLUMNS", "column_of"]

TABLES = """
    arm backbone censored change cost dataset doubled effective_rank equivalent_high equivalent_labels equivalent_low
    error feature_spread features gain gain_high gain_low job kind labels limit loss method metric missing note
    pretrain_dataset pretraining pretrainings probed protocol reason role run seconds seed settled split state step
    steps sure_gain sure_labels task title tolerance trial trials utility utility_high utility_low value value_high
    value_if_blind value_low variant
"""
CHARTS = """
    above band_high band_low bar_high bar_low below better bottom class color equivalent_range equivalent_text few line
    missing_text named_at open_high open_low position reference share_x share_y strength sure text top utility_range
    utility_text value_range value_text what whole x y zero
"""
COLUMNS = frozenset(f"{TABLES} {CHARTS}".split())
"""A test holds them to what is really written."""


def column_of(varied: str) -> str:
    """What the column of something varied is called: as it is, or ``study.NAME`` where a table has such a column.

    >>> column_of("dataset.factors"), column_of("trials")
    ('dataset.factors', 'study.trials')
    """
    return f"study.{varied}" if varied in COLUMNS else varied
