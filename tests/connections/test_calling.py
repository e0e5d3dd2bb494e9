import os
import sys
from collections.abc import Awaitable
from pathlib import Path

import anyio
import pytest

from gitops_auditor.connections import link as link_module
from gitops_auditor.connections.connection import LONGEST_PAUSE_SECONDS, pause_after
from gitops_auditor.errors import (
    Conflict,
    GitOpsError,
    InvalidRequest,
    JsonValue,
    NotFound,
    TimedOut,
    TooLarge,
    Unavailable,
)
from gitops_auditor.log import configure_logging
from tests.connections.wiring import connected, told_of_waiting
from tests.fakes import FOLDER, plain_server, sdk_server


async def refusal(work: Awaitable[object]) -> GitOpsError:
    with pytest.raises(GitOpsError) as raised:
        await work
    return raised.value


class TestCalling:
    async def test_a_server_of_the_stateless_era_answers_in_text_and_structure(self) -> None:
        async with connected(linter=sdk_server()) as connections:
            result = await connections.call("linter", "lint", {"files": ["bad.py", "good.py"]})
        assert result.structured == {"passed": False, "findings": ["bad.py: low by none"]}
        assert '"passed": false' in result.text
        assert not result.is_error

    async def test_a_server_of_the_handshake_era_answers(self) -> None:
        async with connected(linter=plain_server()) as connections:
            result = await connections.call("linter", "echo", {"a": 1})
        assert result.text == "echo looked"

    async def test_a_server_that_dies_of_a_newer_greeting_is_greeted_the_older_way(
        self, tmp_path: Path
    ) -> None:
        server = plain_server("dies-of-discover", str(tmp_path))
        async with connected(linter=server) as connections:
            assert (await connections.call("linter", "echo", {})).text == "echo looked"
        assert (tmp_path / "starts").read_text(encoding="utf-8") == "2"

    async def test_a_tool_that_fails_gives_a_result_that_is_an_error(self) -> None:
        async with connected(linter=plain_server()) as connections:
            result = await connections.call("linter", "fail", {})
        assert result.is_error
        assert result.text == "it is broken\nvery"

    async def test_one_program_serves_many_calls(self, tmp_path: Path) -> None:
        async with connected(linter=plain_server("good", str(tmp_path))) as connections:
            async with anyio.create_task_group() as tasks:
                for _ in range(20):
                    tasks.start_soon(connections.call, "linter", "echo", {})
            await connections.call("linter", "echo", {})
        assert (tmp_path / "starts").read_text(encoding="utf-8") == "1"

    async def test_tools_are_listed_page_by_page(self) -> None:
        async with connected(linter=plain_server()) as connections:
            assert len(await connections.tools("linter")) == 7

    async def test_a_tool_that_a_server_adds_later_can_be_called(self) -> None:
        async with connected(linter=plain_server("grows")) as connections:
            await refusal(connections.call("linter", "fresh", {}))
            await connections.call("linter", "echo", {})
            assert (await connections.call("linter", "fresh", {})).text == "fresh looked"

    async def test_lines_that_are_no_messages_are_passed_over(self) -> None:
        async with connected(linter=plain_server("chats")) as connections:
            assert (await connections.call("linter", "echo", {})).text == "echo looked"

    async def test_calls_beyond_the_limit_of_a_server_wait_and_count_towards_the_time(
        self, tmp_path: Path
    ) -> None:
        server = plain_server("good", str(tmp_path), concurrency=1)
        with told_of_waiting(tmp_path) as told:
            async with connected(linter=server) as connections, anyio.create_task_group() as tasks:
                tasks.start_soon(connections.call, "linter", "wait", {})
                await told()
                late = await refusal(connections.call("linter", "echo", {}, 0.2))
                assert isinstance(late, TimedOut)
                tasks.cancel_scope.cancel()


class TestArguments:
    async def test_arguments_that_do_not_fit_are_refused_before_the_call(self) -> None:
        async with connected(linter=plain_server()) as connections:
            refused = await refusal(connections.call("linter", "lint_files", {"files": [1]}))
        assert isinstance(refused, InvalidRequest)
        assert "lint_files at /files/0: 1 is not of type 'string'" in refused.message

    async def test_an_unknown_tool_is_refused_naming_the_nearest(self) -> None:
        async with connected(linter=plain_server()) as connections:
            refused = await refusal(connections.call("linter", "lint_fils", {}))
        assert isinstance(refused, NotFound)
        assert refused.hint == "Did you mean lint_files?"

    async def test_an_unknown_server_is_refused_naming_those_that_are_configured(self) -> None:
        async with connected(code_linter=plain_server(), other=plain_server()) as connections:
            assert connections.names == ("code-linter", "other")
            refused = await refusal(connections.call("linter", "lint", {}))
        assert isinstance(refused, NotFound)
        assert "configured are: code-linter, other" in refused.message


class TestFailing:
    async def test_a_server_that_never_answers_ends_with_the_time_of_the_call(self) -> None:
        async with connected(linter=plain_server("hangs")) as connections:
            late = await refusal(connections.call("linter", "echo", {}, 0.3))
        assert isinstance(late, TimedOut)
        assert "did not answer within 0.3 seconds" in late.message

    async def test_a_server_that_is_never_ready_is_given_up_after_a_while(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(link_module, "CONNECT_SECONDS", 0.3)
        async with connected(linter=plain_server("hangs")) as connections:
            late = await refusal(connections.call("linter", "echo", {}))
            assert (await connections.health("linter")).figures["state"] == "idle"
        assert isinstance(late, TimedOut)
        assert late.message == "The MCP server linter was not ready within 0.3 seconds."

    async def test_a_server_that_does_not_even_read_ends_with_the_time_of_the_call(self) -> None:
        async with connected(linter=plain_server("deaf")) as connections:
            await connections.tools("linter")
            arguments: dict[str, JsonValue] = {"text": "x" * 1_000_000}
            late = await refusal(connections.call("linter", "echo", arguments, 0.3))
        assert isinstance(late, TimedOut)

    async def test_a_server_that_lists_tools_without_end_is_given_up(self) -> None:
        async with connected(linter=plain_server("lists-forever")) as connections:
            refused = await refusal(connections.call("linter", "echo", {}))
        assert isinstance(refused, TooLarge)
        assert "more than 2000 tools" in refused.message

    async def test_a_server_that_dies_mid_call_is_told_of_and_started_anew(
        self, tmp_path: Path
    ) -> None:
        async with connected(linter=plain_server("good", str(tmp_path))) as connections:
            died = await refusal(connections.call("linter", "die", {}))
            assert isinstance(died, Unavailable)
            assert died.message.startswith("The MCP server linter ended.")
            assert "I cannot go on" in died.message
            assert (await connections.health("linter")).status == "degraded"
            assert (await connections.call("linter", "echo", {})).text == "echo looked"
            assert (await connections.health("linter")).status == "healthy"
        assert (tmp_path / "starts").read_text(encoding="utf-8") == "2"

    async def test_a_call_that_took_too_long_leaves_no_busy_server_behind(
        self, tmp_path: Path
    ) -> None:
        async with connected(linter=plain_server("good", str(tmp_path))) as connections:
            await connections.tools("linter")
            late = await refusal(connections.call("linter", "wait", {}, 1))
            assert isinstance(late, TimedOut)
            assert (await connections.call("linter", "echo", {})).text == "echo looked"
        assert (tmp_path / "starts").read_text(encoding="utf-8") == "2"

    async def test_a_cancelled_call_has_ended_its_server_when_it_returns(
        self, tmp_path: Path
    ) -> None:
        async with connected(linter=plain_server("good", str(tmp_path))) as connections:
            async with anyio.create_task_group() as tasks:
                with told_of_waiting(tmp_path) as told:
                    tasks.start_soon(connections.call, "linter", "wait", {})
                    pid = await told()
                tasks.cancel_scope.cancel()
            assert not is_alive(pid)

    async def test_a_program_that_is_not_there_is_told_of(self, tmp_path: Path) -> None:
        missing = plain_server().model_copy(update={"command": ("no-such-program",)})
        folder = plain_server(cwd=str(tmp_path / "gone"))
        async with connected(missing=missing, folder=folder) as connections:
            for name, named in (("missing", "no-such-program"), ("folder", "gone")):
                refused = await refusal(connections.call(name, "echo", {}))
                assert isinstance(refused, Unavailable)
                assert named in refused.message
                assert "No such file or directory" in refused.message

    @pytest.mark.parametrize("mode", ["floods", "endless"])
    async def test_a_program_that_floods_its_output_is_given_up(self, mode: str) -> None:
        async with connected(linter=plain_server(mode)) as connections:
            refused = await refusal(connections.call("linter", "echo", {}))
        assert isinstance(refused, Unavailable)
        assert "was given up because it" in refused.message

    async def test_a_result_that_is_too_large_is_refused(self) -> None:
        async with connected(linter=plain_server()) as connections:
            refused = await refusal(connections.call("linter", "huge", {}))
            assert isinstance(refused, TooLarge)
            assert (await connections.call("linter", "echo", {})).text == "echo looked"

    def test_attempts_to_connect_have_longer_and_longer_pauses_up_to_a_bound(self) -> None:
        pauses = [pause_after(failures) for failures in range(1, 100)]
        assert pauses[:4] == [0.5, 1, 2, 4]
        assert pauses == sorted(pauses)
        assert pauses[-1] == LONGEST_PAUSE_SECONDS


class TestChangedTools:
    async def test_a_tool_whose_schema_changes_is_refused_naming_the_change(
        self, tmp_path: Path
    ) -> None:
        async with connected(linter=plain_server("changes", str(tmp_path))) as connections:
            await connections.call("linter", "lint_files", {})
            await refusal(connections.call("linter", "die", {}))
            refused = await refusal(connections.call("linter", "lint_files", {}))
            assert "lint_files" not in await connections.tools("linter")
            assert (await connections.call("linter", "echo", {})).text == "echo looked"
        assert isinstance(refused, Conflict)
        assert refused.details["changes"] == [
            "the argument config is gone",
            "the argument files is gone",
            "the argument severity is gone",
            "the argument token is new",
            'required are now ["token"]',
        ]

    async def test_a_tool_that_is_no_longer_there_is_refused_as_that(self, tmp_path: Path) -> None:
        async with connected(linter=plain_server("withdraws", str(tmp_path))) as connections:
            await connections.call("linter", "echo", {})
            await refusal(connections.call("linter", "die", {}))
            refused = await refusal(connections.call("linter", "echo", {}))
        assert isinstance(refused, Conflict)
        assert "echo of the MCP server linter is no longer offered" in refused.message

    async def test_a_pinned_tool_has_to_have_the_digest_that_it_is_pinned_to(self) -> None:
        async with connected(linter=plain_server()) as connections:
            digest = (await connections.tools("linter"))["echo"].digest
        pinned = {"echo": digest, "fail": f"sha256:{'0' * 64}"}
        async with connected(linter=plain_server(tools=pinned)) as connections:
            assert (await connections.call("linter", "echo", {})).text == "echo looked"
            refused = await refusal(connections.call("linter", "fail", {}))
        assert isinstance(refused, Conflict)
        assert f"not the pinned sha256:{'0' * 64}" in refused.message


class TestEnvironment:
    async def test_a_program_gets_what_it_is_given_and_little_else(self) -> None:
        server = plain_server(env={"TOKEN": "env:TOKEN", "LEVEL": 3})
        async with connected(linter=server) as connections:
            result = await connections.call("linter", "environment", {})
        found = result.structured
        assert isinstance(found, dict)
        assert set(found) - {"LC_CTYPE"} == {"PATH", "HOME", "LC_ALL", "TOKEN", "LEVEL"}
        assert found["LEVEL"] == "3"

    async def test_a_secret_is_in_no_result_log_or_error(
        self, capfd: pytest.CaptureFixture[str]
    ) -> None:
        configure_logging("info", human=True)
        server = plain_server(env={"TOKEN": "env:TOKEN"})
        async with connected(linter=server) as connections:
            result = await connections.call("linter", "environment", {})
            await refusal(connections.call("linter", "die", {}))
        assert isinstance(result.structured, dict)
        assert result.structured["TOKEN"] == "***"
        assert "treasure" not in result.text
        logged = capfd.readouterr().err
        assert "token is ***" in logged
        assert "treasure" not in logged

    async def test_named_variables_are_inherited(self) -> None:
        async with connected(linter=plain_server(inherit=["HIDDEN"])) as connections:
            result = await connections.call("linter", "environment", {})
        assert isinstance(result.structured, dict)
        assert result.structured["HIDDEN"] == "never offered"

    async def test_a_secret_that_is_not_offered_is_an_error_of_its_own(self) -> None:
        async with connected(linter=plain_server(env={"A": "env:HIDDEN"})) as connections:
            refused = await refusal(connections.call("linter", "echo", {}))
        assert isinstance(refused, NotFound)


class TestEnding:
    async def test_a_program_that_will_not_end_is_killed_with_what_it_started(
        self, tmp_path: Path
    ) -> None:
        async with connected(linter=plain_server("stubborn", str(tmp_path))) as connections:
            await connections.call("linter", "echo", {})
            pids = noted(tmp_path)
            assert all(map(is_alive, pids))
        assert not any(map(is_alive, pids))

    async def test_it_is_killed_when_the_platform_is_cancelled(self, tmp_path: Path) -> None:
        with anyio.CancelScope() as platform:
            async with connected(linter=plain_server("stubborn", str(tmp_path))) as connections:
                await connections.call("linter", "echo", {})
                platform.cancel()
                await anyio.sleep_forever()
        assert not any(map(is_alive, noted(tmp_path)))

    async def test_it_is_killed_when_the_platform_is_killed(self, tmp_path: Path) -> None:
        command = [sys.executable, "-m", "tests.connections.platform", str(tmp_path)]
        async with await anyio.open_process(command, cwd=FOLDER.parents[1]) as platform:
            assert platform.stdout is not None
            assert (await platform.stdout.receive()).startswith(b"called")
            watched = [os.pidfd_open(pid) for pid in noted(tmp_path)]
            platform.kill()
        try:
            for descriptor in watched:
                with anyio.fail_after(20):
                    await anyio.wait_readable(descriptor)
        finally:
            for descriptor in watched:
                os.close(descriptor)

    async def test_a_server_that_is_still_connecting_is_ended(self) -> None:
        async with connected(linter=plain_server("hangs")) as connections:
            await refusal(connections.call("linter", "echo", {}, 0.2))
            assert (await connections.health("linter")).figures["state"] == "connecting"


class TestHealth:
    async def test_no_server_at_all_is_absent(self) -> None:
        async with connected() as connections:
            assert (await connections.health()).status == "absent"

    async def test_it_connects_only_when_asked_to(self) -> None:
        missing = plain_server().model_copy(update={"command": ("no-such-program",)})
        async with connected(good=plain_server(), missing=missing) as connections:
            before = await connections.health()
            probed = await connections.health(probe=True)
            one = await connections.health("missing")
        assert (before.status, before.figures["connected"]) == ("healthy", 0)
        assert (probed.status, probed.figures["connected"]) == ("degraded", 1)
        assert probed.name == "connections"
        assert "no-such-program" in probed.reasons[0]
        assert (one.name, one.status) == ("connections.missing", "degraded")

    async def test_a_probe_of_a_server_that_hangs_ends_in_time(self) -> None:
        async with connected(linter=plain_server("hangs")) as connections:
            with anyio.fail_after(5):
                found = await connections.health(probe=True, seconds=0.2)
        assert found.figures["connected"] == 0


def noted(folder: Path) -> list[int]:
    return [int(pid) for pid in (folder / "pids").read_text(encoding="utf-8").split()]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "XZ"


async def test_nothing_can_be_called_once_the_platform_stops() -> None:
    async with connected(linter=plain_server()) as connections:
        pass
    assert isinstance(await refusal(connections.call("linter", "echo", {})), Unavailable)


async def test_the_libraries_are_imported_only_when_a_server_is_called() -> None:
    modules = "gitops_auditor.pipelines.jobs.mcp, gitops_auditor.connections.loading"
    shown = "print(*{'mcp', 'httpx2', 'jsonschema', 'yaml'} & sys.modules.keys())"
    done = await anyio.run_process([sys.executable, "-c", f"import sys, {modules}; {shown}"])
    assert done.stdout.decode().strip() == ""
