"""The everyday server behind TLS and a bearer token, on a free port of the loopback interface."""

import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.fakes.everyday import everyday


def write_authority(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1, and its key, in PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    (folder / "ca.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    )
    return folder / "ca.pem", folder / "key.pem"


def _guarded(app: ASGIApp, token: str) -> ASGIApp:
    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or Request(scope).headers.get("authorization") == f"Bearer {token}"
        ):
            await app(scope, receive, send)
        else:
            await PlainTextResponse("no", 401)(scope, receive, send)

    return guard


@asynccontextmanager
async def https_server(
    folder: Path, token: str, *, stateless: bool, port: int = 0
) -> AsyncIterator[str]:
    """Serve for the length of the block; gives the address."""
    certificate, key = folder / "ca.pem", folder / "key.pem"
    if not certificate.exists():
        write_authority(folder)
    app = _guarded(everyday().streamable_http_app(stateless_http=stateless), token)
    config = uvicorn.Config(
        app,
        port=port,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
        log_level="warning",
        lifespan="on",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve)
        with anyio.fail_after(10):
            while not server.started:
                await anyio.lowlevel.checkpoint()
        used = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield f"https://127.0.0.1:{used}/mcp"
        finally:
            server.should_exit = True
