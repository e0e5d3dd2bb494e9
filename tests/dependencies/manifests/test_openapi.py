import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.openapi import READER, read_api_document
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.tables import facts, offers

OPENAPI = """\
openapi: 3.1.0
info:
  title: Pet Store (v2)
  version: 1.4
servers:
  - url: https://api.acme.io/v2
  - url: https://pets.acme.io
  - url: /relative
  - url: https://{tenant}.acme.io
paths:
  /pets: {}
  /pets/{id}: {}
  /owners: {}
"""


def test_an_openapi_document_offers_its_title_and_its_servers() -> None:
    assert offers(read_api_document, "openapi.yaml", OPENAPI) == [
        ("api", "pet-store-v2", "1.4", 3),
        ("api", "api.acme.io", "1.4", 6),
        ("api", "api.acme.io/v2", "1.4", 6),
        ("api", "pets.acme.io", "1.4", 7),
        ("api", "pets.acme.io/owners", "1.4", 7),
        ("api", "pets.acme.io/pets", "1.4", 7),
    ]


def test_a_swagger_document_offers_its_host_and_base_path() -> None:
    text = (
        '{\n  "swagger": "2.0",\n  "info": {"title": "Old", "version": "1"},\n'
        '  "host": "old.acme.io",\n  "basePath": "/rest"\n}\n'
    )
    assert offers(read_api_document, "swagger.json", text) == [
        ("api", "old", "1", 3),
        ("api", "old.acme.io", "1", 4),
        ("api", "old.acme.io/rest", "1", 4),
    ]


def test_an_asyncapi_document_offers_its_servers() -> None:
    text = (
        "asyncapi: 3.0.0\ninfo: {title: Events, version: 2.0.0}\n"
        "servers:\n  prod:\n    host: mq.acme.io:5672\n    protocol: amqp\n"
        "  old:\n    url: mqtt://iot.acme.io\n"
    )
    assert offers(read_api_document, "asyncapi.yml", text) == [
        ("api", "events", "2.0.0", 2),
        ("api", "mq.acme.io", "2.0.0", 5),
        ("api", "iot.acme.io", "2.0.0", 8),
    ]


@pytest.mark.parametrize(
    ("path", "claimed"),
    [
        ("openapi.yaml", True),
        ("docs/swagger.json", True),
        ("api/payments.openapi.yaml", True),
        ("api/openapi.v2.json", True),
        ("asyncapi.yml", True),
        ("openapi-generator.config.txt", False),
        ("web/openapi2jsonschema.yaml", False),
        ("values.yaml", False),
    ],
)
def test_documents_are_known_by_their_name(path: str, claimed: bool) -> None:
    assert READER.claims is not None
    assert (path.endswith(READER.claim_suffixes) and READER.claims(path)) is claimed


def test_a_file_that_only_bears_the_name_is_not_parsed() -> None:
    assert facts(read_api_document, "openapi.json", "{ broken") == facts(
        read_api_document, "openapi.json", ""
    )


def test_a_broken_document_is_reported_with_line_and_column() -> None:
    found = facts(read_api_document, "openapi.yaml", "openapi: 3.0.0\ninfo: [1, 2\nx: y\n")
    assert found.provisions == ()
    assert found.problems[0].line >= 2
    assert found.problems[0].column >= 1


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise(content: bytes) -> None:
    read_api_document(ManifestFile("openapi.yaml", b"openapi: 3\n" + content))
    read_api_document(ManifestFile("openapi.json", b'{"openapi": 3, ' + content))


@given(
    st.sampled_from(["info", "servers", "paths", "host", "basePath"]),
    st.sampled_from(["1", "null", "[1, {url: 2}]", "{a: {url: [x]}}", "{title: {}}", "x"]),
)
def test_values_of_the_wrong_type_never_raise(key: str, value: str) -> None:
    read_api_document(ManifestFile("openapi.yaml", f"openapi: 3\n{key}: {value}\n".encode()))
