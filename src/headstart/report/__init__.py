"""The report of a study: one HTML file and the sentence on top of it. Reads tables and charts only."""

from headstart.report.page import ReportData, Sample, write_report
from headstart.report.verdict import Verdict, state_verdict

__all__ = ["ReportData", "Sample", "Verdict", "state_verdict", "write_report"]
