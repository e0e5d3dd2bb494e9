import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.reader import ManifestFile
from gitops_auditor.dependencies.manifests.settings_files import (
    READERS,
    read_constants,
    read_settings,
)
from tests.dependencies.manifests.tables import facts, references, rows

SECRET = "hunter2"


def _names(path: str, text: str) -> list[tuple[str, str, int]]:
    found = facts(read_settings, path, text).declarations
    return [(item.type.value, item.name, item.line) for item in found]


ENV = f"""\
# API_URL=https://commented.acme.io
export PAYMENTS_API_URL=https://Payments.acme.io/v2/charges?key={SECRET}
LEDGER_ENDPOINT="https://ledger.acme.io" # the ledger
DATABASE_URL=postgresql+asyncpg://app:{SECRET}@db.acme.internal:5432/orders?sslmode=require
REPLICA=postgres://app:{SECRET}@db.acme.internal:6432/orders
CACHE=rediss://:{SECRET}@cache.acme.internal:6379/0
QUEUE=amqps://user:{SECRET}@mq.acme.internal/prod
ARCHIVE=s3://acme-archive/2024/
MODELS=gs://acme-models
KAFKA_BOOTSTRAP_SERVERS=kafka-2.acme.io:9092,kafka-1.acme.io:9092
CLUSTER=mongodb+srv://u:{SECRET}@a.acme.io:27018,b.acme.io/shop
"""


def test_an_env_file_names_apis_and_data_sources_with_their_lines() -> None:
    assert _names(".env.example", ENV) == [
        ("api", "payments.acme.io/v2", 2),
        ("api", "ledger.acme.io", 3),
        ("data", "postgres://db.acme.internal/orders", 4),
        ("data", "postgres://db.acme.internal:6432/orders", 5),
        ("data", "redis://cache.acme.internal/0", 6),
        ("data", "amqp://mq.acme.internal/prod", 7),
        ("data", "s3://acme-archive", 8),
        ("data", "gs://acme-models", 9),
        ("data", "kafka://kafka-1.acme.io,kafka-2.acme.io", 10),
        ("data", "mongodb://a.acme.io:27018,b.acme.io/shop", 11),
    ]


def test_references_are_in_the_namespaces_of_apis_and_data() -> None:
    found = references(read_settings, ".env", ENV)
    assert found[0] == "api payments.acme.io/v2"
    assert found[2] == "data postgres://db.acme.internal/orders"


def test_low_confidence_says_that_an_address_may_lead_to_anything() -> None:
    text = "A_URL=https://a.acme.io\nB_URL=http://billing:8080\nD=postgres://d.acme.io/x\n"
    found = facts(read_settings, ".env", text).declarations
    assert [item.confidence for item in found] == [0.6, 0.4, 0.8]


@pytest.mark.parametrize(
    "text",
    [
        ENV,
        f"D=postgres://u:{SECRET}/x@db.acme.io/shop",
        f"D=postgres://u:{SECRET}@p@db.acme.io/shop",
        f"D=postgres://u:pa{SECRET}ss#@db.acme.io/shop",
        f"D=postgres://{SECRET}@db.acme.io/shop?password={SECRET}",
        f"D=mysql://u:p:{SECRET}@db.acme.io/shop",
        f"API_URL=https://user:{SECRET}@api.acme.io/v1",
        f"API_URL=https://api.acme.io/v1?token={SECRET}",
        f"D=postgres://u:1234?{SECRET}@db.acme.io/shop",
        f"D=postgres://u:1234#x{SECRET}@db.acme.io/shop",
    ],
)
def test_no_password_is_kept(text: str) -> None:
    kept = repr(facts(read_settings, ".env", text))
    assert SECRET not in kept
    assert "1234" not in kept


@given(
    st.text(alphabet="abc12:/@#?%&;,. -_", min_size=1, max_size=12),
    st.sampled_from(["postgres", "redis", "https", "amqp"]),
)
def test_whatever_a_password_is_made_of_it_is_not_kept(noise: str, scheme: str) -> None:
    password = f"Q9zQ{noise}Q9zQ"
    text = f"DATABASE_URL={scheme}://user:{password}@db.acme.io/shop"
    assert "q9zq" not in repr(facts(read_settings, ".env", text)).lower()


@pytest.mark.parametrize(
    "value",
    [
        "https://localhost:8080/v1",
        "http://127.0.0.1/api",
        "https://${API_HOST}/v1",
        "https://{{ .Values.host }}/v1",
        "https://api-${STAGE}.acme.io/v1",
        "https://example.com/v1",
        "https://acme.example/v1",
        "https://github.com/acme/shop",
        "https://docs.acme.io/guide",
        "https://acme.io/logo.png",
        "postgres://u:p@${DB_HOST}/shop",
        "postgres://localhost/shop",
        "not a url",
    ],
)
def test_no_target_is_invented(value: str) -> None:
    assert _names(".env", f"SOME_URL={value}\n") == []


@pytest.mark.parametrize(
    "key", ["HOMEPAGE_URL", "IMAGE_URL", "SCHEMA_URL", "NAME", "url", "REPO_URL"]
)
def test_keys_that_do_not_name_an_api_give_none(key: str) -> None:
    assert _names(".env", f"{key}=https://a.acme.io\n") == []


def test_hosts_that_a_compose_file_starts_itself_are_not_shared() -> None:
    text = (
        "services:\n  web:\n    environment:\n"
        "      DATABASE_URL: mysql://root:pw@db:3306/shop\n"
        "      - LEDGER_URL=http://ledger:8080\n"
        "      CACHE: redis://cache.acme.io\n"
        "  db:\n    image: mysql\n"
    )
    assert _names("compose.yaml", text) == [
        ("api", "ledger", 5),
        ("data", "redis://cache.acme.io", 6),
    ]


def test_a_bucket_is_shared_even_when_a_service_bears_its_name() -> None:
    text = "services:\n  web:\n    environment:\n      STORE: s3://media?region=x\n  media:\n"
    assert _names("compose.yaml", text) == [("data", "s3://media", 4)]


def test_pairs_of_name_and_value_on_one_line_are_one_setting() -> None:
    text = 'processing:\n  - {name: "bootstrap.servers", value: "kafka:9092"}\n'
    assert _names("relay.yml", text) == [("data", "kafka://kafka", 2)]


def test_kubernetes_and_terraform_pairs_of_name_and_value_are_one_setting() -> None:
    text = (
        "env:\n- name: LEDGER_URL\n  value: https://ledger.acme.io/v1\n"
        "- name: TITLE\n  value: https://title.acme.io\n"
        "- name: KAFKA_BROKERS\n  value: k.acme.io:9092\n"
    )
    assert _names("deploy/web.yaml", text) == [
        ("api", "ledger.acme.io/v1", 3),
        ("data", "kafka://k.acme.io", 7),
    ]
    terraform = 'env {\n  name  = "LEDGER_URL"\n  value = "https://ledger.acme.io/v1"\n}\n'
    assert _names("main.tf", terraform) == [("api", "ledger.acme.io/v1", 3)]


def test_lists_flags_and_web_addresses_of_buckets_are_data_sources() -> None:
    text = (
        "args:\n- gs://acme-logs/ci\n- -o=s3://acme-out\n"
        "base: https://storage.googleapis.com/acme-web/x\n"
        'web: "https://acme-site.s3.eu-west-1.amazonaws.com/x"\n'
        "again: gs://acme-logs/other\n"
    )
    assert _names("ci.yaml", text) == [
        ("data", "gs://acme-logs", 2),
        ("data", "s3://acme-out", 3),
        ("data", "gs://acme-web", 4),
        ("data", "s3://acme-site", 5),
    ]


def test_spring_properties_with_jdbc_addresses_are_read() -> None:
    text = "spring.datasource.url=jdbc:postgresql://db.acme.io:5432/orders\n"
    path = "src/main/resources/application.properties"
    assert _names(path, text) == [("data", "postgres://db.acme.io/orders", 1)]


def test_settings_of_tests_are_needed_for_tests_only() -> None:
    found = rows(read_settings, "tests/.env", "A_URL=https://a.acme.io\n")
    assert found == [("a.acme.io", "", "none", "test", 1)]


CONSTANTS = """\
URL_VERSION: Final = "https://version.acme.io/{channel}.json"
RAW = "https://raw.githubusercontent.com/Acme/Data/main/rates/eur.csv"
TAGGED = "https://raw.githubusercontent.com/acme/data/refs/tags/v1.2.0/x.json"
PAGES = "https://acme.github.io/site/feed.xml?x=1"
CDN = "https://cdn.jsdelivr.net/gh/acme/data@0123456789012345678901234567890123456789/a.json"
API = "https://api.acme.io/v1/users"
OTHER_API = "https://acme.io/api/v1"
DOCS = "https://acme.io/docs/start"
NOTES = "https://www.acme.org/LICENSE-2.0.txt"
COMPUTED = f"https://raw.githubusercontent.com/{owner}/data/main/x.json"
# OLD = "https://api.old.io"
"""


def test_constants_name_data_files_and_apis() -> None:
    assert rows(read_constants, "acme/const.py", CONSTANTS) == [
        ("version.acme.io/{channel}.json", "", "none", "runtime", 1),
        ("github.com/Acme/Data/rates/eur.csv", "main", "tag", "runtime", 2),
        ("github.com/acme/data/x.json", "v1.2.0", "exact", "runtime", 3),
        ("github.com/acme/site/feed.xml", "", "none", "runtime", 4),
        (
            "github.com/acme/data/a.json",
            "0123456789012345678901234567890123456789",
            "commit",
            "runtime",
            5,
        ),
        ("api.acme.io/v1", "", "none", "runtime", 6),
        ("acme.io/api", "", "none", "runtime", 7),
    ]
    assert references(read_constants, "acme/const.py", CONSTANTS)[:2] == [
        "data version.acme.io",
        "repository github.com/acme/data",
    ]


def test_yaml_named_by_yaml_and_schemas_are_no_data() -> None:
    text = (
        "resource: https://raw.githubusercontent.com/acme/data/main/a.yaml\n"
        "$schema: https://raw.githubusercontent.com/acme/data/main/a.json\n"
    )
    assert _names("settings.yaml", text) == []


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("deploy/web.yaml", ["settings"]),
        (".env.example", ["settings"]),
        ("infra/main.tf", ["settings"]),
        ("backend/config/config.json", ["settings"]),
        ("web/tsconfig.json", []),
        (".vscode/settings.json", []),
        (".github/workflows/ci.yaml", []),
        ("pnpm-lock.yaml", []),
        ("acme/const.py", ["constants"]),
        ("a/b/c/const.py", []),
        ("acme/app.py", []),
    ],
)
def test_each_kind_of_file_has_the_reader_that_fits_it(path: str, names: list[str]) -> None:
    name = path.rpartition("/")[2]
    found = [
        reader.name
        for reader in READERS
        if name in reader.names
        or (reader.claims and name.endswith(reader.claim_suffixes) and reader.claims(path))
    ]
    assert found == names


@pytest.mark.parametrize(
    "unit",
    [
        "://",
        "a: https://b.c\n",
        "- name: x\n  value: s3://abc\n",
        "@:/",
        "a:" + " " * 3900 + "://\n",
        "a: " + "https://" * 480 + "\n",
        "a: x://" + "u@" * 1900 + "\n",
        "a: x" + " #" * 1900 + "://\n",
    ],
)
@pytest.mark.timeout(20)
def test_hostile_repetition_is_read_in_bounded_time(unit: str) -> None:
    content = (unit * (1_000_000 // len(unit))).encode()
    assert len(read_settings(ManifestFile("a.yaml", content)).declarations) <= 1
    read_constants(ManifestFile("const.py", content))


def test_a_file_of_fifty_megabytes_is_left_alone() -> None:
    content = b"A_URL=https://a.acme.io\n" * 2_200_000
    assert read_settings(ManifestFile(".env", content)).declarations == ()


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise(content: bytes) -> None:
    read_settings(ManifestFile(".env", content + b"\nA_URL=https://a.b/"))
    read_constants(ManifestFile("const.py", content + b'\nA = "https://a.b/c.json"'))


@given(st.text(alphabet="a:/@.-,?#$ {}\n=\"'0", max_size=60))
def test_arbitrary_addresses_never_raise(noise: str) -> None:
    read_settings(ManifestFile(".env", f"A_URL=https://{noise}\nB=postgres://{noise}".encode()))
