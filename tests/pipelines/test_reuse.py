import json
from collections.abc import Callable

import pytest
import yaml
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
from gitops_auditor.pipelines.expanded_source import expand_source, missing_files
from gitops_auditor.pipelines.ordering import arrange

TESTS = """\
name: x
templates:
  tests:
    description: Tests on one version
    inputs:
      version: {type: string, required: true}
      minutes: {type: number, default: 5}
      systems: {type: list, default: [linux]}
    jobs:
      - name: "test-{{ inputs.version }}"
        script: ./test "$INPUT_VERSION"
        timeout: "{{ inputs.minutes }}m"
        matrix: {os: "{{ inputs.systems }}"}
      - "report":
          script: ./report
          allow_failure: true
stages:
  - name: s
    jobs:
      - template: tests
        with: {version: 3.10, systems: [linux, mac]}
      - name: own
        script: x
"""
SHARED = """\
templates:
  deploy:
    inputs:
      target: {type: choice, options: [staging, production]}
      wait: {type: boolean, default: true}
    stages:
      - name: "{{ inputs.target }}"
        parallel: "{{ inputs.wait }}"
        jobs:
          - template: notify
            with: {text: "{{ inputs.target }} starts"}
          - name: deploy
            condition: branch == '{{ inputs.target }}'
            environment: "{{ inputs.target }}"
            script: ./deploy
  notify:
    inputs:
      text:
    jobs:
      - name: notify
        script: echo "$INPUT_TEXT"
"""
USES_FILE = """\
name: x
stages:
  - template: deploy
    file: ci/shared.yaml
    with: {target: production}
"""
CONDITION = "\"branch == '{{ inputs.a }}'\""
HOSTILE = "{default: \"' || always() || '\"}"


def files(**texts: str) -> Callable[[str], str | None]:
    known = {"ci/shared.yaml": SHARED, **{f"{name}.yaml": text for name, text in texts.items()}}
    return known.get


def problems(text: str, **texts: str) -> tuple[Problem, ...]:
    return read_definition(text, "p.yaml", reader=files(**texts)).problems


def using(template: str, use: str = "{template: t}") -> str:
    """A definition with the template `t` and one use of it; the use is in the last line."""
    return f"name: x\ntemplates:\n  t: {template}\nstages:\n  - name: s\n    jobs:\n      - {use}\n"


def plain(node: Node) -> object:
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.value.items()}
    return [plain(item) for item in node.value] if isinstance(node.value, list) else node.value


def test_the_jobs_of_a_template_stand_where_it_is_used_with_its_inputs_filled_in() -> None:
    test, report, own = parse_definition(TESTS).stages[0].jobs
    assert (test.name, test.timeout) == ("test-3.10", 300)
    assert test.matrix is not None
    assert test.matrix.axes == {"os": ("linux", "mac")}
    assert (report.name, report.allow_failure, own.name) == ("report", True, "own")


def test_scripts_find_the_inputs_of_their_template_in_the_environment() -> None:
    test, report, own = parse_definition(TESTS).stages[0].jobs
    assert test.env == report.env
    assert test.env["INPUT_VERSION"] == "3.10"
    assert test.env["INPUT_SYSTEMS"] == "linux\nmac"
    assert own.env == {}


def test_a_variable_that_the_job_sets_itself_wins_over_the_input() -> None:
    template = "{inputs: {a: {default: x}}, jobs: [{name: j, script: y, env: {INPUT_A: own}}]}"
    assert parse_definition(using(template)).stages[0].jobs[0].env == {"INPUT_A": "own"}


def test_stages_come_from_a_file_of_the_repository_and_may_use_templates_beside_them() -> None:
    stage = parse_definition(USES_FILE, reader=files()).stages[0]
    assert (stage.name, stage.parallel) == ("production", True)
    notify, deploy = stage.jobs
    assert notify.env == {"INPUT_TEXT": "production starts"}
    assert deploy.env == {"INPUT_TARGET": "production", "INPUT_WAIT": "true"}
    assert deploy.condition == "branch == 'production'"


def test_templates_serve_rollback_and_always_too() -> None:
    text = using("{jobs: [{name: j, script: x}]}") + "always: [{template: t}]\n"
    assert parse_definition(text).always[0].name == "j"


def test_a_job_may_still_be_called_template() -> None:
    text = "name: x\nstages: [{name: s, jobs: [{template: {script: make}}]}]"
    assert parse_definition(text).stages[0].jobs[0].name == "template"


def test_what_looks_like_an_input_outside_of_templates_stays_as_it_is() -> None:
    text = "name: x\nstages: [{name: s, jobs: [{name: j, script: 'echo {{ inputs.a }}'}]}]"
    assert parse_definition(text).stages[0].jobs[0].script == "echo {{ inputs.a }}"


@pytest.mark.parametrize(
    ("template", "use", "words"),
    [
        ("{jobs: [{name: j, script: x}]}", "{template: tt}", "did you mean `t`"),
        ("{jobs: [{name: j, script: x}]}", "{template: t, name: j}", "Unknown field `name`"),
        ("{jobs: [{name: j, script: x}]}", "{template: t, with: [a]}", "`with` is a mapping"),
        ("{jobs: [{name: j, script: x}]}", "{template: t, with: {a: 1}}", "no input `a`"),
        ("{jobs: [{name: j, script: x}]}", "{template: t, file: no.yaml}", "no file no.yaml"),
        ("{jobs: [{name: j, script: x}]}", "{template: t, file: /etc/x}", "absolute"),
        ("{jobs: [{name: j, script: x}]}", "{template: t, file: ../x}", "leaves the repository"),
        ("{inputs: {a: {required: true}}, jobs: [{name: j, script: x}]}", "{template: t}",
         "needs the input `a`"),
        ("{inputs: {a: {type: number}}, jobs: [{name: j, script: x}]}",
         "{template: t, with: {a: b}}", "`a` has to be a number"),
        ("{inputs: {a: {type: list}}, jobs: [{name: j, script: x}]}",
         "{template: t, with: {a: [[b]]}}", "`a` has to be a list"),
        ("{inputs: {a: {type: choice, options: [b, c]}}, jobs: [{name: j, script: x}]}",
         "{template: t, with: {a: d}}", "out of b, c"),
    ],
)  # fmt: skip
def test_a_wrong_use_is_named_where_it_is(template: str, use: str, words: str) -> None:
    found = problems(using(template, use))
    assert words in found[0].message
    assert (found[0].path, found[0].line, len(found)) == ("p.yaml", 7, 1)


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("3", "no list of jobs"),
        ("{jobs: []}", "no list of jobs"),
        ("{stages: [{name: s}]}", "template of stages"),
        ("{jobs: [{name: j, script: x}], stages: [{name: s}]}", "jobs and stages"),
        ("{jobs: [{name: j, script: x}], when: always}", "Unknown field `when`"),
        ("{jobs: [{name: j, scirpt: x}]}", "did you mean `script`"),
        ("{jobs: [{name: j, script: x}], inputs: [a]}", "`inputs` is a mapping"),
        ("{jobs: [{name: j, script: x}], inputs: {a: 1}}", "Describe the input"),
        ("{jobs: [{name: j, script: x}], inputs: {a-b: }}", "is not a name"),
        ("{jobs: [{name: j, script: x}], inputs: {a: , A: }}", "but for capitals"),
        ("{jobs: [{name: j, script: x}], inputs: {a: {type: text}}}", "cannot be declared so"),
        ("{jobs: [{name: j, script: x}], inputs: {a: {type: choice}}}", "give `options`"),
        ("{jobs: [{name: j, script: x}], inputs: {a: {type: number, default: x}}}",
         "not a valid number"),
        ("{jobs: [{name: j, script: 'x {{ inputs.a }}'}], inputs: {a: }}", 'write "$INPUT_A"'),
        ("{jobs: [{name: j, script: ['{{ inputs.a }}']}], inputs: {a: }}", 'write "$INPUT_A"'),
        ("{jobs: [{name: j, script: x, env: {b: '{{inputs.b}}'}}]}", "no input `b`"),
        ("{jobs: [{'{{ inputs.a }}': {script: x}}], inputs: {a: }}", "key stays as it is"),
        ("{jobs: [{name: 'j {{ inputs.a }}', script: x}], inputs: {a: {type: list}}}",
         "cannot be part of a text"),
        (f"{{jobs: [{{name: j, script: x, condition: {CONDITION}}}], inputs: {{a: {HOSTILE}}}}}",
         "not allowed within a condition"),
        ("{jobs: [{template: t}]}", "`t` uses `t`"),
    ],
)  # fmt: skip
def test_a_wrong_template_is_named_with_its_place_and_that_of_its_use(
    template: str, words: str
) -> None:
    found = problems(using(template))
    assert words in found[0].message
    assert (found[0].path, found[0].line, len(found)) == ("p.yaml", 3, 1)
    assert "(used in p.yaml:7" in found[0].message


def test_a_mistake_in_a_template_of_a_file_has_its_place_there_and_says_the_way() -> None:
    wrong = SHARED.replace("script: echo", "scirpt: echo")
    text = USES_FILE.replace("ci/shared.yaml", "wrong.yaml")
    found = problems(text, wrong=wrong)
    line = wrong[: wrong.index("scirpt")].count("\n") + 1
    use = wrong[: wrong.index("template: notify")].count("\n") + 1
    assert [(one.path, one.line, one.column) for one in found] == [("wrong.yaml", line, 9)]
    assert f"(used in wrong.yaml:{use}, which is used in p.yaml:3)" in found[0].message


def test_a_value_that_does_not_fit_its_field_is_named_where_it_is_filled_in() -> None:
    template = "{inputs: {t: }, jobs: [{name: j, script: x, timeout: '{{ inputs.t }}'}]}"
    found = problems(using(template, "{template: t, with: {t: soon}}"))
    assert "'soon' is not a duration" in found[0].message
    assert (found[0].line, len(found)) == (3, 1)


def test_one_mistake_of_a_template_is_reported_once_however_often_it_is_used() -> None:
    text = using("{inputs: {n: }, jobs: [{name: '{{ inputs.n }}', scirpt: x}]}")
    text += "      - {template: t, with: {n: b}}\n"
    assert len([one for one in problems(text) if "scirpt" in one.message]) == 1


def test_templates_that_use_each_other_are_refused_with_the_way() -> None:
    a = "templates: {t: {jobs: [{template: u, file: b.yaml}]}}"
    b = "templates: {u: {jobs: [{template: t, file: a.yaml}]}}"
    found = problems(using("{jobs: [{template: t, file: a.yaml}]}"), a=a, b=b)
    assert "`t` uses `t` of a.yaml uses `u` of b.yaml uses `t` of a.yaml" in found[0].message
    assert found[0].path == "b.yaml"


def test_templates_nested_too_deeply_are_refused() -> None:
    chain = "".join(f"  t{n}: {{jobs: [{{template: t{n + 1}}}]}}\n" for n in range(11))
    text = f"name: x\ntemplates:\n{chain}stages: [{{name: s, jobs: [{{template: t0}}]}}]\n"
    assert "nested more than 10 deep" in problems(text)[0].message


def test_templates_that_multiply_are_refused_in_time() -> None:
    uses = [", ".join([f"{{template: t{n + 1}}}"] * 10) for n in range(9)]
    tenfold = "".join(f"  t{n}: {{jobs: [{one}]}}\n" for n, one in enumerate(uses))
    text = f"name: x\ntemplates:\n{tenfold}  t9: {{jobs: [{{name: j, script: x}}]}}\n"
    found = problems(f"{text}stages: [{{name: s, jobs: [{{template: t0}}]}}]\n")
    assert "more than 200 times" in found[0].message


def test_large_templates_used_often_are_refused() -> None:
    jobs = ", ".join(f"{{name: j{n}, script: x}}" for n in range(900))
    uses = "      - {template: t}\n" * 150
    assert "more than 200000 values" in problems(using(f"{{jobs: [{jobs}]}}") + uses)[0].message


def test_a_file_that_is_no_file_of_templates_says_so() -> None:
    text = using("{jobs: [{name: j, script: x}]}", "{template: t, file: a.yaml}")
    for content, words in (("a: [", "Not YAML"), ("x: 1", "declares no templates")):
        found = problems(text, a=content)
        assert words in found[0].message
        assert "(used in p.yaml:7)" in found[0].message
        assert (found[0].path, len(found)) == ("a.yaml", 1)


def test_files_are_refused_where_none_can_be_read() -> None:
    found = read_definition(USES_FILE, "p.yaml").problems
    assert "only to a pipeline of a repository" in found[0].message


def test_a_file_is_read_once_however_often_it_is_used() -> None:
    asked: list[str] = []

    def reader(path: str) -> str | None:
        asked.append(path)
        return SHARED

    text = USES_FILE + USES_FILE.partition("stages:\n")[2].replace("production", "staging")
    assert [one.name for one in parse_definition(text, reader=reader).stages] == [
        "production",
        "staging",
    ]
    assert asked == ["ci/shared.yaml"]


def test_a_text_without_foreign_templates_is_kept_byte_for_byte() -> None:
    assert expand_source(TESTS, None) == TESTS


def test_a_text_with_foreign_templates_becomes_one_that_needs_no_reader() -> None:
    for text, path in (
        (USES_FILE, "p.yaml"),
        (json.dumps(plain(parse_yaml(USES_FILE)[0].root)), "p.json"),
    ):
        kept = expand_source(text, files(), path)
        assert "ci/shared" not in kept
        assert parse_definition(kept, path) == parse_definition(text, path, reader=files())
        assert expand_source(kept, None, path) == kept


def test_whoever_reads_files_without_blocking_learns_which_are_missing() -> None:
    here = {"a.yaml": "templates: {t: {jobs: [{template: u, file: b.yaml}]}}"}
    there = {"b.yaml": "templates: {u: {jobs: [{name: j, script: x}]}}"}
    text = using("{jobs: [{name: j, script: x}]}", "{template: t, file: a.yaml}")
    assert missing_files(text, {}) == {"a.yaml"}
    assert missing_files(text, here) == {"b.yaml"}
    assert missing_files(text, {**here, **there}) == frozenset()
    assert missing_files(text, {"a.yaml": None}) == frozenset()
    assert missing_files(TESTS, {}) == frozenset()
    assert missing_files("a: [", {}) == frozenset()


def test_what_cannot_be_put_together_is_not_kept() -> None:
    with pytest.raises(InvalidDefinition) as caught:
        expand_source(USES_FILE, lambda _path: None, "p.yaml")
    assert caught.value.problems[0].line == 4


@given(
    st.text(max_size=40),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
)
def test_every_value_is_read_back_from_a_kept_text(
    text: str, flag: bool, number: int, share: float
) -> None:
    values = [text, f"{text}\n{text}\n", flag, number, share, "1.10", "on", "012", "1e3", "~", None]
    used = {"template": "deploy", "file": "ci/shared.yaml", "with": {"target": "staging"}}
    job = {"name": "j", "mcp": "m", "arguments": {"values": values, f"key {text}": text}}
    tree = {"name": "x", "stages": [used, {"name": "s", "jobs": [job]}]}
    for written in (json.dumps(tree), yaml.safe_dump(tree, allow_unicode=True)):
        reading = read_definition(written, reader=files())
        assert reading.definition is not None, reading.problems
        kept = expand_source(written, files())
        assert parse_definition(kept) == reading.definition


def test_the_jobs_of_templates_are_ordered_like_any_other() -> None:
    names = list(arrange(parse_definition(TESTS)).jobs)
    assert names == ["s/test-3.10 (os=linux)", "s/test-3.10 (os=mac)", "s/report", "s/own"]


@pytest.mark.parametrize("text", [TESTS, USES_FILE])
def test_the_schema_for_editors_knows_templates_and_their_uses(text: str) -> None:
    validator = Draft202012Validator(editor_schema())
    assert [one.message for one in validator.iter_errors(plain(parse_yaml(text)[0].root))] == []


@pytest.mark.parametrize(
    "use", ["{template: t, wiht: {}}", "{template: 3}", "{template: t, with: [a]}"]
)
def test_the_schema_for_editors_refuses_wrong_uses(use: str) -> None:
    tree = plain(parse_yaml(using("{jobs: [{name: j, script: x}]}", use))[0].root)
    assert not Draft202012Validator(editor_schema()).is_valid(tree)
