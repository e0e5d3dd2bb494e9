"""Documents in SARIF 2.1.0 that tests change, and short ways to read them."""

import json
from typing import Any

from gitops_auditor.formats.sarif import SarifResult, SarifRun, read_sarif

ROOT = "/root/it"


def result(**changes: object) -> dict[str, Any]:
    """A result; a change to None drops what it names."""
    whole: dict[str, Any] = {
        "ruleId": "R1",
        "level": "error",
        "message": {"text": "bad"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "src/a.py"},
                    "region": {"startLine": 3, "startColumn": 5, "endLine": 4},
                }
            }
        ],
    }
    return {key: value for key, value in {**whole, **changes}.items() if value is not None}


def at(uri: object, **region: object) -> list[dict[str, Any]]:
    location = uri if isinstance(uri, dict) else {"uri": uri}
    return [{"physicalLocation": {"artifactLocation": location, "region": region}}]


def document(*results: dict[str, Any], driver: object = None, **run: object) -> dict[str, Any]:
    tool = {"driver": driver or {"name": "T", "version": "1"}}
    return {"version": "2.1.0", "runs": [{"tool": tool, "results": [*results], **run}]}


def read(value: object) -> list[SarifRun]:
    return read_sarif(json.dumps(value).encode(), root=ROOT)


def one(value: object) -> SarifRun:
    (run,) = read(value)
    return run


def found(*results: dict[str, Any], **run: Any) -> SarifResult:
    (only,) = one(document(*results, **run)).results
    return only
