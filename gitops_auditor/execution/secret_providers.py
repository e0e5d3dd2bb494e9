"""Where the secrets of a job come from: variables, files, a command, the encrypted store."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import anyio
from pydantic import SecretStr

from gitops_auditor.errors import InvalidRequest, NotFound, Refused, TimedOut, Unavailable
from gitops_auditor.execution.secret_files import read_private
from gitops_auditor.execution.secret_store import MAX_VALUE_BYTES, SecretScope, SecretStore


class SecretProvider(Protocol):
    """Gives the value of a name to those who may use it, narrowest scope first."""

    async def get(self, name: str, scopes: Sequence[SecretScope]) -> SecretStr:
        """The value. Raises NotFound, or another of the family when it cannot be had."""


class EnvironmentSecrets:
    """Variables of the platform's own environment, only those that the operator named."""

    def __init__(self, ambient: Mapping[str, str], allowed: Sequence[str]) -> None:
        self._values = {name: ambient[name] for name in allowed if name in ambient}

    async def get(self, name: str, scopes: Sequence[SecretScope]) -> SecretStr:
        """The variable's value, whatever the scope."""
        del scopes
        if name not in self._values:
            raise NotFound(
                f"No variable {name} is offered as a secret.",
                hint="Set it for the platform and name it among the variables it may offer.",
            )
        return SecretStr(self._values[name])


class FileSecrets:
    """Private files in one folder, as orchestrators mount them; the file's name is the name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def get(self, name: str, scopes: Sequence[SecretScope]) -> SecretStr:
        """The file's text without its last line break, whatever the scope."""
        del scopes
        if not name or "/" in name or name.startswith("."):
            raise Refused(f"{name} names no file of secrets.", hint="Use a plain file name.")
        path = self._folder / name
        content = await anyio.to_thread.run_sync(read_private, path, MAX_VALUE_BYTES)
        return SecretStr(content.decode().removesuffix("\n"))


class CommandSecrets:
    """A program of the operator's, for example a vault's client; the name is its last argument."""

    def __init__(
        self, argv: Sequence[str], environment: Mapping[str, str], seconds: float = 10.0
    ) -> None:
        self._argv = tuple(argv)
        self._environment = dict(environment)
        self._seconds = seconds

    async def get(self, name: str, scopes: Sequence[SecretScope]) -> SecretStr:
        """What the program prints, without the last line break, whatever the scope."""
        del scopes
        if name.startswith("-"):
            raise Refused(f"{name} names no secret.", hint="A name does not begin with a dash.")
        try:
            with anyio.fail_after(self._seconds):
                done = await anyio.run_process(
                    [*self._argv, name],
                    check=False,
                    stdin=subprocess.DEVNULL,
                    env=self._environment,
                )
        except TimeoutError:
            raise TimedOut(
                f"{self._argv[0]} gave no secret {name} within {self._seconds:g} seconds.",
                hint="Run it by hand to see what it waits for.",
            ) from None
        except OSError as missing:
            raise Unavailable(
                f"{self._argv[0]} cannot be run: {missing.strerror}.", hint="Check its path."
            ) from None
        if done.returncode != 0:
            # Its output may hold part of a secret, so it is not repeated.
            raise Unavailable(
                f"{self._argv[0]} gave no secret {name}: exit code {done.returncode}.",
                hint="Run it by hand to see why.",
            )
        return SecretStr(done.stdout.decode().removesuffix("\n"))


class StoredSecrets:
    """The encrypted store; a secret of a pipeline wins over one of its repository."""

    def __init__(self, store: SecretStore) -> None:
        self._store = store

    async def get(self, name: str, scopes: Sequence[SecretScope]) -> SecretStr:
        """The value of the first of the scopes that has one."""
        for scope in scopes:
            try:
                return await self._store.get(scope, name)
            except NotFound:
                continue
        raise NotFound(
            f"There is no secret {name} for this pipeline or its repository.",
            hint="Set it for one of them.",
        )


async def resolve(
    providers: Mapping[str, SecretProvider],
    references: Mapping[str, str],
    scopes: Sequence[SecretScope],
) -> dict[str, SecretStr]:
    """The variables of a job from references such as `env:TOKEN`, `file:token` or `store:TOKEN`.

    Raises InvalidRequest for a provider that is not configured, and what the providers raise.
    """
    values: dict[str, SecretStr] = {}
    for variable, reference in references.items():
        kind, _, name = reference.partition(":")
        if kind not in providers or not name:
            raise InvalidRequest(
                f"{reference} is no reference to a secret.",
                hint=f"Write one of {', '.join(sorted(providers))}, a colon and a name.",
            )
        values[variable] = await providers[kind].get(name, scopes)
    return values
