"""The secrets that a definition asks for, from where the platform's settings say they are."""

import contextlib
import os
from collections.abc import Mapping, Sequence

from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError, InvalidRequest, NotFound, Unavailable
from gitops_auditor.execution.secret_providers import (
    CommandSecrets,
    EnvironmentSecrets,
    FileSecrets,
    SecretProvider,
    StoredSecrets,
    resolve,
)
from gitops_auditor.execution.secret_store import SHORTEST, SecretScope, SecretStore

BARE_KINDS = ("store", "env")
"""Where a name without a provider is looked for, in this order."""


class PipelineSecrets:
    """Gives jobs their secrets by reference: `env:`, `file:`, `command:`, `store:`, or a name."""

    def __init__(self, providers: Mapping[str, SecretProvider]) -> None:
        self._providers = providers

    async def values(
        self, references: Mapping[str, str], *, pipeline_id: str, repository_id: str
    ) -> dict[str, str]:
        """The value of each variable; a secret of the pipeline wins over its repository's.

        Raises Unavailable, which names the secret and never its value, when one cannot be had or
        could not be masked.
        """
        scopes = (
            SecretScope(kind="pipeline", id=pipeline_id),
            SecretScope(kind="repository", id=repository_id),
        )
        return {
            variable: await self._value(reference, scopes)
            for variable, reference in references.items()
        }

    async def _value(self, reference: str, scopes: Sequence[SecretScope]) -> str:
        try:
            value = await self._found(reference, scopes)
            _require_usable(value)
        except GitOpsError as error:
            message = f"The secret {reference} cannot be had: {error.message}"
            raise Unavailable(message, hint=error.hint) from None
        except UnicodeError:
            # Its own message shows the bytes.
            message = f"The secret {reference} cannot be had: it is not text in UTF-8."
            raise Unavailable(message, hint="Store it encoded, for example in Base64.") from None
        return value

    async def _found(self, reference: str, scopes: Sequence[SecretScope]) -> str:
        if ":" in reference:
            return await self._resolved(reference, scopes)
        for kind in BARE_KINDS:
            with contextlib.suppress(NotFound):
                return await self._resolved(f"{kind}:{reference}", scopes)
        raise NotFound(
            "It is neither stored for this pipeline or its repository nor offered as a variable.",
            hint="Store it, or name the variable in PIPELINE_SECRET_VARIABLES.",
        )

    async def _resolved(self, reference: str, scopes: Sequence[SecretScope]) -> str:
        found = await resolve(self._providers, {"value": reference}, scopes)
        return found["value"].get_secret_value()


def _require_usable(value: str) -> None:
    if len(value.encode()) < SHORTEST:
        raise InvalidRequest(
            f"It has fewer than {SHORTEST} bytes, too few to be masked in logs.",
            hint="Use a longer one.",
        )
    if "\0" in value:
        raise InvalidRequest(
            "It has a null character, which no variable can hold.",
            hint="Store it encoded, for example in Base64.",
        )


def secret_store(settings: Settings) -> SecretStore:
    """The platform's own encrypted store."""
    return SecretStore(settings.data_dir / "secrets")


def open_secrets(settings: Settings, ambient: Mapping[str, str] = os.environ) -> PipelineSecrets:
    """The secrets that the settings offer; `ambient` are the platform's own variables."""
    providers: dict[str, SecretProvider] = {
        "store": StoredSecrets(secret_store(settings)),
        "env": EnvironmentSecrets(ambient, settings.secret_variables),
    }
    if settings.secret_folder is not None:
        providers["file"] = FileSecrets(settings.secret_folder)
    if settings.secret_command:
        providers["command"] = CommandSecrets(settings.secret_command, ambient)
    return PipelineSecrets(providers)
