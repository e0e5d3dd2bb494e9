"""Which tools are asked about which files."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.linters.listing import files_of, require_bounded
from gitops_auditor.linters.tool import Tool

LONGEST_SECONDS: Final = 900.0
"""What one question may take when nobody says less."""


async def chosen_files(root: Path, files: Sequence[str] | None) -> tuple[str, ...]:
    """The files once each, None meaning all of the folder. Raises TooLarge for too many."""
    listed = await files_of(root) if files is None else files
    require_bounded(len(listed))
    return tuple(dict.fromkeys(listed))


def chosen_tools(offered: Sequence[Tool], names: Sequence[str] | None) -> tuple[Tool, ...]:
    """The tools of those names, all without names. Raises InvalidRequest for an unknown one."""
    if not names:
        return tuple(offered)
    known = {tool.name: tool for tool in offered}
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(known)}."
            raise InvalidRequest(f"There is no tool {name!r} for this.", hint=hint)
    return tuple(known[name] for name in dict.fromkeys(names))
