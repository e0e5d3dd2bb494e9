"""The server that comes with git: its protocol over real sockets."""

import os
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from typing_extensions import override

SECONDS = 60.0


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """`git://host:port` below which the repositories of a folder are read and pushed to."""

    class Connection(socketserver.BaseRequestHandler):
        """As inetd starts the server: the connection is its input and output."""

        @override
        def handle(self) -> None:
            subprocess.run(
                ["git", "daemon", "--inetd", "--export-all", "--enable=receive-pack",
                 f"--base-path={folder}", str(folder)],
                stdin=self.request, stdout=self.request, stderr=subprocess.DEVNULL,
                check=False, timeout=SECONDS,
                env={"PATH": os.environ["PATH"], "HOME": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
            )  # fmt: skip

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Connection) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"git://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
