"""A registry of npm and an index of Python packages, with packages that nobody else has."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from typing_extensions import override

Packages = Mapping[str, Mapping[str, Mapping[str, str]]]
"""What each version of a package needs: name, version, name of a need and its range."""


@contextmanager
def serving(packages: Packages) -> Iterator[str]:
    """The address of a server that answers as both do: npm below `/`, Python below `/simple`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content, kind = _answer(packages, f"http://{self.headers['Host']}", self.path)
            self.send_response(200 if content else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Tests need no log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _answer(packages: Packages, base: str, path: str) -> tuple[bytes, str]:
    parts = path.strip("/").split("/")
    if parts[0] == "simple" and parts[-1] in packages:
        return _links(parts[-1], packages[parts[-1]]), "text/html"
    if parts[0] == "files":
        name, version = parts[-1].split("-")[:2]
        return _metadata(name, version, packages[name][version]), "text/plain"
    if parts[0] in packages:
        return _packument(base, parts[0], packages[parts[0]]), "application/json"
    return b"", "text/plain"


def _packument(base: str, name: str, versions: Mapping[str, Mapping[str, str]]) -> bytes:
    """What npm reads of a package before it fetches any."""
    made = {
        version: {
            "name": name,
            "version": version,
            "dependencies": needs,
            "dist": {
                "tarball": f"{base}/{name}/-/{name}-{version}.tgz",
                "integrity": f"sha512-{_digest(name, version)}",
            },
        }
        for version, needs in versions.items()
    }
    return json.dumps(
        {"name": name, "dist-tags": {"latest": [*made][-1]}, "versions": made}
    ).encode()


def _digest(name: str, version: str) -> str:
    return base64.b64encode(hashlib.sha512(f"{name}{version}".encode()).digest()).decode()


def _links(name: str, versions: Mapping[str, Mapping[str, str]]) -> bytes:
    """The page of a package (PEP 503), with its metadata beside each file (PEP 658)."""
    links = []
    for version, needs in versions.items():
        file = f"{name}-{version}-py3-none-any.whl"
        digest = hashlib.sha256(_metadata(name, version, needs)).hexdigest()
        attribute = f'data-core-metadata="sha256={digest}"'
        links.append(
            f'<a href="/files/{file}#sha256={wheel_digest(name, version)}" {attribute}>{file}</a>'
        )
    return f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode()


def wheel_digest(name: str, version: str) -> str:
    """The SHA-256 that is said of a wheel. uv takes two files of one digest for one."""
    return hashlib.sha256(f"{name}{version}".encode()).hexdigest()


def _metadata(name: str, version: str, needs: Mapping[str, str]) -> bytes:
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {need}{constraint}" for need, constraint in needs.items()]
    return "".join(f"{line}\n" for line in lines).encode()
