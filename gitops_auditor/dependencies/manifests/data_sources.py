"""Settings that name a data source which repositories may share: databases, queues, buckets.

The name is `scheme://host/database` or `scheme://bucket`; user, password, parameters and default
ports are dropped before anything is kept. A host that is computed gives no declaration.
"""

import re
from typing import Final

from gitops_auditor.dependencies.manifests.setting_lines import Setting
from gitops_auditor.dependencies.manifests.web_addresses import (
    WebAddress,
    first_segment,
    parse_address,
)
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    Reference,
    Scope,
)

_SCHEMES: Final = {
    "postgres": "postgres",
    "postgresql": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlserver": "sqlserver",
    "mongodb": "mongodb",
    "redis": "redis",
    "rediss": "redis",
    "valkey": "redis",
    "amqp": "amqp",
    "amqps": "amqp",
    "kafka": "kafka",
    "nats": "nats",
    "clickhouse": "clickhouse",
    "cassandra": "cassandra",
}
_PORTS: Final = {
    "postgres": "5432",
    "mysql": "3306",
    "sqlserver": "1433",
    "mongodb": "27017",
    "redis": "6379",
    "amqp": "5672",
    "nats": "4222",
    "kafka": "9092",
}
_BUCKETS: Final = {"s3": "s3", "s3a": "s3", "gs": "gs"}
BUCKET_SCHEMES: Final = frozenset(_BUCKETS.values())
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")
_GOOGLE_STORAGE: Final = "storage.googleapis.com"
_AMAZON_STORAGE = re.compile(r"([a-z0-9.-]{3,63})\.s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com")
_DATABASE = re.compile(r"/(?P<name>[\w.-]{1,64})(?:/.*)?")
_BOOTSTRAP = re.compile(
    r"(?:bootstrap[._-]?servers?|kafka[._-]?(?:brokers?|servers?|url))\Z", re.IGNORECASE
)
_BROKERS = re.compile(r"[A-Za-z0-9.-]+:\d{2,5}(?:,[A-Za-z0-9.-]+:\d{2,5})*")
_CONFIDENCE: Final = 0.8
_NEIGHBOUR_CONFIDENCE: Final = 0.5
"""A host of one label is known only where the file is deployed."""


def data_source(setting: Setting, scope: Scope) -> Declaration | None:
    """The data source that a setting names, None when it names none or its host is computed."""
    value = setting.value.strip().lstrip("\"'(").removeprefix("jdbc:")
    address = parse_address(value)
    if address is None:
        return None
    bucket = _bucket(address)
    if bucket:
        return _declaration(bucket, scope, _CONFIDENCE, setting.line)
    scheme = _SCHEMES.get(address.scheme.partition("+")[0])
    if scheme is None:
        return None
    is_neighbour = "." not in address.hosts[0][0]
    confidence = _NEIGHBOUR_CONFIDENCE if is_neighbour else _CONFIDENCE
    return _declaration(_name(scheme, address), scope, confidence, setting.line)


def _bucket(address: WebAddress) -> str:
    """`s3://name` or `gs://name` for an address of object storage in any of its forms."""
    host = address.hosts[0][0]
    scheme = _BUCKETS.get(address.scheme)
    if scheme:
        return f"{scheme}://{host}" if _BUCKET_NAME.fullmatch(host) else ""
    if address.scheme != "https":
        return ""
    segment = first_segment(address.path)
    if host == _GOOGLE_STORAGE and _BUCKET_NAME.fullmatch(segment):
        return f"gs://{segment}"
    amazon = _AMAZON_STORAGE.fullmatch(host)
    return f"s3://{amazon[1]}" if amazon else ""


def kafka_cluster(setting: Setting, scope: Scope) -> Declaration | None:
    """The cluster that `bootstrap.servers` and its like name, as a list of host:port."""
    brokers = _BROKERS.match(setting.value.lstrip("\"'"))
    if brokers is None or _BOOTSTRAP.search(setting.key) is None:
        return None
    return data_source(setting._replace(value=f"kafka://{brokers[0]}"), scope)


def _name(scheme: str, address: WebAddress) -> str:
    hosts = ",".join(
        host if port in {"", _PORTS.get(scheme)} else f"{host}:{port}"
        for host, port in sorted(address.hosts)
    )
    database = _DATABASE.fullmatch(address.path)
    return f"{scheme}://{hosts}/{database['name']}" if database else f"{scheme}://{hosts}"


def _declaration(name: str, scope: Scope, confidence: float, line: int) -> Declaration:
    return Declaration(
        DependencyType.DATA,
        name,
        Reference("data", name),
        "",
        ConstraintKind.NONE,
        scope,
        confidence,
        line,
    )
