"""Brings runs to the engine: in the process that is elected for it, or in one of its own."""

from gitops_auditor.pipelines.executor.executor import Executor
from gitops_auditor.pipelines.executor.spawning import ensure_executor

__all__ = ["Executor", "ensure_executor"]
