"""The report of a study: one HTML file and the sentence on top of it. Reads tables, charts and kept answers only."""

from headstart.report.advice import AdviceBox, Found, state_advice
from headstart.report.contrasts import contrasts
from headstart.report.galleries import galleries
from headstart.report.page import Contrast, Gallery, ReportData, Sample, write_report
from headstart.report.verdict import Verdict, state_verdict

__all__ = [
    "AdviceBox",
    "Contrast",
    "Found",
    "Gallery",
    "ReportData",
    "Sample",
    "Verdict",
    "contrasts",
    "galleries",
    "state_advice",
    "state_verdict",
    "write_report",
]
