import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.protobuf import read_buf, read_proto
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.tables import facts, offers, rows

PROTO = """\
// import "not/this.proto";
syntax = "proto3";
/* package not.this;
import "nor/this.proto"; */
package acme.shop.v1;

import "google/protobuf/timestamp.proto";
import "google/api/annotations.proto";
import public 'acme/base/v1/types.proto';
import weak "acme/old.proto";

service Shop {
  rpc Buy(Order) returns (Receipt);
}
service Admin
{
}
message Order { string service = 1; }
"""


def test_a_proto_file_needs_what_it_imports_except_what_the_compiler_brings() -> None:
    assert rows(read_proto, "proto/acme/shop/v1/shop.proto", PROTO) == [
        ("google/api/annotations.proto", "", "none", "runtime", 8),
        ("acme/base/v1/types.proto", "", "none", "runtime", 9),
        ("acme/old.proto", "", "none", "runtime", 10),
    ]


def test_a_proto_file_offers_its_package_its_import_path_and_its_services() -> None:
    assert offers(read_proto, "x/proto/acme/shop/v1/shop.proto", PROTO) == [
        ("api", "acme.shop.v1", "", 5),
        ("api", "acme/shop/v1/shop.proto", "", 5),
        ("api", "acme.shop.v1.Shop", "", 12),
        ("api", "acme.shop.v1.Admin", "", 15),
    ]


@pytest.mark.parametrize(
    ("path", "package", "expected"),
    [
        ("acme/v1/a.proto", "acme.v1", "acme/v1/a.proto"),
        ("src/main/proto/acme/v1/a.proto", "acme.v1", "acme/v1/a.proto"),
        ("src/main/proto/a.proto", "acme.v1", "a.proto"),
        ("pb/a.proto", "acme", "pb/a.proto"),
        ("myacme/a.proto", "acme", "myacme/a.proto"),
    ],
)
def test_the_import_path_is_the_part_that_equals_the_package(
    path: str, package: str, expected: str
) -> None:
    assert offers(read_proto, path, f"package {package};\n")[1][1] == expected


def test_a_file_without_a_package_is_offered_by_its_path() -> None:
    assert offers(read_proto, "protos/a.proto", "message A {}\n") == [("api", "a.proto", "", 1)]


def test_buf_modules_are_named_and_needed() -> None:
    text = (
        "version: v1\nname: buf.build/acme/shop\ndeps:\n"
        "  - buf.build/googleapis/googleapis\n"
        "  - buf.build/acme/base:v1.2.0\n"
        "  - buf.build/acme/pin:0123456789abcdef0123456789abcdef\n"
    )
    assert rows(read_buf, "buf.yaml", text) == [
        ("buf.build/googleapis/googleapis", "", "none", "runtime", 4),
        ("buf.build/acme/base", "v1.2.0", "tag", "runtime", 5),
        ("buf.build/acme/pin", "0123456789abcdef0123456789abcdef", "commit", "runtime", 6),
    ]
    assert offers(read_buf, "buf.yaml", text) == [("api", "buf.build/acme/shop", "", 2)]
    second = "version: v2\nmodules:\n  - path: proto\n    name: buf.build/acme/two\n"
    assert offers(read_buf, "buf.yaml", second) == [("api", "buf.build/acme/two", "", 4)]


def test_a_broken_buf_file_is_reported_with_its_line() -> None:
    found = facts(read_buf, "buf.yaml", "deps:\n  - [\n")
    assert found.problems[0].line >= 2


def test_a_proto_file_of_fifty_megabytes_is_refused_with_a_problem() -> None:
    found = read_proto(ManifestFile("a.proto", b'import "a.proto";\n' * 2_800_000))
    assert found.declarations == ()
    assert "too large" in found.problems[0].message


@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_raise(content: bytes) -> None:
    read_proto(ManifestFile("a.proto", content))
    read_buf(ManifestFile("buf.yaml", content))


@given(
    st.lists(
        st.sampled_from(["import", "package", "service", '"a.proto"', ";", "{", "\n", " ", "/*"])
    )
)
def test_arbitrary_statements_never_raise(pieces: list[str]) -> None:
    read_proto(ManifestFile("a/b.proto", "".join(pieces).encode()))


@pytest.mark.timeout(20)
def test_very_many_statements_are_read_in_bounded_time() -> None:
    found = read_proto(ManifestFile("a.proto", b'import "a/b.proto";\n' * 200_000))
    assert found.declarations[-1].line == 200_000
