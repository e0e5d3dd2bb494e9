import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gitops_auditor.formats.nodes import Node
from gitops_auditor.formats.problems import Problem
from gitops_auditor.formats.yaml_positions import parse_yaml
from gitops_auditor.pipelines.definition import (
    InvalidDefinition,
    parse_definition,
    read_definition,
)
from gitops_auditor.pipelines.editor_schema import editor_schema
from gitops_auditor.pipelines.models import Job, PipelineDefinition
from gitops_auditor.pipelines.trigger_models import Manual, Push, Schedule, Webhook

FOLDER = Path(__file__).parent
EXAMPLE = (FOLDER / "document_example.yaml").read_text(encoding="utf-8")
SAMPLES = ["document_example.yaml", "form_b.yaml", "everything.yaml"]
STAGE = "  - name: s\n    jobs:\n"
ONE_JOB = f"{STAGE}      - {{name: j, script: x}}\n"


def definition(stages: str, **fields: str) -> str:
    head = "".join(f"{key}: {value}\n" for key, value in fields.items())
    return f"name: x\n{head}stages:\n{stages}"


def job_with(field: str) -> str:
    return definition(
        f"  - name: s\n    jobs:\n      - name: j\n        script: x\n        {field}\n"
    )


def problems(text: str) -> tuple[Problem, ...]:
    return read_definition(text, "p.yaml").problems


def the_job(text: str) -> Job:
    return parse_definition(text).stages[0].jobs[0]


def plain(node: Node) -> object:
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.value.items()}
    return [plain(item) for item in node.value] if isinstance(node.value, list) else node.value


def test_the_example_is_the_one_of_the_document_byte_for_byte() -> None:
    digest = hashlib.sha256(EXAMPLE.encode()).hexdigest()
    assert digest == "aedae9e1d1949ecde785aec2dc7e7a750fda0a01def2c57974343b64e9f41db0"


def test_the_example_of_the_document_is_read() -> None:
    found = parse_definition(EXAMPLE)
    assert [stage.name for stage in found.stages] == ["quality-check", "build", "test", "deploy"]
    linting, security = found.stages[0].jobs
    assert found.stages[0].parallel
    assert (linting.mcp, linting.config) == ("code-linter", ".eslintrc.js")
    assert security.severity == "medium"
    compile_job, tests = found.stages[1].jobs[0], found.stages[2].jobs[0]
    assert compile_job.cache is not None
    assert compile_job.cache.paths == ("node_modules",)
    assert tests.coverage is not None
    assert tests.coverage.threshold == 80
    assert found.stages[3].condition == "branch == 'main'"
    assert found.stages[3].jobs[0].action == "create-release"


def test_both_dialects_give_equal_models() -> None:
    other = (FOLDER / "form_b.yaml").read_text(encoding="utf-8")
    assert parse_definition(other) == parse_definition(EXAMPLE)


def test_json_gives_the_same_model_as_yaml() -> None:
    as_json = json.dumps(plain(parse_yaml(EXAMPLE)[0].root))
    assert parse_definition(as_json) == parse_definition(EXAMPLE)
    assert parse_definition(as_json, "pipeline.json") == parse_definition(EXAMPLE)


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_stored_definition_is_read_back_equal(sample: str) -> None:
    found = parse_definition((FOLDER / sample).read_text(encoding="utf-8"))
    assert PipelineDefinition.model_validate_json(found.model_dump_json()) == found


def test_every_shorthand_means_what_it_says() -> None:
    found = parse_definition((FOLDER / "everything.yaml").read_text(encoding="utf-8"))
    unit, types, lint = found.stages[0].jobs
    assert found.timeout == 5400
    assert found.env == {"NODE_VERSION": "20", "CI": "true"}
    assert found.secrets == {"NPM_TOKEN": "NPM_TOKEN"}
    assert unit.script == "pip install .\npytest"
    assert unit.retries is not None
    assert [unit.retries.wait_before(n) for n in (1, 2)] == [5, 5]
    assert unit.matrix is not None
    assert unit.matrix.axes == {"python": ("3.11", "3.12"), "os": ("linux",)}
    assert unit.outputs == ("version",)
    assert unit.artifacts is not None
    assert unit.artifacts.paths == ("dist/*.whl",)
    assert (types.timeout, types.network_access, unit.network_access) == (300, "none", "full")
    assert lint.severity == "high"
    assert found.stages[1].needs == ("checks",)
    assert found.stages[2].jobs[1].retries is not None
    others = [type(one) for one in found.triggers if isinstance(one, Push | Webhook | Manual)]
    assert others == [Push, Webhook, Manual]
    crons = [one.cron for one in found.triggers if isinstance(one, Schedule)]
    assert crons == ["0 3 * * 1-5", "*/15 * * * *"]


def test_jobs_may_run_again_after_a_crash_unless_they_call_a_server() -> None:
    found = parse_definition((FOLDER / "everything.yaml").read_text(encoding="utf-8"))
    jobs = {job.name: job for stage in found.stages for job in stage.jobs}
    assert jobs["unit"].is_repeatable
    assert not jobs["lint"].is_repeatable
    assert [jobs[name].kind for name in ("unit", "lint", "ask", "gate")] == [
        "script",
        "mcp",
        "approval",
        "gate",
    ]


def test_waiting_doubles_up_to_its_limit() -> None:
    job = the_job(job_with("retries: {limit: 5, delay: 2, max_delay: 10}"))
    assert job.retries is not None
    assert [job.retries.wait_before(n) for n in (1, 2, 3, 4)] == [2, 4, 8, 10]


@pytest.mark.parametrize("version", ['"2.0"', "2.0", '"1.0"', "2", "1.5"])
def test_known_versions_are_accepted(version: str) -> None:
    found = parse_definition(definition(ONE_JOB, version=version))
    assert found.version == version.strip('"')


@pytest.mark.parametrize("version", ['"3.0"', "20", "two"])
def test_an_unknown_version_is_refused_with_a_hint(version: str) -> None:
    found = problems(definition(ONE_JOB, version=version))
    assert [(one.line, one.column) for one in found] == [(2, 1)]
    assert 'write version: "2.0"' in found[0].message


@pytest.mark.parametrize(
    ("field", "column", "words"),
    [
        ("scirpt: y", 9, "did you mean `script`"),
        ("levle: high", 9, "did you mean `level`"),
        ("timeout: soon", 9, "not a duration"),
        ("timeout: 0", 9, "`timeout` cannot be 0"),
        ("timeout: 40d", 9, "`timeout` cannot be"),
        ("cache: /abs", 9, "absolute"),
        ("cache: ../up", 9, "leaves the repository"),
        ("cache: ~/../up", 9, "leaves the repository"),
        ("cache: {paths: []}", 17, "empty"),
        ("cache: {key: '{{ x }}', paths: a}", 17, "cache key"),
        ("cache: {key: 'a }}', paths: a}", 17, "counterpart"),
        ("""cache: {key: '{{ checksum "/etc/x" }}', paths: a}""", 17, "absolute"),
        ("coverage: lots", 9, "not a percentage"),
        ("coverage: 101%", 9, "cannot be"),
        ("coverage: {report: a.xml}", 9, "`threshold` is missing"),
        ("artifacts: {paths: a, wehn: always}", 31, "did you mean `when`"),
        ("retries: 99", 9, "less than or equal to 10"),
        ("retries: true", 9, "has to be a mapping"),
        ("retries: {limit: 1, on: lost}", 29, "has to be 'failed'"),
        ("approval: sure", 9, "script and approval"),
        ("action: create", 9, "`action` is for jobs with `mcp`"),
        ("level: nope", 9, "'critical', 'high'"),
        ("network: half", 9, "'full' or 'none'"),
        ("image: alpine", 9, "not in a container"),
        ("condition: brnch == 'x'", 9, "did you mean `branch`"),
        ("env: {1A: x}", 15, "string should match pattern"),
        ("env: [a]", 9, "has to be a mapping"),
        ("allow_failure: maybe", 9, "true or false"),
        ("needs: nowhere", 9, "There is no job `nowhere`"),
        ("matrix: {python: []}", 18, "empty"),
        ("matrix: {include: []}", 9, "no combination"),
        ("name: again", 9, "occurs twice"),
    ],
)
def test_a_mistake_in_a_job_is_named_with_its_place(field: str, column: int, words: str) -> None:
    found = problems(job_with(field))
    assert words in found[0].message
    assert found[0].path == "p.yaml"
    if not field.startswith("action") and not field.startswith("approval"):
        assert (found[0].line, found[0].column) == (7, column)
    assert len(found) == 1


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ("- build:\n        script: make", "indented below"),
        ("- build: make", "build: {script: ...}"),
        ("- make", "A job is a mapping"),
        ("- build: {}", "says nothing to do"),
        ("- build: {name: other, script: x}", "named twice"),
        ("- {name: j, mcp: github, level: high, severity: low}", "says the same"),
        ("- {name: a/b, script: x}", "`name` cannot be"),
        ("- {script: x}", "`name` is missing"),
        ("- {name: j, mcp: linter}", "configured are: github"),
    ],
)
def test_a_job_written_wrongly_says_how_to_write_it(job: str, words: str) -> None:
    text = definition(f"  - name: s\n    jobs:\n      {job}\n")
    found = read_definition(text, "p.yaml", servers={"github"}).problems
    assert words in found[0].message
    assert found[0].line == 5
    assert len(found) == 1


@pytest.mark.parametrize(
    ("triggers", "words"),
    [
        ("[pusch]", "did you mean `push`"),
        ("[3]", "a name such as `push`"),
        ("[{push: {brnches: [a]}}]", "did you mean `branches`"),
        ("[{push: 3}]", "settings of `push` are a mapping"),
        ("[{schedule: {}}]", "`cron` is missing"),
        ("[{schedule: '* * *'}]", "five fields"),
        ("[{schedule: {cron: '0 0 * * *', timezone: Nowhere}}]", "no time zone"),
        ("[{push: {branches: '[b-a]'}}]", "is not a glob"),
        ("[{manual: {inputs: {a: {type: choice}}}}]", "options"),
        ("[{manual: {inputs: {a: {type: number, default: x}}}}]", "not a valid number"),
    ],
)
def test_a_trigger_written_wrongly_says_how_to_write_it(triggers: str, words: str) -> None:
    text = definition(ONE_JOB, triggers=triggers)
    found = problems(text)
    assert words in found[0].message
    assert (found[0].line, len(found)) == (2, 1)


def test_all_mistakes_are_collected_in_the_order_of_the_file() -> None:
    text = "naem: x\nversion: 9\nstages:\n  - name: s\n    jobs:\n      - j: {scrip: x}\n"
    found = problems(text)
    assert [one.line for one in found] == [1, 1, 2, 6]
    with pytest.raises(InvalidDefinition) as caught:
        parse_definition(text, "ci/p.yaml")
    assert caught.value.problems[0].path == "ci/p.yaml"
    assert "ci/p.yaml:1:1" in caught.value.message
    assert "3 more" in caught.value.message
    assert caught.value.code == "invalid_request"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "empty"),
        ("null", 1, "empty"),
        ("- a", 1, "is a mapping"),
        ("a: b\n---\nc: d", 3, "one pipeline"),
        ("a: [", 2, "Not YAML"),
        ('{"name": }', 1, ""),
        ("name: x\nstages: []", 2, "`stages` is empty"),
        ("name: x\nstages: 3", 2, "`stages` has to be a list"),
    ],
)
def test_what_is_no_definition_is_said_so(text: str, line: int, words: str) -> None:
    found = problems(text)
    assert words in found[0].message
    assert found[0].line == line


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    reading = read_definition(text)
    assert reading.definition is not None or reading.problems


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "stages", "jobs", "script", "push", "needs", "x", "triggers"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(st.dictionaries(st.sampled_from(["name", "stages", "triggers", "always"]), _VALUES))
def test_any_tree_is_read_or_refused_with_a_place(tree: dict[str, object]) -> None:
    for one in problems(json.dumps(tree)):
        assert one.line >= 1
        assert one.column >= 1


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_schema_for_editors_accepts_what_the_reader_accepts(sample: str) -> None:
    tree = plain(parse_yaml((FOLDER / sample).read_text(encoding="utf-8"))[0].root)
    validator = Draft202012Validator(editor_schema())
    assert [one.message for one in validator.iter_errors(tree)] == []


@pytest.mark.parametrize(
    "field", ["scirpt: y", "level: nope", "retries: 99", "network: half", "needs: {}"]
)
def test_the_schema_for_editors_refuses_mistakes(field: str) -> None:
    tree = plain(parse_yaml(job_with(field))[0].root)
    assert not Draft202012Validator(editor_schema()).is_valid(tree)
