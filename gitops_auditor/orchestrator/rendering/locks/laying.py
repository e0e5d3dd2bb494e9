"""Puts edited files into a fresh checkout."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gitops_auditor.errors import Refused, Unavailable

_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


def lay_over(checkout: Path, files: Mapping[str, bytes], user: tuple[int, int] | None) -> None:
    """Write files at their paths, for the job user; it blocks.

    No job may have run in the checkout. Raises Refused for a path that is a link or leads over one
    out of the checkout, Unavailable when it cannot be written.
    """
    root = checkout.resolve()
    for path, content in files.items():
        target = checkout / path
        if not target.parent.resolve().is_relative_to(root) or target.is_symlink():
            raise Refused(
                f"{path} cannot be written: a link is in the way.",
                hint="Replace the link by a plain file or folder.",
            )
        try:
            _write(target, content, user)
        except OSError as error:
            raise Unavailable(
                f"{path} cannot be written into a checkout: {error.strerror}.",
                hint="Check the free space.",
            ) from None


def _write(target: Path, content: bytes, user: tuple[int, int] | None) -> None:
    with os.fdopen(os.open(target, _FLAGS, 0o644), "wb") as file:
        file.write(content)
        if user is not None:
            os.fchown(file.fileno(), *user)
