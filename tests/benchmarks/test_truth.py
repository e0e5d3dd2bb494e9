from datetime import UTC, datetime
from pathlib import Path

from gitops_auditor.dependencies.models import Dependency, DependencyType
from tests.benchmarks.truth import Edge, agreement, fetch_missing, read_truth
from tests.factories.git import make_repository

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = """consumer,provider,type,name,constraint,file,line,tier,scope,note
h3,ufo,npm,ufo,^1,package.json,3,A,dependencies,
h3,ufo,npm,ufo,^1,package.json,9,A,devDependencies,
h3,automd,npm,pnpm automd,,ci.yml,4,B,ci,
"""


def found(
    name: str, target: str | None, *, file: str = "package.json", confidence: float = 1.0
) -> Dependency:
    return Dependency(
        id=f"{name}{target}{file}",
        source_repo="unjs/h3",
        target_repo=target,
        dependency_type=DependencyType.NPM,
        name=name,
        confidence=confidence,
        file=file,
        line=1,
        discovered_at=NOW,
        last_validated=NOW,
    )


def test_edges_are_compared_with_their_number_and_outside_ones_do_not_count(
    tmp_path: Path,
) -> None:
    (tmp_path / "unjs.csv").write_text(ROWS, encoding="utf-8")
    scanned = [
        found("ufo", "unjs/ufo"),
        found("rou3", "unjs/rou3"),
        found("react", None),
        found("pnpm automd", "unjs/automd", file="ci.yml", confidence=0.5),
    ]
    declared, scripted = agreement(read_truth(tmp_path / "unjs.csv"), scanned)
    assert list(declared.missed) == [Edge("h3", "ufo", "package.json", "ufo")]
    assert list(declared.wrong) == [Edge("h3", "rou3", "package.json", "rou3")]
    assert (declared.recall, declared.precision) == (0.5, 0.5)
    assert (scripted.recall, scripted.precision) == (1.0, 1.0)


def test_a_declared_edge_that_the_scan_doubts_is_missed(tmp_path: Path) -> None:
    (tmp_path / "unjs.csv").write_text(ROWS, encoding="utf-8")
    declared, _ = agreement(
        read_truth(tmp_path / "unjs.csv"), [found("ufo", "unjs/ufo", confidence=0.5)]
    )
    assert declared.recall == 0.0


async def test_a_missing_repository_is_fetched_at_the_commit_of_the_index(tmp_path: Path) -> None:
    commit = await make_repository(tmp_path / "forge/unjs/ufo", {"package.json": "{}"})
    index = tmp_path / "INDEX.csv"
    rows = f"family,repo,commit,date\nunjs,unjs/ufo,{commit},2026-01-15\nother,a/b,{commit},x\n"
    index.write_text(rows, encoding="utf-8")
    corpus = tmp_path / "corpus"
    for _ in range(2):
        fetch_missing(index, "unjs", corpus, f"file://{tmp_path / 'forge'}")
    assert [path.name for path in corpus.iterdir()] == ["ufo"]
    assert (corpus / "ufo/package.json").read_text(encoding="utf-8") == "{}"
