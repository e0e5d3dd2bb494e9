"""The user of jobs, and the folders handed to it."""

import os
from pathlib import Path

import pytest

from gitops_auditor.errors import InvalidSetting, Refused
from gitops_auditor.execution.job_user import hand_over, require_reachable, resolve_job_user

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="run the tests as root for this")
USER = (65534, 65534)


@as_root
def test_a_service_that_runs_as_root_drops_jobs_to_nobody() -> None:
    user = resolve_job_user()
    assert user is not None
    assert user[0] > 0


@as_root
def test_root_is_no_user_for_jobs() -> None:
    with pytest.raises(InvalidSetting, match="root"):
        resolve_job_user("root")


@as_root
def test_an_unknown_user_is_named() -> None:
    with pytest.raises(InvalidSetting, match="no-such-user"):
        resolve_job_user("no-such-user")


@as_root
def test_handing_over_changes_owners_but_not_those_of_what_links_lead_to(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("", encoding="utf-8")
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "file").write_text("", encoding="utf-8")
    (folder / "link").symlink_to(outside)
    for parent in folder.parents:
        parent.chmod(parent.stat().st_mode | 0o001)
    hand_over(folder, USER)
    assert {path.lstat().st_uid for path in (folder, *folder.rglob("*"))} == {USER[0]}
    assert outside.stat().st_uid == 0


@as_root
def test_a_folder_behind_a_closed_one_is_refused_with_the_remedy(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "folder").mkdir(parents=True)
    for parent in closed.parents:
        parent.chmod(parent.stat().st_mode | 0o001)
    closed.chmod(0o700)
    with pytest.raises(Refused) as refused:
        require_reachable(closed / "folder", USER)
    assert refused.value.hint.endswith(f"chmod o+x {closed}")


def test_without_privileges_to_drop_nothing_is_handed_over(tmp_path: Path) -> None:
    before = tmp_path.stat().st_uid
    hand_over(tmp_path, None)
    assert tmp_path.stat().st_uid == before
