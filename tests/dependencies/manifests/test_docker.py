import pytest

from gitops_auditor.dependencies.manifests.docker import READER, read_dockerfile
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.stated import offers, references, rows

D = "a" * 64


def read(text: str, path: str = "Dockerfile") -> list[tuple[str, str, str, str, int]]:
    return rows(read_dockerfile(ManifestFile(path, text.encode())))


def test_builder_stages_are_build_and_the_last_stage_is_runtime() -> None:
    text = "FROM golang:1.26 AS build\nRUN go build\nFROM alpine:3.22\nCOPY --from=build /a /a\n"
    assert read(text) == [
        ("golang", "1.26", "exact", "build", 1),
        ("alpine", "3.22", "exact", "runtime", 3),
    ]


def test_the_stages_under_the_last_one_are_runtime_and_stage_names_are_no_images() -> None:
    text = "FROM debian:12 AS Base\nFROM node:22 AS tool\nFROM base AS final\nFROM final\n"
    assert read(text) == [
        ("debian", "12", "exact", "runtime", 1),
        ("node", "22", "exact", "build", 2),
    ]


def test_scratch_and_numbered_stages_are_no_images() -> None:
    assert read("FROM golang AS b\nFROM scratch\nCOPY --from=0 /a /a\n") == [
        ("golang", "", "none", "build", 1)
    ]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("ARG V=3.12\nFROM python:${V}-slim\n", ("python", "3.12-slim", "exact", "runtime", 2)),
        ("ARG V\nFROM python:${V:-3.13}\n", ("python", "3.13", "exact", "runtime", 2)),
        ("FROM python:${V}\n", ("python", "${V}", "dynamic", "runtime", 1)),
        ("ARG B=ghcr.io/o\nARG I=$B/app:1\nFROM ${I}\n",
         ("ghcr.io/o/app", "1", "exact", "runtime", 3)),
        ('ARG V="3.12"\nFROM python:$V\n', ("python", "3.12", "exact", "runtime", 2)),
        (f"FROM --platform=$BUILDPLATFORM a/b:1@sha256:{D} AS x\n",
         ("a/b", f"1@sha256:{D}", "exact", "runtime", 1)),
        ("# escape=`\nFROM `\n  a/b:1\n", ("a/b", "1", "exact", "runtime", 2)),
    ],
)  # fmt: skip
def test_arguments_are_put_into_the_image(
    head: str, expected: tuple[str, str, str, str, int]
) -> None:
    assert read(head) == [expected]


def test_an_image_that_only_the_caller_knows_is_left_out() -> None:
    assert read("ARG BASE_IMAGE\nFROM $BASE_IMAGE\n") == []


def test_arguments_of_a_stage_do_not_reach_the_next_from() -> None:
    text = "FROM a/b:1\nARG V=2\nFROM a/c:${V}\n"
    assert ("a/c", "${V}", "dynamic", "runtime", 3) in read(text)


def test_copies_and_mounts_from_images_are_found_and_heredocs_are_not_read() -> None:
    text = (
        "FROM alpine:3\n"
        "COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/\n"
        "RUN --mount=type=bind,from=tools/x:2,target=/x <<EOF\n"
        "FROM not/an-image:1\n"
        "EOF\n"
    )
    assert read(text) == [
        ("alpine", "3", "exact", "runtime", 1),
        ("ghcr.io/astral-sh/uv", "0.9", "exact", "runtime", 2),
        ("tools/x", "2", "exact", "build", 3),
    ]


def test_the_frontend_of_a_syntax_directive_is_a_build_image() -> None:
    assert read("# syntax=docker/dockerfile:1.7\nFROM a/b\n") == [
        ("docker/dockerfile", "1.7", "exact", "build", 1),
        ("a/b", "", "none", "runtime", 2),
    ]


def test_the_folder_of_the_file_weakens_the_scope() -> None:
    assert read("FROM a/b\n", "tests/Dockerfile") == [("a/b", "", "none", "test", 1)]


def test_names_are_normalised_in_the_reference() -> None:
    assert references(read_dockerfile(ManifestFile("Dockerfile", b"FROM python\n"))) == [
        ("image", "docker.io/library/python")
    ]


def test_an_image_whose_owner_is_an_argument_offers_its_siblings_name() -> None:
    text = b"ARG REGISTRY=quay.io\nARG OWNER=acme\nARG B=$REGISTRY/$OWNER/base\nFROM $B\n"
    facts = read_dockerfile(ManifestFile("images/lab/Dockerfile", text))
    assert offers(facts) == [("image", "quay.io/acme/lab", "", 4)]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"   "])
def test_an_empty_file_says_nothing(content: bytes) -> None:
    facts = read_dockerfile(ManifestFile("Dockerfile", content))
    assert facts == ((), (), (), "", (), ())


def test_a_file_that_the_parser_refuses_is_a_problem() -> None:
    facts = read_dockerfile(ManifestFile("Dockerfile", b"# only a comment\n"))
    assert facts.declarations == ()
    assert len(facts.problems) == 1


@pytest.mark.parametrize(
    ("path", "claimed"),
    [
        ("Dockerfile", True),
        ("a/Dockerfile.aarch64", True),
        ("Dockerfile-dev", True),
        ("Containerfile", True),
        ("dockerfile", True),
        ("Dockerfile.md", False),
        ("Dockerfile.dockerignore", False),
        ("Dockerfiles.txt", False),
        ("docker.py", False),
    ],
)
def test_recipes_are_known_by_their_name(path: str, claimed: bool) -> None:
    assert READER.claims is not None
    assert READER.claims(path) is claimed


def test_an_image_of_several_stages_is_one_dependency_of_its_strongest_tie() -> None:
    text = b"ARG B=a/base:1\nFROM ${B} AS one\nFROM ${B} AS two\nFROM a/base:2\nFROM ${B}\n"
    assert rows(read_dockerfile(ManifestFile("Dockerfile", text))) == [
        ("a/base", "1", "exact", "runtime", 2),
        ("a/base", "2", "exact", "build", 4),
    ]
