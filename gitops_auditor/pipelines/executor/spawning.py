"""Starts a process that carries out runs and outlives the one that wanted them."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import anyio.to_thread
from pydantic import SecretStr

from gitops_auditor.config import Settings
from gitops_auditor.errors import Unavailable
from gitops_auditor.pipelines.executor.lock import ExecutorLock

COMMAND: tuple[str, ...] = (sys.executable, "-m", "gitops_auditor", "executor")
LOG_NAME: Final = "executor.log"
LOG_BYTES: Final = 10 * 2**20
"""A log that is larger is begun anew."""


async def ensure_executor(settings: Settings) -> None:
    """See to it that some process carries out the runs of the data folder.

    Starts `gitops-auditor executor` in a session of its own when no process is the executor; of two
    that are started at the same instant one ends at once. Raises Unavailable when it cannot.
    """
    await anyio.to_thread.run_sync(_ensure, settings)


def _ensure(settings: Settings) -> None:
    if not ExecutorLock(settings.data_dir).is_free():
        return
    log = settings.data_dir / LOG_NAME
    try:
        mode = "wb" if log.exists() and log.stat().st_size > LOG_BYTES else "ab"
        with log.open(mode) as errors:
            child = subprocess.Popen(
                COMMAND,
                env={**os.environ, **environment_of(settings)},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
    except OSError as error:
        raise Unavailable(
            f"The process that carries out runs cannot be started: {error.strerror}.",
            hint="Start `gitops-auditor serve`, which carries out runs itself.",
        ) from error
    # Somebody has to take note of its end, or it stays in the process table.
    threading.Thread(target=child.wait, daemon=True).start()


def environment_of(settings: Settings) -> Mapping[str, str]:
    """The variables that give another process the same settings."""
    found = {}
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if value is not None and value != field.default:
            found[str(field.alias)] = _text(value)
    return found


def _text(value: object) -> str:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case bool():
            return "true" if value else "false"
        case tuple():
            return ",".join(str(part) for part in value)
        case Path():
            return str(value.absolute())
        case _:
            return str(value)
