import pytest

from gitops_auditor.dependencies.models import ConstraintKind
from gitops_auditor.dependencies.versions import allows, parse, rewrite

RANGE = ConstraintKind.RANGE


@pytest.mark.parametrize(
    ("ecosystem", "text", "version", "expected"),
    [
        ("npm", "^1.2.0", "2.3.1", "^2.3.1"),
        ("npm", "^1", "2.3.1", "^2"),
        ("npm", "~1.2.0", "2.3.1", "~2.3.1"),
        ("npm", "1.2.0", "2.3.1", "2.3.1"),
        ("npm", ">=1 <2", "2.3.1", "^2"),
        ("npm", "1.x", "2.3.1", "^2"),
        ("npm", "^1.0.0", "2.0.0-rc.1", "^2.0.0-rc.1"),
        ("crate", "1.2", "2.3.1", "2.3"),
        ("crate", "=1.2.0", "2.3.1", "=2.3.1"),
        ("crate", ">=1, <2", "2.3.1", "2"),
        ("pypi", "==1.2.0", "2.3.1", "==2.3.1"),
        ("pypi", "~=1.2", "2.3.1", "~=2.3"),
        ("pypi", "^1.2", "2.3.1", "^2.3"),
        ("pypi", "==1.*", "2.3.1", "==2.*"),
        ("pypi", ">=3", "2.3.1", ">=2.3.1"),
        ("pypi", ">=1,<2", "2.3.1", ">=2.3.1,<3"),
        ("terraform", "~> 4.0", "5.1.0", "~> 5.1"),
        ("terraform", ">= 4.0, < 5.0", "5.1.0", ">= 5.1.0, < 6.0.0"),
        ("terraform", ">= 6", "5.1.0", ">= 5.1.0"),
        ("terraform", "4.0.0", "5.1.0", "5.1.0"),
        ("maven", "1.2", "2.3.1", "2.3.1"),
        ("maven", "[1,2)", "2.3.1", "[2.3.1,3)"),
        ("maven", "[1.2]", "2.3.1", "[2.3.1]"),
        ("maven", "1.2.+", "2.3.1", "2.3.+"),
        ("image", "3.11-slim", "3.12.4", "3.12-slim"),
        ("image", "3.11.0@sha256:00", "3.12.4", "3.12.4"),
        ("repository", "v3", "4.1.0", "v4"),
        ("repository", "v3.0.0", "4.1.0", "v4.1.0"),
        ("go", "v1.2.3", "v1.5.0", "v1.5.0"),
        ("chart", "^1.2.0", "2.0.0", "^2.0.0"),
        ("pypi", "*", "2.3.1", ">=2.3.1,<3"),
        ("pypi", "==2.*", "3.0rc1", ">=3.0rc1,<4"),
        ("nuget", "1.0", "2.0", "2.0"),
    ],
)
def test_the_new_constraint_keeps_the_style_and_admits_the_version(
    ecosystem: str, text: str, version: str, expected: str
) -> None:
    written = rewrite(parse(ecosystem, text, RANGE), version)
    assert written == expected
    assert allows(parse(ecosystem, written, RANGE), version) is not False
