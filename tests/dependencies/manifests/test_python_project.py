from gitops_auditor.dependencies.manifests.python_poetry import read_pipfile
from gitops_auditor.dependencies.manifests.python_project import read_pyproject
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.stated import offers, references, rows

PROJECT = b"""\
[build-system]
requires = ["hatchling>=1", "hatch-vcs"]

[project]
name = "Acme_Core"
version = "1.2.0"
dependencies = [
  "tornado>=6",  # fast
  "own-lib==1.*",
  "forked",
]

[project.optional-dependencies]
test = ["pytest"]
postgres = ["psycopg[binary]>=3"]

[project.urls]
Homepage = "https://acme.org"
Source = "https://github.com/Acme/Core/"
"Bug Tracker" = "https://github.com/acme/core/issues"

[dependency-groups]
docs = ["sphinx"]
all = [{include-group = "docs"}, "nox"]

[tool.uv]
dev-dependencies = ["ruff"]

[tool.uv.sources]
Forked = { git = "https://github.com/acme/forked", tag = "v2" }
own_lib = { workspace = true }

[tool.uv.workspace]
members = ["packages/*"]

[tool.pdm.dev-dependencies]
lint = ["black==25.1.0"]

[tool.hatch.envs.test]
dependencies = ["coverage"]

[tool.hatch.build.targets.wheel]
dependencies = ["cython"]
"""

POETRY = b"""\
[tool.poetry]
name = "app"
version = "0.3"
repository = "https://gitlab.com/acme/app"

[tool.poetry.dependencies]
python = "^3.11"
requests = "^2.31"
exact = "1.2.3"
anything = "*"
table = { version = "~1.2", extras = ["x"] }
forked = { git = "https://github.com/acme/forked.git", rev = "COMMIT" }
near = { path = "../near", develop = true }
archive = { url = "https://x.org/archive-1.0.zip" }
split = [
  { version = "<2", python = "<3.12" },
  { version = ">=2", python = ">=3.12" },
]

[tool.poetry.dev-dependencies]
old = "1"

[tool.poetry.group.test.dependencies]
pytest = ">=8"

[tool.poetry.group.tooling.dependencies]
mypy = "*"
""".replace(b"COMMIT", b"0123456789abcdef0123456789abcdef01234567")

PIPFILE = b"""\
[[source]]
url = "https://x.org/simple"

[packages]
flask = "==3.0.0"
anything = "*"
forked = {git = "https://github.com/acme/forked", ref = "main"}

[dev-packages]
pytest = ">=8"

[requires]
python_version = "3.12"
"""


def test_every_table_of_the_standards_and_tools_is_read() -> None:
    facts = read_pyproject(ManifestFile("pyproject.toml", PROJECT))
    assert rows(facts) == [
        ("hatchling", ">=1", "range", "build", 2),
        ("hatch-vcs", "", "none", "build", 2),
        ("tornado", ">=6", "range", "runtime", 8),
        ("own-lib", "", "workspace", "runtime", 9),
        ("forked", "v2", "tag", "runtime", 10),
        ("pytest", "", "none", "test", 14),
        ("psycopg", ">=3", "range", "runtime", 15),
        ("sphinx", "", "none", "dev", 23),
        ("nox", "", "none", "dev", 24),
        ("ruff", "", "none", "dev", 27),
        ("black", "==25.1.0", "exact", "dev", 37),
        ("coverage", "", "none", "test", 40),
        ("cython", "", "none", "build", 43),
    ]


def test_the_project_offers_its_package_and_says_where_it_lives() -> None:
    facts = read_pyproject(ManifestFile("pyproject.toml", PROJECT))
    assert offers(facts) == [
        ("pypi", "acme-core", "1.2.0", 5),
        ("repository", "github.com/acme/core", "", 19),
    ]
    assert facts.package == "Acme_Core"
    assert facts.members == ("packages/*",)


def test_a_source_table_redirects_to_the_repository() -> None:
    facts = read_pyproject(ManifestFile("pyproject.toml", PROJECT))
    assert ("repository", "github.com/acme/forked") in references(facts)


def test_poetry_tables_groups_and_sources_are_read() -> None:
    facts = read_pyproject(ManifestFile("pyproject.toml", POETRY))
    assert rows(facts) == [
        ("requests", "^2.31", "range", "runtime", 8),
        ("exact", "1.2.3", "exact", "runtime", 9),
        ("anything", "", "none", "runtime", 10),
        ("table", "~1.2", "range", "runtime", 11),
        ("forked", "0123456789abcdef0123456789abcdef01234567", "commit", "runtime", 12),
        ("near", "../near", "path", "runtime", 13),
        ("archive", "https://x.org/archive-1.0.zip", "url", "runtime", 14),
        ("split", "<2", "range", "runtime", 16),
        ("split", ">=2", "range", "runtime", 17),
        ("old", "1", "exact", "dev", 21),
        ("pytest", ">=8", "range", "test", 24),
        ("mypy", "", "none", "dev", 27),
    ]
    assert offers(facts) == [
        ("pypi", "app", "0.3", 2),
        ("repository", "gitlab.com/acme/app", "", 4),
    ]


def test_a_pipfile_has_packages_and_development_packages() -> None:
    facts = read_pipfile(ManifestFile("Pipfile", PIPFILE))
    assert rows(facts) == [
        ("flask", "==3.0.0", "exact", "runtime", 5),
        ("anything", "", "none", "runtime", 6),
        ("forked", "main", "tag", "runtime", 7),
        ("pytest", ">=8", "range", "dev", 10),
    ]


def test_a_file_without_project_table_offers_nothing() -> None:
    facts = read_pyproject(ManifestFile("pyproject.toml", b"[tool.black]\nline-length = 100\n"))
    assert facts == ((), (), (), "", (), ())


def test_bad_toml_is_a_problem_with_its_line() -> None:
    for read in (read_pyproject, read_pipfile):
        facts = read(ManifestFile("pyproject.toml", b"[project]\nname = \n"))
        assert [problem.line for problem in facts.problems] == [2]


def test_programs_are_offered() -> None:
    text = (
        b'[project]\nname = "hub"\n[project.scripts]\nhub = "hub:main"\nhub-worker = "hub:work"\n'
    )
    assert offers(read_pyproject(ManifestFile("pyproject.toml", text)))[1:] == [
        ("command", "hub", "", 4),
        ("command", "hub-worker", "", 5),
    ]
