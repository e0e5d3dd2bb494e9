"""Every reader of logs."""

from typing import Final

from gitops_auditor.pipelines.failures import (
    compiled_logs,
    diagnostics,
    javascript_logs,
    machine_logs,
    python_logs,
)
from gitops_auditor.pipelines.failures.models import Reader

READERS: Final[tuple[Reader, ...]] = (
    python_logs.read_pytest,
    python_logs.read_unittest,
    python_logs.read_traceback,
    javascript_logs.read_jest,
    javascript_logs.read_vitest,
    javascript_logs.read_mocha,
    javascript_logs.read_node_tests,
    javascript_logs.read_node_crash,
    compiled_logs.read_rust_panic,
    compiled_logs.read_go_tests,
    compiled_logs.read_surefire,
    compiled_logs.read_gradle,
    diagnostics.read_diagnostics,
    diagnostics.read_formatting,
    diagnostics.read_linker,
    *machine_logs.READERS,
)
