import time

import pytest

from gitops_auditor.dependencies.manifests.code_strings import READER, read_code
from tests.dependencies.manifests.tables import facts, references, rows

CODE = """\
import image
from acme.image import thing
# image = "acme/not:1"
class Spawner:
    default = Unicode(
        "quay.io/acme/user:%s" % version,
        help="An image of acme/user with the same version",
    )
c.Spawner.image = 'acme/base'
profiles = [{"image": "acme/minimal:latest", "name": "acme/other:1"}]
IMAGES = {"1.0": "acme/listed:1.0"}  # images to choose from
plain = {"1.0": "acme/unlisted:1.0"}
path = "acme/path"
url = f"https://raw.githubusercontent.com/acme/hub/{ref}/values.yaml"
script = r\"\"\"
RUN pip install --no-cache \\
    acme-proxy=={version} \\
    && true
\"\"\"
logger.info("install it: pip install acme-docs")
"""


def test_strings_name_images_downloads_and_packages() -> None:
    assert rows(read_code, "acme/app.py", CODE) == [
        ("quay.io/acme/user", "%s", "dynamic", "runtime", 6),
        ("acme/base", "", "none", "runtime", 9),
        ("acme/minimal", "latest", "tag", "runtime", 10),
        ("acme/other", "1", "exact", "runtime", 10),
        ("acme/listed", "1.0", "exact", "runtime", 11),
        ("acme/hub", "{ref}", "dynamic", "runtime", 14),
        ("acme-proxy", "=={version}", "dynamic", "runtime", 17),
    ]


def test_what_code_says_is_a_guess_within_the_scope_of_its_folder() -> None:
    (found,) = facts(
        read_code, "tests/conftest.py", 'IMAGE = "ghcr.io/acme/hub:latest"'
    ).declarations
    assert (found.confidence, found.scope.value) == (0.4, "test")
    assert references(read_code, "a.py", 'x = "ghcr.io/acme/hub"') == ["image ghcr.io/acme/hub"]


@pytest.mark.parametrize(
    ("path", "claimed"),
    [("app.py", True), ("src/acme/app.py", True), ("a/b/c/d.py", False), ("setup.py", False)],
)
def test_only_code_near_the_root_is_read(path: str, claimed: bool) -> None:
    assert READER.claims is not None
    assert READER.claims(path) is claimed


@pytest.mark.parametrize(
    "content",
    [
        "x = " + "image" * 90_000,
        "python" * 80_000 + " pip install x",
        '"a/' + "b:" * 200_000,
        "'ghcr.io/" + "a:" * 200_000 + " ",
    ],
)
def test_lines_that_never_end_take_no_long_time(content: str) -> None:
    started = time.perf_counter()
    facts(read_code, "app.py", content + "\nimage = 1\n")
    assert time.perf_counter() - started < 5
