"""How a job's process ended, in the words of the platform."""

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gitops_auditor.execution.supervision.orders import Ending, Isolation, Limit, Limits, Order

FailureKind = Literal["failed", "errored", "timeout", "lost", "cancelled"]


@dataclass(frozen=True, slots=True)
class JobResult:
    """How a job's process ended.

    `exit_code` is 128 + the signal's number for a process that a signal ended, None when there was
    none. `failure` is None for success; `exceeded` names the limit that ended the job. Times are in
    seconds, sizes in bytes. `left_processes` were still running when the job's first process ended
    and were killed; `all_gone` says that nothing of the job is known to run any more.
    """

    exit_code: int | None
    failure: FailureKind | None
    reason: str
    isolation: Isolation
    exceeded: Limit | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0
    output_bytes: int = 0
    left_processes: int = 0
    all_gone: bool = True


def result_of(order: Order, outcome: Mapping[str, Any] | None, output_bytes: int) -> JobResult:
    """The result of a supervisor's outcome; None means that the supervisor itself was killed."""
    if outcome is None:
        reason = "The process that supervised the job was killed, and the job with it."
        return JobResult(
            None, "lost", reason, order.isolation, output_bytes=output_bytes, all_gone=False
        )
    if "error" in outcome:
        return JobResult(
            None, "errored", outcome["error"], order.isolation, output_bytes=output_bytes
        )
    exit_code = _exit_code(outcome["status"])
    failure, reason, exceeded = _verdict(order, outcome["ending"], exit_code)
    return JobResult(
        exit_code=exit_code,
        failure=failure,
        reason=reason,
        isolation=order.isolation,
        exceeded=exceeded,
        seconds=outcome["seconds"],
        cpu_seconds=outcome["cpu_seconds"],
        peak_memory_bytes=outcome["peak_memory_bytes"],
        output_bytes=output_bytes,
        left_processes=outcome["left"],
        all_gone=outcome["gone"],
    )


def _exit_code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _verdict(
    order: Order, ending: Ending, exit_code: int
) -> tuple[FailureKind | None, str, Limit | None]:
    if ending == "timeout":
        return "timeout", f"It ran longer than its {round(order.timeout, 1):g} seconds.", None
    if ending == "cancel":
        return "cancelled", "It was cancelled.", None
    if ending != "exit":
        return "failed", f"It was ended: it {_excess(order.limits, ending)}.", ending
    if exit_code == 0:
        return None, "", None
    if exit_code == 128 + signal.SIGXFSZ and order.limits.file_bytes is not None:
        size = _size(order.limits.file_bytes)
        reason = f"It was ended: it wrote more than {size} into one file."
        return "failed", reason, "workspace"
    return "failed", _exit_reason(exit_code), None


def _excess(limits: Limits, limit: Limit) -> str:
    sentences: dict[Limit, str] = {
        "cpu": f"used more than {limits.cpu_seconds} seconds of processor time",
        "memory": f"used more than {_size(limits.memory_bytes)} of memory",
        "processes": f"ran more than {limits.processes} processes at once",
        "workspace": f"wrote more than {_size(limits.workspace_bytes)} into its folders",
        "output": f"wrote more than {_size(limits.output_bytes)} of output",
    }
    return sentences[limit]


def _size(size: int | None) -> str:
    return f"{(size or 0) / 2**20:g} MiB"


def _exit_reason(exit_code: int) -> str:
    if exit_code > 128 and exit_code - 128 in set(signal.Signals):
        return f"It was ended by {signal.Signals(exit_code - 128).name}."
    return f"It ended with exit code {exit_code}."
