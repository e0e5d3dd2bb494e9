"""Makes the transport of a server from its settings; this is where its secrets are looked up."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from gitops_auditor.connections.configuration import ServerSettings, is_reference
from gitops_auditor.connections.failures import Explain
from gitops_auditor.connections.http import HttpTransport
from gitops_auditor.connections.programs import Command
from gitops_auditor.connections.stdio import StdioTransport
from gitops_auditor.errors import InvalidSetting
from gitops_auditor.execution.environment import INHERITED
from gitops_auditor.execution.masking import Masker

ALSO_INHERITED: Final = frozenset({"HOME", "LOGNAME", "SHELL", "TMPDIR", "USER"})
"""Beside what jobs inherit: servers are the operator's own programs."""
_DEFAULT_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LOGIN: Final = "Authorization"

Secrets = Callable[[Mapping[str, str]], Awaitable[Mapping[str, str]]]
"""Gives the secrets that references name, under the same keys."""


async def make_transport(
    name: str,
    settings: ServerSettings,
    secrets: Secrets,
    ambient: Mapping[str, str],
    explain: Explain,
    on_end: Callable[[], None],
) -> StdioTransport | HttpTransport:
    """A transport that is not open yet; from now on `explain` masks the server's secrets.

    Raises what looking up the secrets raises, and InvalidSetting for one that fits no header.
    """
    given = settings.env if settings.command else settings.headers
    references = {key: value for key, value in given.items() if is_reference(value)}
    if settings.token is not None:
        references[_LOGIN] = settings.token
    found = dict(await secrets(references)) if references else {}
    explain.masker = Masker(found.values())
    if settings.command is not None:
        env = {**_inherited(settings, ambient), **given, **found}
        command = Command(settings.command, env, settings.cwd)
        return StdioTransport(name, command, explain.masker, on_end)
    for key, value in found.items():
        _require_header(name, key, value)
    if settings.token is not None:
        found[_LOGIN] = f"Bearer {found[_LOGIN]}"
    headers = {**given, **found}
    return HttpTransport(settings.url or "", headers, settings.ca, proxies=not settings.is_loopback)


def _inherited(settings: ServerSettings, ambient: Mapping[str, str]) -> dict[str, str]:
    wanted = INHERITED | ALSO_INHERITED | set(settings.inherit)
    found = {
        name: value for name, value in ambient.items() if name in wanted or name.startswith("LC_")
    }
    return {"PATH": _DEFAULT_PATH, **found}


def _require_header(server: str, name: str, value: str) -> None:
    if not value or not value.isascii() or not value.isprintable():
        raise InvalidSetting(
            f"The secret for {name} of the MCP server {server} cannot be sent in a header.",
            hint="It has to be one line of printable ASCII characters; set it anew.",
        )
