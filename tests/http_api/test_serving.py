"""The server itself: TLS by setting, addresses that cannot be used."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from websockets.asyncio.client import connect

from gitops_auditor.config import Settings
from gitops_auditor.errors import InvalidSetting, Unavailable
from gitops_auditor.http_api.serving import HttpServer


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(private)
    return folder / "cert.pem", folder / "key.pem"


class TestTls:
    @pytest.fixture
    def settings(self, settings: Settings, tmp_path: Path) -> Settings:
        certificate, key = write_certificate(tmp_path)
        return settings.model_copy(update={"tls_cert": certificate, "tls_key": key})

    @pytest.fixture
    def trust(self, settings: Settings) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=settings.tls_cert)

    async def test_rest_and_websocket_are_served_over_tls(
        self, live_server: str, trust: ssl.SSLContext
    ) -> None:
        assert live_server.startswith("https://")
        async with httpx2.AsyncClient(base_url=live_server, verify=trust) as client:
            assert (await client.get("/api/repositories")).status_code == 200
        address = live_server.replace("http", "ws", 1) + "/ws"
        async with connect(address, ssl=trust) as socket:
            await socket.send('{"type": "phase2.subscribe"}')
            assert "phase2.subscribed" in str(await socket.recv())

    async def test_plain_http_is_not_answered(self, live_server: str) -> None:
        plain = live_server.replace("https", "http", 1)
        async with httpx2.AsyncClient(base_url=plain) as client:
            with pytest.raises(httpx2.TransportError):
                await client.get("/healthz")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"tls_cert": "missing.pem", "tls_key": "missing.pem"}, "GITOPS_TLS_CERT"),
        ({"tls_key": "missing.pem"}, "GITOPS_TLS_KEY is set without"),
    ],
)
async def test_a_certificate_that_cannot_be_used_is_named(
    app: Starlette, settings: Settings, tmp_path: Path, changes: dict[str, str], named: str
) -> None:
    files = {field: tmp_path / name for field, name in changes.items()}
    server = HttpServer(app, settings.model_copy(update={"port": 0, **files}))
    with pytest.raises(InvalidSetting, match=named):
        await server.run(lambda _: None)


async def test_an_address_that_is_taken_is_named(
    app: Starlette, settings: Settings, live_server: str
) -> None:
    port = int(live_server.rpartition(":")[2])
    server = HttpServer(app, settings.model_copy(update={"port": port}))
    with anyio.fail_after(10), pytest.raises(Unavailable, match=f"127.0.0.1:{port}"):
        await server.run(lambda _: None)
