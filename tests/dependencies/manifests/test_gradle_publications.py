import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.gradle_publications import read_gradle_properties
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.tables import offers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "# note\nGROUP=com.acme\nVERSION_NAME=1.0-SNAPSHOT\n",
            [("maven", "com.acme:{module}", "1.0-SNAPSHOT", 2)],
        ),
        (
            "POM_ARTIFACT_ID = core\nGROUP : com.acme\n",
            [("maven", "com.acme:core", "", 2)],
        ),
        ("group=com.acme\nversion=2\n", [("maven", "com.acme:{module}", "2", 1)]),
        ("POM_ARTIFACT_ID=core\n", []),
        ("org.gradle.caching=true\n", []),
        ("GROUP=\n", []),
    ],
)
def test_gradle_properties_offer_what_they_name(
    text: str, expected: list[tuple[str, str, str, int]]
) -> None:
    assert offers(read_gradle_properties, "gradle.properties", text) == expected


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise(content: bytes) -> None:
    read_gradle_properties(ManifestFile("gradle.properties", content))
