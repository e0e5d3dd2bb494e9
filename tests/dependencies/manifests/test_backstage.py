from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.backstage import read_catalog
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.tables import facts, offers, references, rows

CATALOG = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: Shop
spec:
  type: service
  providesApis:
    - shop-api
  consumesApis:
    - api:default/ledger
    - billing/invoices
  dependsOn:
    - resource:orders-db
    - component:default/mailer
    - worker
---
kind: API
metadata:
  name: shop-api
  namespace: retail
---
kind: Resource
metadata: {name: cache}
---
kind: Group
metadata: {name: team-a}
"""


def test_a_catalog_file_says_what_its_entities_need() -> None:
    assert rows(read_catalog, "catalog-info.yaml", CATALOG) == [
        ("api:default/ledger", "", "none", "runtime", 10),
        ("billing/invoices", "", "none", "runtime", 11),
        ("resource:orders-db", "", "none", "runtime", 13),
        ("component:default/mailer", "", "none", "runtime", 14),
        ("worker", "", "none", "runtime", 15),
    ]
    assert references(read_catalog, "catalog-info.yaml", CATALOG) == [
        "api ledger",
        "api billing/invoices",
        "data resource:orders-db",
        "api component:mailer",
        "api component:worker",
    ]


def test_a_catalog_file_offers_its_components_apis_and_resources() -> None:
    assert offers(read_catalog, "catalog-info.yaml", CATALOG) == [
        ("api", "component:shop", "", 4),
        ("api", "shop-api", "", 8),
        ("api", "retail/shop-api", "", 19),
        ("data", "resource:cache", "", 23),
    ]


def test_a_broken_catalog_file_is_reported_with_its_line() -> None:
    found = facts(read_catalog, "catalog-info.yaml", "kind: API\nmetadata: {name\n")
    assert found.provisions == ()
    assert found.problems[0].line >= 2


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise(content: bytes) -> None:
    read_catalog(ManifestFile("catalog-info.yaml", content))


@given(
    st.sampled_from(["metadata", "spec", "kind"]),
    st.sampled_from(["1", "[a]", "{name: [x]}", "{consumesApis: x}", "{dependsOn: [1, {}]}", ""]),
)
def test_values_of_the_wrong_type_never_raise(key: str, value: str) -> None:
    text = f"kind: API\n{key}: {value}\n"
    read_catalog(ManifestFile("catalog-info.yaml", text.encode()))
