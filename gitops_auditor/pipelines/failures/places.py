"""Files that a log names: which are the project's own, and how they are called."""

import re
from typing import Final

_FOREIGN: Final = re.compile(
    r"site-packages/|dist-packages/|node_modules/|/lib/python\d|\.cargo/registry|/rustc/|/usr/lib/"
    r"|^node:|^<|^internal/|/go/pkg/mod/|^/usr/local/go/|^/usr/include/"
)


def own(file: str) -> bool:
    """Whether the file is the project's own, not a library's or the interpreter's."""
    return bool(file) and _FOREIGN.search(file) is None


def tidy(file: str) -> str:
    """The name without `file://` and `./` in front of it."""
    return file.strip().removeprefix("file://").removeprefix("./")
