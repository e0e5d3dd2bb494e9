import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.pipelines.definition import parse_definition
from gitops_auditor.pipelines.github_actions import Imported, import_workflow
from gitops_auditor.pipelines.models import Job, PipelineDefinition
from gitops_auditor.pipelines.trigger_models import Event, Manual, PullRequest, Push, Schedule
from gitops_auditor.pipelines.triggers import firing

HEAD = "name: ci\non: push\njobs:\n"


def definition_of(text: str) -> PipelineDefinition:
    return parse_definition(import_workflow(text).definition_text)


def workflow(steps: str, fields: str = "") -> str:
    return f"{HEAD}  build:\n    runs-on: ubuntu-latest\n{fields}    steps:\n{steps}"


def the_job(text: str) -> Job:
    return definition_of(text).stages[0].jobs[0]


def listed(found: Imported) -> dict[str, tuple[int, int]]:
    return {one.path: (one.line, one.column) for one in found.not_carried_over}


def output(job: Job, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(folder), **job.env, **variables}
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", str(job.script)],
        cwd=folder, env=environment, timeout=20, check=False, capture_output=True, encoding="utf-8",
    )  # fmt: skip


def test_a_single_command_is_the_script() -> None:
    assert the_job(workflow("      - name: Test\n        run: npm test\n")).script == (
        "# Test\nnpm test\n"
    )


def test_jobs_that_need_each_other_become_stages() -> None:
    text = (
        "on: push\njobs:\n"
        "  a: {runs-on: x, steps: [{run: 'true'}]}\n"
        "  b: {runs-on: x, steps: [{run: 'true'}]}\n"
        "  c: {needs: [a, b], runs-on: x, steps: [{run: 'true'}]}\n"
        "  d: {needs: c, runs-on: x, steps: [{run: 'true'}]}\n"
    )
    stages = definition_of(text).stages
    assert [[job.name for job in one.jobs] for one in stages] == [["a", "b"], ["c"], ["d"]]
    assert [one.parallel for one in stages] == [True, False, False]
    assert stages[1].jobs[0].needs == ("a", "b")


def test_jobs_that_only_partly_wait_stay_in_one_stage() -> None:
    text = (
        "on: push\njobs:\n"
        "  a: {runs-on: x, steps: [{run: 'true'}]}\n"
        "  b: {runs-on: x, steps: [{run: 'true'}]}\n"
        "  c: {needs: a, runs-on: x, steps: [{run: 'true'}]}\n"
    )
    stages = definition_of(text).stages
    assert len(stages) == 1
    assert stages[0].parallel
    assert stages[0].jobs[2].needs == ("a",)


def test_steps_do_not_see_what_another_one_set(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    steps = (
        "      - {run: 'export A=1; cd /', env: {B: one}}\n"
        '      - run: |\n          echo "[$A][$B]"\n          pwd\n'
        "        working-directory: sub\n"
    )
    done = output(the_job(workflow(steps)), tmp_path)
    assert done.stdout.split() == ["[][]", str(tmp_path / "sub")]


def test_the_first_step_that_fails_ends_the_job(tmp_path: Path) -> None:
    steps = "      - run: false\n      - run: echo later\n"
    done = output(the_job(workflow(steps)), tmp_path)
    assert (done.returncode, done.stdout) == (1, "")


def test_a_step_that_may_fail_stops_at_its_error_and_the_job_goes_on(tmp_path: Path) -> None:
    steps = (
        "      - {run: 'false; echo not here', continue-on-error: true}\n      - run: echo later\n"
    )
    done = output(the_job(workflow(steps)), tmp_path)
    assert (done.returncode, done.stdout) == (0, "later\n")


def test_a_pipe_fails_as_it_did_on_github(tmp_path: Path) -> None:
    steps = "      - run: false | true\n"
    assert output(the_job(workflow(steps)), tmp_path).returncode == 0
    steps = "      - {run: false | true, shell: bash}\n"
    assert output(the_job(workflow(steps)), tmp_path).returncode == 1


def test_variables_and_folders_reach_later_steps_through_githubs_files(tmp_path: Path) -> None:
    steps = (
        '      - run: echo A=b c >> $GITHUB_ENV; echo /added >> "$GITHUB_PATH"\n'
        '      - run: echo "$A"; echo "$PATH"\n'
    )
    done = output(the_job(workflow(steps)), tmp_path)
    assert done.stdout.startswith("b c\n/added:")


def test_a_step_in_python_runs_in_python(tmp_path: Path) -> None:
    steps = "      - {run: 'print(6 * 7)', shell: python3}\n"
    assert output(the_job(workflow(steps)), tmp_path).stdout == "42\n"


def test_values_of_expressions_reach_the_shell_only_as_variables(tmp_path: Path) -> None:
    steps = "      - run: echo ${{ inputs.who }} '${{ inputs.who }}' \"${{ inputs.who }}\"\n"
    job = the_job(workflow(steps))
    hostile = "$(touch hacked)"
    done = output(job, tmp_path, INPUT_WHO=hostile)
    assert done.stdout.count(hostile) == 3
    assert not (tmp_path / "hacked").exists()


@pytest.mark.parametrize(
    ("value", "variables", "expected"),
    [
        ("${{ matrix.py }}", {"MATRIX_PY": "3.11"}, "3.11"),
        ("v${{ matrix.py }}-$x", {"MATRIX_PY": "3.11"}, "v3.11-$x"),
        ("${{ matrix.tox || format('py{0}', matrix.py) }}", {"MATRIX_PY": "3"}, "py3"),
        ("${{ matrix.tox || 'all' }}", {"MATRIX_TOX": "lint"}, "lint"),
        ("${{ matrix.py == '3' && 'yes' || 'no' }}", {"MATRIX_PY": "3"}, "yes"),
        ("${{ matrix.py == '3' && 'yes' || 'no' }}", {"MATRIX_PY": "4"}, "no"),
        ("${{ runner.os }}", {}, "Linux"),
        ("`id` ${{ github.sha }}", {"GITOPS_COMMIT": "abc"}, "`id` abc"),
    ],
)
def test_a_variable_of_a_step_has_the_value_that_it_had_on_github(
    value: str, variables: dict[str, str], expected: str, tmp_path: Path
) -> None:
    fields = "    strategy: {matrix: {include: [{py: '3', tox: lint}]}}\n"
    steps = f'      - run: printf %s "$V"\n        env:\n          V: >-\n            {value}\n'
    assert output(the_job(workflow(steps, fields)), tmp_path, **variables).stdout == expected


@pytest.mark.parametrize(
    ("condition", "variables", "runs"),
    [
        ("github.event_name == 'push'", {"GITOPS_EVENT": "push"}, True),
        ("github.event_name == 'push'", {"GITOPS_EVENT": "manual"}, False),
        ("matrix.py != '3' && success()", {"MATRIX_PY": "4"}, True),
        ("github.ref == 'refs/heads/main'", {"GITOPS_BRANCH": "main"}, True),
        ("!(runner.os == 'Linux')", {}, False),
    ],
)
def test_a_condition_of_a_step_is_asked_by_the_script(
    condition: str, variables: dict[str, str], runs: bool, tmp_path: Path
) -> None:
    fields = "    strategy: {matrix: {py: [3, 4]}}\n"
    steps = f"      - run: echo ran\n        if: ${{{{ {condition} }}}}\n"
    given = {"GITOPS_EVENT": "push", **variables}
    done = output(the_job(workflow(steps, fields)), tmp_path, **given)
    assert done.stdout == ("ran\n" if runs else "")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("startsWith(github.ref, 'refs/tags/v')", "tag =~ /^v/"),
        ("startsWith(github.ref, 'refs/tags/')", "tag != ''"),
        ("github.ref == 'refs/heads/main'", "(event != 'pull_request' && branch == 'main')"),
        ("github.event_name != 'workflow_dispatch'", "!(event == 'manual')"),
        ("always()", "always()"),
        ("!cancelled() && !failure()", "(!(false) && !(failure()))"),
        ("github.event_name == 'release'", "false"),
        ("hashFiles('go.mod') != ''", "exists('go.mod')"),
        ("inputs.dry-run", "inputs.dry_run"),
        ("github.base_ref == 'main'", "base_branch == 'main'"),
    ],
)
def test_a_condition_of_a_job_is_said_in_our_words(theirs: str, ours: str) -> None:
    job = the_job(workflow("      - run: x\n", f"    if: ${{{{ {theirs} }}}}\n"))
    assert job.condition == ours


def test_a_condition_that_cannot_be_said_never_holds_and_is_listed() -> None:
    text = workflow("      - run: x\n", "    if: github.actor == 'somebody'\n")
    found = import_workflow(text)
    assert parse_definition(found.definition_text).stages[0].jobs[0].condition == "false"
    assert listed(found)["jobs.build.if"] == (6, 5)


def test_events_become_triggers() -> None:
    text = (
        "on:\n  push: {branches: [main], paths-ignore: ['docs/**']}\n"
        "  pull_request: {types: [opened]}\n"
        "  schedule: [{cron: '0 3 * * 1', timezone: Europe/Berlin}]\n"
        "  workflow_dispatch: {inputs: {dry-run: {type: boolean, default: true}}}\n"
        "  release: {}\n"
        "jobs: {a: {runs-on: x, steps: [{run: x}]}}\n"
    )
    found = import_workflow(text)
    definition = parse_definition(found.definition_text)
    kinds = [type(one) for one in definition.triggers]
    assert kinds == [Push, PullRequest, Schedule, Manual]
    assert listed(found)["on.release"] == (6, 3)

    def fires(*paths: str) -> bool:
        event = Event(type="push", branch="main", changed_paths=paths)
        return firing(definition.triggers, event).fires

    assert fires("docs/a.md", "src/a.py")
    assert not fires("docs/a.md")


def test_an_optional_character_of_a_glob_is_spelled_out() -> None:
    text = "on: {push: {paths: ['**.ya?ml']}}\njobs: {a: {runs-on: x, steps: [{run: x}]}}\n"
    (push,) = definition_of(text).triggers
    assert isinstance(push, Push)
    assert push.paths == ("**.yaml", "**.yml")


def test_actions_with_a_counterpart_are_carried_over() -> None:
    steps = (
        "      - uses: actions/checkout@v6\n"
        "      - {uses: actions/setup-node@v6, with: {node-version: 20}}\n"
        "      - uses: actions/cache@v5\n"
        "        with: {path: ~/.npm, key: \"${{ runner.os }}-${{ hashFiles('a.lock') }}\"}\n"
        "      - run: npm test\n"
        "      - uses: actions/upload-artifact@v7\n"
        "        if: always()\n"
        "        with: {name: report, path: out, retention-days: 5}\n"
    )
    found = import_workflow(workflow(steps))
    job = parse_definition(found.definition_text).stages[0].jobs[0]
    assert found.tools == ("node 20",)
    assert job.cache is not None
    assert (job.cache.key, job.cache.paths) == ('{{ os }}-{{ checksum "a.lock" }}', ("~/.npm",))
    assert job.artifacts is not None
    assert (job.artifacts.name, job.artifacts.when) == ("report", "always")
    assert job.artifacts.expire_in == 5 * 86_400


def test_what_has_no_counterpart_is_listed_with_its_place() -> None:
    steps = "      - uses: some/action@v1\n      - run: x\n"
    fields = "    container: node:20\n    services: {db: {image: postgres}}\n"
    found = listed(import_workflow(workflow(steps, fields)))
    assert found["jobs.build.container"] == (6, 5)
    assert found["jobs.build.services"] == (7, 5)
    assert found["jobs.build.steps.0"] == (9, 9)


def test_a_job_with_nothing_left_to_do_fails(tmp_path: Path) -> None:
    done = output(the_job(workflow("      - uses: some/deploy@v1\n")), tmp_path)
    assert done.returncode == 1
    assert "some/deploy" in done.stderr


def test_secrets_keep_their_names() -> None:
    steps = "      - {run: x, env: {TOKEN: '${{ secrets.DEPLOY_KEY }}'}}\n"
    job = the_job(workflow(steps, "    env: {NPM: '${{ secrets.NPM_TOKEN }}'}\n"))
    assert job.secrets == {"NPM": "NPM_TOKEN", "DEPLOY_KEY": "DEPLOY_KEY"}


def test_combinations_for_other_systems_are_left_out_and_listed() -> None:
    text = (
        f"{HEAD}  test:\n    runs-on: ${{{{ matrix.os }}}}\n    strategy:\n      matrix:\n"
        "        os: [ubuntu-latest, windows-latest]\n        node-version: [20, 22]\n"
        "    steps: [{run: npm test}]\n"
    )
    found = import_workflow(text)
    matrix = parse_definition(found.definition_text).stages[0].jobs[0].matrix
    assert matrix is not None
    assert matrix.axes == {"os": ("ubuntu-latest",), "node_version": ("20", "22")}
    assert "jobs.test.strategy.matrix.os" in listed(found)


def test_an_output_that_a_script_writes_is_handed_on() -> None:
    steps = "      - {id: v, run: 'echo version=1 >> $GITHUB_OUTPUT'}\n"
    fields = "    outputs: {version: '${{ steps.v.outputs.version }}'}\n"
    job = the_job(workflow(steps, fields))
    assert job.outputs == ("version",)
    assert 'export GITHUB_OUTPUT="$GITOPS_OUTPUT"' in str(job.script)


def test_a_step_for_another_shell_is_left_out_and_listed() -> None:
    steps = "      - {run: Get-Item, shell: pwsh}\n      - run: x\n"
    found = import_workflow(workflow(steps))
    assert "Get-Item" not in found.definition_text
    assert "jobs.build.steps.0.shell" in listed(found)


@pytest.mark.parametrize("text", ["", "a: [", "name: x\n", "jobs: []\n", "- x\n", "jobs: {}\n"])
def test_what_is_no_workflow_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        import_workflow(text)


def test_jobs_that_need_each_other_in_a_circle_are_refused() -> None:
    text = "on: push\njobs: {a: {needs: b, steps: []}, b: {needs: a, steps: []}}\n"
    with pytest.raises(InvalidRequest, match="need each other"):
        import_workflow(text)


_KEYS = [
    "name",
    "run",
    "uses",
    "with",
    "env",
    "if",
    "needs",
    "steps",
    "strategy",
    "matrix",
    "include",
    "path",
    "key",
    "shell",
    "a",
    "b-c",
    "cron",
    "working-directory",
    "branches",
    "inputs",
    "type",
    "default",
    "options",
    "outputs",
    "timeout-minutes",
    "environment",
]
_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-5, 500),
        st.text("ab${}'\"\\/.-_ \n:|&!()=", max_size=12),
        st.sampled_from(["${{ matrix.a }}", "${{ secrets.X }}", "push", "ubuntu-latest", "../x"]),
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(events=_VALUES, job=_VALUES, head=_VALUES)
@example(events="push", job={"steps": [{"run": "a", "env": {"a-b": "x"}}]}, head={})
def test_any_workflow_is_imported_or_refused_with_a_reason(
    events: object, job: object, head: object
) -> None:
    top = head if isinstance(head, dict) else {}
    text = json.dumps({**top, "on": events, "jobs": {"a": job, "b": {"needs": "a", "steps": []}}})
    try:
        found = import_workflow(text)
    except InvalidRequest as error:
        assert error.message
    else:
        parse_definition(found.definition_text)
