"""The report of a study: one HTML file and the sentence on top of it. Reads tables, charts and kept answers only."""

from headstart.report.galleries import galleries
from headstart.report.page import Gallery, ReportData, Sample, write_report
from headstart.report.verdict import Verdict, state_verdict

__all__ = ["Gallery", "ReportData", "Sample", "Verdict", "galleries", "state_verdict", "write_report"]
