"""A report as JSON: all that it is made of, as the models state it."""

from gitops_auditor.quality.reports.data import ReportData


def as_json(data: ReportData) -> str:
    """The whole data, indented; reading it back with ReportData gives the same."""
    return data.model_dump_json(indent=2) + "\n"
