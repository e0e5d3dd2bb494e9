"""Commands that build or push container images: docker, podman, buildah and nerdctl."""

import re
from collections.abc import Iterator, Sequence

_COMMAND = re.compile(
    r"(?:docker|podman|nerdctl|buildah)\s+(?:image\s+|buildx\s+)?(?:build|bud|push)\b(?P<rest>.*)"
)
_TAG_OPTION = re.compile(
    r"(?:^|\s)(?:-t|--tag)[\s=]+[\"']?(?P<image>(?:\$\{\{.*?\}\}|[^\s\"'\\])+)"
)
_PUSHED = re.compile(r"\bpush\s+(?:-\S+\s+)*[\"']?(?P<image>(?:\$\{\{.*?\}\}|[^\s\"'\\])+)")


def built_images(lines: Sequence[str]) -> Iterator[tuple[str, int]]:
    """The image names given to build and push commands as they are written, with their lines.

    A command may go on over several lines that end with a backslash.
    """
    continued = False
    for number, line in enumerate(lines, start=1):
        found = _COMMAND.search(line)
        if found or continued:
            text = found["rest"] if found else line
            yield from ((option["image"], number) for option in _TAG_OPTION.finditer(text))
        pushed = _PUSHED.search(found.group()) if found else None
        if pushed:
            yield pushed["image"], number
        continued = (found is not None or continued) and line.rstrip().endswith("\\")
