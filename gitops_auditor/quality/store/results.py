"""Validations, the results of their gates, and the evidence of each."""

import json
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import RowMapping, Select, delete, insert, select

from gitops_auditor.formats.findings import Finding, ToolReport
from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.results import GateResult, GateStatus, QualityReport
from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.quality_tables import (
    quality_evidence,
    quality_overrides,
    quality_results,
    quality_validations,
)

Connection = AsyncConnection
MOST_KEPT: Final = 1_000
"""Findings of one result that are kept, the worst first."""
MOST_RULES: Final = 20
_LEVEL: Final = 6
_PREFIX: Final = "override_"


class Filter(NamedTuple):
    """Which results to list; None does not restrict."""

    repository_id: str | None = None
    gate_type: GateType | None = None
    status: GateStatus | None = None
    gate_id: str | None = None


class NewResult(NamedTuple):
    """A result to be kept, and what it may be found by again (None: it may not)."""

    result: GateResult
    cache_key: str | None


_VALIDATION = (
    quality_validations.c.id,
    quality_validations.c.repository_id,
    quality_validations.c.gate_type,
    quality_validations.c.ref,
    quality_validations.c.commit_sha.label("commit"),
    quality_validations.c.tree_sha.label("tree"),
    quality_validations.c.base_sha.label("base"),
    quality_validations.c.files,
    quality_validations.c.enforcement,
    quality_validations.c.status,
    quality_validations.c.passed,
    quality_validations.c.reason,
    quality_validations.c.score,
    quality_validations.c.notes,
    quality_validations.c.executed_at,
    quality_validations.c.duration_seconds,
)
_RESULT = (
    quality_results.c.id,
    quality_results.c.validation_id,
    quality_results.c.repository_id,
    quality_results.c.gate_id,
    quality_results.c.gate,
    quality_results.c.gate_type,
    quality_results.c.kind,
    quality_results.c.status,
    quality_results.c.required,
    quality_results.c.details.label("reason"),
    quality_results.c.fix,
    quality_results.c.score,
    quality_results.c.counts,
    quality_results.c.new,
    quality_results.c.metrics,
    quality_results.c.duration_seconds,
    quality_results.c.cached_from,
    quality_results.c.commit_sha.label("commit"),
    quality_results.c.tree_sha.label("tree"),
    quality_results.c.digest,
    quality_results.c.run_id,
    quality_results.c.executed_at,
)
_OVERRIDE = (
    quality_results.c.override_id,
    quality_overrides.c.gate_id.label("override_gate_id"),
    quality_overrides.c.tree_sha.label("override_tree"),
    quality_overrides.c.reason.label("override_reason"),
    quality_overrides.c.created_by.label("override_created_by"),
    quality_overrides.c.created_at.label("override_created_at"),
)
_FROM = quality_results.outerjoin(
    quality_overrides, quality_overrides.c.id == quality_results.c.override_id
)


async def insert_report(
    transaction: Connection,
    report: QualityReport,
    results: Sequence[NewResult],
    actor: str,
    run_id: str | None,
) -> None:
    """Keep a validation, its results and their evidence."""
    await transaction.execute(
        insert(quality_validations).values(
            **report.model_dump(include=_PLAIN),
            commit_sha=report.commit,
            tree_sha=report.tree,
            base_sha=report.base,
            run_id=run_id,
            executed_by=actor,
        )
    )
    if not results:
        return
    await transaction.execute(insert(quality_results), [_row(one) for one in results])
    evidence = [
        {"result_id": one.result.id, "content": _evidence(one.result)}
        for one in results
        if one.result.findings or one.result.tools
    ]
    if evidence:
        await transaction.execute(insert(quality_evidence), evidence)


_PLAIN = {
    *("id", "repository_id", "gate_type", "ref", "files", "enforcement", "status", "passed"),
    *("reason", "score", "notes", "executed_at", "duration_seconds"),
}


def packed(findings: Sequence[Finding], tools: Sequence[ToolReport]) -> bytes:
    """Findings and reports of tools as they are kept; the findings of tools stand once only."""
    bare = [one.model_copy(update={"findings": ()}) for one in tools]
    document = {
        "findings": [one.model_dump(exclude_defaults=True) for one in findings],
        "tools": [one.model_dump(exclude_defaults=True) for one in bare],
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode("utf-8", "replace"), _LEVEL)


def unpacked(content: bytes) -> tuple[list[Finding], list[ToolReport]]:
    """What `packed` was given."""
    document = json.loads(zlib.decompress(content))
    findings = [Finding.model_validate(one) for one in document["findings"]]
    return findings, [ToolReport.model_validate(one) for one in document["tools"]]


async def report(connection: Connection, validation_id: str) -> QualityReport | None:
    """A validation with its results, without their evidence."""
    query = select(*_VALIDATION).where(quality_validations.c.id == validation_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        return None
    of_it = quality_results.c.validation_id == validation_id
    rows = await connection.execute(_stored().where(of_it).order_by(quality_results.c.id))
    gates = [_result(one) for one in rows.mappings()]
    return QualityReport(**{**row, "notes": row["notes"] or [], "gates": gates})


async def reports(
    connection: Connection,
    repository_id: str | None,
    gate_type: GateType | None,
    before: str | None,
    limit: int,
) -> list[QualityReport]:
    """Validations without their results, newest first, those before an id."""
    query = select(*_VALIDATION).order_by(quality_validations.c.id.desc()).limit(limit)
    if repository_id is not None:
        query = query.where(quality_validations.c.repository_id == repository_id)
    if gate_type is not None:
        query = query.where(quality_validations.c.gate_type == gate_type)
    if before is not None:
        query = query.where(quality_validations.c.id < before)
    rows = (await connection.execute(query)).mappings()
    return [QualityReport(**{**row, "notes": row["notes"] or [], "gates": []}) for row in rows]


async def result(connection: Connection, result_id: str) -> GateResult | None:
    """A result with its evidence."""
    query = _stored().where(quality_results.c.id == result_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else await with_evidence(connection, _result(row))


async def cached(connection: Connection, cache_key: str) -> GateResult | None:
    """The newest answer to the same question, with its evidence."""
    newest = quality_results.c.id.desc()
    # What was overridden did not pass, though it counts as if it had.
    same = (quality_results.c.cache_key == cache_key) & quality_results.c.override_id.is_(None)
    query = _stored().where(same).order_by(newest)
    row = (await connection.execute(query.limit(1))).mappings().one_or_none()
    return None if row is None else await with_evidence(connection, _result(row))


async def with_evidence(connection: Connection, found: GateResult) -> GateResult:
    """The result with its findings and the reports of its tools."""
    query = select(quality_evidence.c.content).where(quality_evidence.c.result_id == found.id)
    content = await connection.scalar(query)
    if content is None:
        return found
    findings, tools = unpacked(bytes(content))
    return found.model_copy(update={"findings": findings, "tools": tools})


async def page(
    connection: Connection, wanted: Filter, before: str | None, limit: int
) -> list[GateResult]:
    """Results without their evidence, newest first, those before an id."""
    query = _filtered(_stored(), wanted).order_by(quality_results.c.id.desc())
    if before is not None:
        query = query.where(quality_results.c.id < before)
    rows = await connection.execute(query.limit(limit))
    return [_result(row) for row in rows.mappings()]


async def any_before(connection: Connection, moment: datetime) -> bool:
    """Whether there are validations made before a moment."""
    query = select(quality_validations.c.id).where(quality_validations.c.executed_at < moment)
    return await connection.scalar(query.limit(1)) is not None


async def delete_before(transaction: Connection, moment: datetime) -> int:
    """Forget validations made before a moment, with their results; returns how many."""
    old = select(quality_validations.c.id).where(quality_validations.c.executed_at < moment)
    results = select(quality_results.c.id).where(quality_results.c.validation_id.in_(old))
    await transaction.execute(
        delete(quality_evidence).where(quality_evidence.c.result_id.in_(results))
    )
    await transaction.execute(
        delete(quality_results).where(quality_results.c.validation_id.in_(old))
    )
    gone = await transaction.execute(
        delete(quality_validations).where(quality_validations.c.executed_at < moment)
    )
    return int(gone.rowcount)


def _filtered(query: Select[Any], wanted: Filter) -> Select[Any]:
    for name, value in wanted._asdict().items():
        if value is not None:
            query = query.where(quality_results.c[name] == value)
    return query


def _stored() -> Select[Any]:
    """Results, each with the override that let it pass."""
    return select(*_RESULT, *_OVERRIDE).select_from(_FROM)


def _result(row: RowMapping) -> GateResult:
    values = {name: value for name, value in row.items() if not name.startswith(_PREFIX)}
    values |= {"reason": row["reason"] or "", "metrics": row["metrics"] or {}}
    # What was overridden is kept for as long as the result; what says so may be gone before.
    if row["override_created_at"] is not None:
        told = {name: value for name, value in row.items() if name.startswith(_PREFIX)}
        override = {name.removeprefix(_PREFIX): value for name, value in told.items()}
        values["override"] = {**override, "repository_id": row["repository_id"]}
    return GateResult.model_validate(values)


def _row(new: NewResult) -> dict[str, Any]:
    one = new.result
    values = one.model_dump(exclude={"findings", "tools", "override", "reason", "commit", "tree"})
    return {
        **values,
        "details": one.reason,
        "commit_sha": one.commit,
        "tree_sha": one.tree,
        "rules": _rules(one.findings),
        "cache_key": new.cache_key,
        "override_id": one.override.id if one.override else None,
    }


def _rules(findings: Sequence[Finding]) -> list[list[str | int]]:
    """The rules that found most: tool, rule, severity and how often."""
    found: dict[tuple[str, str, str], int] = {}
    for one in findings:
        key = (one.tool, one.rule, one.severity)
        found[key] = found.get(key, 0) + 1
    most = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST_RULES]
    return [[*key, count] for key, count in most]


def _evidence(result: GateResult) -> bytes:
    return packed(result.findings[:MOST_KEPT], result.tools)
