"""One way to every format: media types, names of files, and what is imported for it."""

import subprocess
import sys
from typing import get_args

import pytest

from gitops_auditor.quality.reports.rendering import MEDIA_TYPES, render
from gitops_auditor.quality.trend_models import REPORT_FORMATS, ReportFormat
from tests.quality.reports.samples import report_data

BEGINNINGS: dict[ReportFormat, bytes] = {
    "json": b"{\n",
    "md": b"# Quality of the acme workspace\n",
    "html": b"<!doctype html>",
    "pdf": b"%PDF-",
    "sarif": b"{\n",
    "junit": b"<?xml ",
    "annotations": b"::error ",
}


@pytest.mark.parametrize("name", REPORT_FORMATS)
def test_each_format_comes_with_its_media_type_and_a_file_name(name: ReportFormat) -> None:
    rendered = render(report_data(2, 7), name)
    assert rendered.content.startswith(BEGINNINGS[name])
    assert rendered.media_type == MEDIA_TYPES[name]
    stem, _, ending = rendered.file_name.partition(".")
    assert stem == "quality-report-2026-06-30"
    assert ending.isalpha()


def test_every_format_that_can_be_asked_for_is_listed() -> None:
    assert get_args(ReportFormat) == REPORT_FORMATS
    assert set(MEDIA_TYPES) == set(REPORT_FORMATS)


def test_what_only_one_format_needs_is_not_imported_before() -> None:
    probe = (
        "import sys, gitops_auditor.quality.reports.rendering\n"
        "print({'typst', 'rich', 'junitparser'} & set(sys.modules))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stdout.strip() == "set()"
