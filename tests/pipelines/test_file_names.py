import os

import pytest

from gitops_auditor.pipelines.file_names import file_name


@pytest.mark.parametrize("job", ["a/b", "../../x", "ä" * 400, "a b", "a-b", "(x=\n)", "%2e", "."])
def test_every_id_of_a_job_has_a_file_name_of_its_own(job: str) -> None:
    name = file_name(job)
    assert os.path.basename(name) == name  # noqa: PTH119 - what is compared is text
    assert len(name) < 100
    assert not name.startswith((".", "-"))
    assert name != file_name(job + " ")
