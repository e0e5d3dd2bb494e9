"""The heads of the chain, kept in a file outside the database so that a cut-off end is noticed.

One line a row: `<number> <hash> <mac>`, where the MAC is HMAC-SHA256 with a key beside the file
that only its owner can read. Someone who can write to the database alone cannot make lines.
"""

import fcntl
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

_KEY_BYTES = 32


@dataclass
class AnchorReading:
    """The file's lines. `forged` counts those whose MAC is wrong, `exists` tells of the file."""

    exists: bool = False
    hashes: dict[int, set[str]] = field(default_factory=dict)
    last: int = 0
    forged: int = 0


class Anchor:
    """The file at `path`, and its key at `path` with `.key` added. All methods block."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key_path = path.with_name(f"{path.name}.key")
        self._key: bytes | None = None

    def append(self, seq: int, digest: str) -> None:
        """Add a head and bring it to the disk. Raises OSError when that cannot be done."""
        line = f"{seq} {digest} {self._mac(seq, digest)}\n".encode("ascii")
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # A line that a crash cut short must not swallow this one.
            size = file.seek(0, os.SEEK_END)
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = b"\n" + line
            os.write(descriptor, line)
            os.fsync(descriptor)

    def read(self) -> AnchorReading:
        """Every line, checked. Raises OSError when the file is there but cannot be read."""
        reading = AnchorReading()
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return reading
        reading.exists = True
        *lines, unfinished = content.split(b"\n")
        for line in lines:
            self._take(line, reading)
        # The last append may have been cut short by a crash; only a whole line counts.
        if unfinished.count(b" ") == 2:
            self._take(unfinished, reading, complete=False)
        return reading

    def _take(self, line: bytes, reading: AnchorReading, *, complete: bool = True) -> None:
        parts = line.decode("ascii", "replace").split(" ")
        if self._genuine(parts):
            seq = int(parts[0])
            reading.hashes.setdefault(seq, set()).add(parts[1])
            reading.last = max(reading.last, seq)
        elif complete and line and not _fragment(parts):
            reading.forged += 1

    def _genuine(self, parts: list[str]) -> bool:
        if len(parts) != 3 or not parts[0].isdecimal():
            return False
        expected = self._mac(int(parts[0]), parts[1])
        return hmac.compare_digest(expected.encode(), parts[2].encode("utf-8", "replace"))

    def _mac(self, seq: int, digest: str) -> str:
        if self._key is None:
            self._key = self._load_key()
        return hmac.new(self._key, f"{seq} {digest}".encode(), hashlib.sha256).hexdigest()

    def _load_key(self) -> bytes:
        try:
            key = self._key_path.read_bytes()
        except FileNotFoundError:
            key = self._make_key()
        if len(key) != _KEY_BYTES:
            raise OSError(f"{self._key_path} is not a key of {_KEY_BYTES} bytes.")
        return key

    def _make_key(self) -> bytes:
        """Make the key once, however many processes try: linked into place whole, or read."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        scratch = self._key_path.with_name(f".{self._key_path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(descriptor)
        try:
            os.link(scratch, self._key_path)
        except FileExistsError:
            pass
        finally:
            scratch.unlink()
        return self._key_path.read_bytes()


def _fragment(parts: list[str]) -> bool:
    """Whether this is what a crash leaves of a line: fewer parts, or a MAC cut short."""
    return len(parts) < 3 or len(parts[2]) < 64
