"""How a file is written where only text can be: as it is, or as numbered pieces of Base64.

A file of UTF-8 text up to TEXT_BYTES is kept as it is, for people to read. Every other file becomes
a folder of its name and SUFFIX: `manifest.json`, and pieces `000000.b64`, `000001.b64`... of
PIECE_BYTES bytes each but for the last, in Base64 (RFC 4648 section 4).
"""

import base64
import binascii
import hashlib
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gitops_auditor.errors import InvalidRequest, Refused, TooLarge
from gitops_auditor.execution.file_stores import require_inside

TEXT_BYTES: Final = 512 * 1024
"""An answer holds the text twice, once with escapes of up to six characters for one."""
PIECE_BYTES: Final = 384 * 1024
MAX_FILE_BYTES: Final = 256 * 2**20
SUFFIX: Final = ".gitops-pieces"
MANIFEST: Final = "manifest.json"
RESERVED: Final = ".gitops-"
"""No kept file or folder has a name that begins so: what we need beside them has."""


class Manifest(BaseModel, defer_build=True):
    """What the pieces of a file are together. `sha256` is in hexadecimal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoding: Literal["base64"] = "base64"
    size: int = Field(ge=0, le=MAX_FILE_BYTES)
    piece_bytes: int = Field(PIECE_BYTES, ge=1, le=PIECE_BYTES)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")

    @property
    def pieces(self) -> int:
        """How many there are."""
        return -(-self.size // self.piece_bytes)

    def bytes_of(self, number: int) -> int:
        """The bytes of one piece."""
        return min(self.piece_bytes, self.size - number * self.piece_bytes)


def readable(content: bytes) -> str | None:
    """The text that is kept as it is, None for what goes into pieces."""
    if len(content) > TEXT_BYTES or b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def require_name(path: str) -> str:
    """The path. Raises InvalidRequest when no server can be asked to keep a file of that name."""
    parts = require_inside(path).split("/")
    if any(part.startswith(RESERVED) or part.endswith(SUFFIX) for part in parts):
        raise InvalidRequest(
            f"{path[:200]!r} has a name that is reserved where files are kept.",
            hint=f"Rename what begins with {RESERVED} or ends with {SUFFIX}.",
        )
    # Servers list one name a line, and some run where a backslash separates names.
    if "\\" in path or not path.isprintable():
        raise InvalidRequest(
            f"{path[:200]!r} has characters that a file-system server cannot list.",
            hint="Rename the file without backslashes and control characters.",
        )
    return path


def require_size(path: str, size: int) -> None:
    """Raise TooLarge for a file that would be too many pieces."""
    if size > MAX_FILE_BYTES:
        raise TooLarge(
            f"The file {path} has {size} bytes; over MCP a file may have {MAX_FILE_BYTES}.",
            hint="Keep less, pack it, or keep files in a folder or an object store.",
            details={"bytes": MAX_FILE_BYTES},
        )


def piece_name(number: int) -> str:
    """The name of a piece; the first has the number 0."""
    return f"{number:06}.b64"


def encoded(piece: bytes) -> str:
    """The text of a piece."""
    return base64.b64encode(piece).decode("ascii")


def manifest_in(path: str, text: str) -> Manifest:
    """The manifest that was read. Raises Refused when it is none."""
    try:
        return Manifest.model_validate_json(text)
    except ValidationError:
        raise changed(path) from None


class Assembly:
    """Puts a file together from its pieces, given in their order. Raises Refused."""

    def __init__(self, path: str, manifest: Manifest) -> None:
        self._path = path
        self._manifest = manifest
        self._content = bytearray()
        self._number = 0

    def add(self, text: str) -> None:
        """Take the next piece."""
        try:
            piece = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            raise changed(self._path) from None
        if len(piece) != self._manifest.bytes_of(self._number):
            raise changed(self._path)
        self._content += piece
        self._number += 1

    def finish(self) -> bytes:
        """The file, which is what its manifest says."""
        content = bytes(self._content)
        if hashlib.sha256(content).hexdigest() != self._manifest.sha256:
            raise changed(self._path)
        return content


def changed(path: str) -> Refused:
    """The refusal to give out a file that is not what was kept."""
    return Refused(
        f"The file {path} was changed where it is kept, or only a part of it is there.",
        hint="Make it again.",
    )
