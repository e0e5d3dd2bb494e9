"""Manifests are edited in place: what is wanted changes, every other byte stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.models import Declaration, DependencyType
from gitops_auditor.orchestrator.changes import BumpDependency
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.rendering.bump.constraints import target
from gitops_auditor.orchestrator.rendering.bump.edits import Edited, edited
from gitops_auditor.orchestrator.rendering.bump.matching import matcher
from tests.orchestrator.rendering.bump.samples import SAMPLES, Sample


def bumped(path: str, content: bytes, change: BumpDependency) -> Edited:
    def wanted(declaration: Declaration) -> str:
        return target(declaration, change.version).constraint

    return edited(path, content, matcher(change), wanted)


def change_of(sample: Sample) -> BumpDependency:
    return BumpDependency(name=sample.name, version=sample.version, type=sample.type)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.path)
def test_what_is_wanted_changes_and_nothing_else(sample: Sample) -> None:
    assert sample.before != sample.after
    found = bumped(sample.path, sample.before.encode(), change_of(sample))
    assert found.content.decode() == sample.after


FORMS = st.lists(st.sampled_from(["windows", "marked", "open end"]), unique=True)


@given(sample=st.sampled_from(SAMPLES), form=FORMS)
def test_line_ends_byte_order_mark_and_a_missing_last_newline_are_kept(
    sample: Sample, form: list[str]
) -> None:
    def formed(text: str) -> bytes:
        text = text.rstrip("\n") if "open end" in form else text
        text = text.replace("\n", "\r\n") if "windows" in form else text
        return text.encode("utf-8-sig" if "marked" in form else "utf-8")

    found = bumped(sample.path, formed(sample.before), change_of(sample))
    assert found.content == formed(sample.after)


@given(sample=st.sampled_from(SAMPLES))
def test_what_is_raised_already_stays(sample: Sample) -> None:
    content = sample.after.encode()
    assert bumped(sample.path, content, change_of(sample)) == Edited(content, ())


def test_bytes_that_are_no_text_are_kept() -> None:
    content = b"# caf\xe9\nlibcore==1.2.0\n# \xff\xfe\n"
    change = BumpDependency(name="libcore", version="2.0.0")
    found = bumped("requirements.txt", content, change)
    assert found.content == content.replace(b"1.2.0", b"2.0.0")


def test_a_version_that_several_share_is_raised_and_the_others_are_named() -> None:
    content = b"""[versions]
acme = "1.2.0"
[libraries]
core = { module = "com.acme:core", version.ref = "acme" }
extra = { module = "com.acme:extra", version.ref = "acme" }
"""
    change = BumpDependency(name="com.acme:core", version="2.0.0")
    found = bumped("gradle/libs.versions.toml", content, change)
    assert found.content == content.replace(b"1.2.0", b"2.0.0")
    assert [edit.shared_with for edit in found.edits] == [("com.acme:extra",)]


def test_a_version_is_found_where_only_a_part_of_it_is_written() -> None:
    content = b"""ARG VARIANT=3.22
FROM acme/base:1-alpine-${VARIANT}
"""
    change = BumpDependency(name="acme/base", version="2", type=DependencyType.DOCKER)
    found = bumped("Dockerfile", content, change)
    assert found.content == content.replace(b":1-", b":2-")


def test_equal_images_of_several_stages_are_all_raised() -> None:
    content = b"FROM alpine:3.20 AS one\nFROM alpine:3.20\n"
    change = BumpDependency(name="alpine", version="3.22")
    assert bumped("Dockerfile", content, change).content == content.replace(b"3.20", b"3.22")


def test_a_version_made_of_several_parts_is_refused_by_file_and_line() -> None:
    content = b"ARG MAJOR=3\nARG MINOR=11\nFROM python:${MAJOR}.${MINOR}\n"
    change = BumpDependency(name="python", version="4.12")
    with pytest.raises(WorkFailed, match=r"docker/Dockerfile:3: python 3\.11 cannot be changed"):
        bumped("docker/Dockerfile", content, change)
