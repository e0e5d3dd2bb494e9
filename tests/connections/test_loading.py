from pathlib import Path

import pytest

from gitops_auditor.config import Settings, load_settings
from gitops_auditor.connections.loading import load_servers
from gitops_auditor.errors import InvalidSetting

WHOLE = """
servers:
  code-linter:
    command: [npx, --yes, "@eslint/mcp"]
    env: {TOKEN: "env:TOKEN", LEVEL: 3}
    inherit: [NODE_OPTIONS]
    cwd: tools
    concurrency: 1
    tools: {lint-files: "sha256:DIGEST"}
    actions:
      lint:
        tool: lint-files
        files: ["**/*.js"]
        arguments: {filePaths: "{{ files }}", overrideConfigFile: "{{ workspace }}/{{ config }}"}
        passed: /result/ok
    default: lint
  github:
    url: https://mcp.example.org/mcp
    token: env:TOKEN
    ca: ca.pem
    headers: {X-Team: build}
    timeout: 20
""".replace("DIGEST", "ab" * 32)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({}, data_dir=tmp_path)


def write(settings: Settings, text: str) -> Path:
    path = settings.data_dir / "mcp-servers.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


class TestLoading:
    def test_without_a_file_there_are_no_servers(self, settings: Settings) -> None:
        assert load_servers(settings) == {}

    def test_a_file_that_is_named_has_to_be_there(self, settings: Settings, tmp_path: Path) -> None:
        named = settings.model_copy(update={"mcp_servers": tmp_path / "gone.yaml"})
        with pytest.raises(InvalidSetting, match=r"gone\.yaml, and there is no such file"):
            load_servers(named)

    def test_a_program_and_an_address_are_read_as_they_are_written(
        self, settings: Settings
    ) -> None:
        write(settings, WHOLE)
        servers = load_servers(settings)
        linter, github = servers["code-linter"], servers["github"]
        assert linter.command == ("npx", "--yes", "@eslint/mcp")
        assert linter.env == {"TOKEN": "env:TOKEN", "LEVEL": "3"}
        assert linter.actions["lint"].passed == "/result/ok"
        assert github.url == "https://mcp.example.org/mcp"
        assert github.timeout == 20

    def test_paths_are_relative_to_the_folder_of_the_file(
        self, settings: Settings, tmp_path: Path
    ) -> None:
        write(settings, WHOLE)
        servers = load_servers(settings)
        assert servers["code-linter"].cwd == tmp_path / "tools"
        assert servers["github"].ca == tmp_path / "ca.pem"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("servers: {a: {comand: [x]}}", "1:15: Unknown field `comand`; did you mean `command`?"),
        ("servers: {a: {}}", "1:11: Give exactly one of `command` and `url`."),
        (
            "servers:\n  a:\n    url: https://h/\n    command: [x]",
            "2:3: Give exactly one of `command` and `url`.",
        ),
        ("server: {}", "1:1: Unknown field `server`; did you mean `servers`?"),
        (
            "servers: {a: {command: [x], token: env:T}}",
            "1:11: `token` is for servers with `url`; remove it.",
        ),
        ("servers: {a: {url: 'http://h/mcp'}}", "1:11: `url` is plain http to another machine;"),
        ("servers: {a: {url: 'ftp://h/'}}", "1:15: `url` has to be an address such as"),
        ("servers: {a: {url: 'https://u:p@h/'}}", "1:15: `url` holds a user; use `token`"),
        (
            "servers: {a: {command: [x], default: lint}}",
            "1:11: `default` names no action; the actions are: none.",
        ),
        (
            "servers: {a: {command: [x], actions: {l: {tool: t, arguments: {f: '{{ fils }}'}}}}}",
            "1:52: Unknown placeholder `fils`; did you mean `files`?",
        ),
        (
            "servers: {a: {command: [x], actions: {l: {tol: t}}}}",
            "1:39: `tool` is missing; add it.",
        ),
        (
            "servers: {a: {command: [x], actions: {l: {tool: t, failure_pattern: '('}}}}",
            "1:52: `failure_pattern` is no regular expression",
        ),
        ("servers: {a: {command: x}}", "1:15: `command` is not understood"),
        ("servers: {a: {command: [x], timeout: 0}}", "1:29: `timeout` is not understood"),
        ("servers: {'a b': {command: [x]}}", "1:11: `a b` is not understood"),
        ("servers: {a: {command: [x]}, a: {command: [y]}}", "1:30: The key 'a' occurs twice"),
        ("- a", "1:1: The file is one mapping with `servers`."),
        ("servers: [", "2:1: Not YAML"),
    ],
)
def test_a_mistake_is_named_with_its_place(settings: Settings, text: str, problem: str) -> None:
    path = write(settings, text)
    with pytest.raises(InvalidSetting) as raised:
        load_servers(settings)
    assert f"{path}:{problem}" in raised.value.message


def test_a_token_that_stands_in_the_file_is_refused_and_not_repeated(settings: Settings) -> None:
    write(settings, "servers: {a: {url: 'https://h/', token: ghp_abcdef}}")
    with pytest.raises(InvalidSetting, match="name where it is kept") as raised:
        load_servers(settings)
    assert "ghp_" not in str(raised.value)
    assert "ghp_" not in str(raised.value.details)


def test_an_address_on_this_machine_needs_no_tls_and_others_when_it_is_allowed(
    settings: Settings,
) -> None:
    write(
        settings,
        "servers: {a: {url: 'http://127.0.0.1:1/'}, b: {url: 'http://h/', allow_http: true}}",
    )
    assert set(load_servers(settings)) == {"a", "b"}


class TestSafety:
    @pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
    def test_a_file_that_others_can_change_is_refused(self, settings: Settings, mode: int) -> None:
        path = write(settings, "servers: {}")
        path.chmod(mode)
        with pytest.raises(InvalidSetting, match="Others can change") as raised:
            load_servers(settings)
        assert "chmod go-w" in raised.value.hint

    def test_a_folder_that_anyone_can_change_is_refused(self, settings: Settings) -> None:
        path = write(settings, "servers: {}")
        path.parent.chmod(0o777)
        with pytest.raises(InvalidSetting, match="Others can change"):
            load_servers(settings)

    def test_a_folder_in_place_of_the_file_is_refused(self, settings: Settings) -> None:
        (settings.data_dir / "mcp-servers.yaml").mkdir()
        with pytest.raises(InvalidSetting, match="not a plain file"):
            load_servers(settings)

    def test_what_is_no_text_is_refused(self, settings: Settings) -> None:
        write(settings, "").write_bytes(b"\xff\xfe")
        with pytest.raises(InvalidSetting, match="not UTF-8"):
            load_servers(settings)
