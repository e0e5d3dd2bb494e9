"""The log of an attempt, without the values of its secrets."""

from collections.abc import Mapping
from dataclasses import replace

from gitops_auditor.errors import JsonValue
from gitops_auditor.execution.masking import Masker
from gitops_auditor.execution.process import Stream
from gitops_auditor.pipelines.handlers import AttemptLog, Outcome

NOTE = "[gitops-auditor]"
"""Begins the lines that the platform writes itself."""


class MaskedLog:
    """Takes both streams of a job, in the order in which they come, and notes of the platform."""

    def __init__(self, log: AttemptLog, masker: Masker) -> None:
        self._log = log
        self._masker = masker
        self._streams = {"stdout": masker.stream(), "stderr": masker.stream()}
        self._in_line = False

    def take(self, stream: Stream, chunk: bytes) -> None:
        """Output of the job."""
        self._write(self._streams[stream].feed(chunk))

    def finish(self) -> None:
        """The job writes no more: give out what was held back."""
        for stream in self._streams.values():
            self._write(stream.finish())

    def note(self, text: str) -> None:
        """A line of the platform's own."""
        start = "\n" if self._in_line else ""
        self._write(f"{start}{NOTE} {self._masker.mask(text)}\n".encode())

    def masked(self, outcome: Outcome) -> Outcome:
        """The outcome without secrets in its reason, outputs and metrics."""
        mask = self._masker.mask
        return replace(
            outcome,
            reason=mask(outcome.reason),
            outputs={name: mask(value) for name, value in outcome.outputs.items()},
            metrics={name: self._masked(value) for name, value in outcome.metrics.items()},
        )

    def _masked(self, value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            return self._masker.mask(value)
        if isinstance(value, Mapping):
            return {name: self._masked(inner) for name, inner in value.items()}
        return value

    def _write(self, data: bytes) -> None:
        if data:
            self._log.write(data)
            self._in_line = not data.endswith(b"\n")
