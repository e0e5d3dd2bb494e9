from gitops_auditor.dependencies.manifests.python_setup import read_setup_py
from gitops_auditor.dependencies.manifests.python_setup_cfg import read_setup_cfg
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.stated import offers, rows

DIRECT = b"""\
from setuptools import setup

VERSION = "1.3.1"
extras = {"test": ["pytest"], "ldap": "python-ldap>=3"}
extras["docs"] = ["sphinx"]

setup(
    name="Batch.Spawner",
    version=VERSION,
    url="https://github.com/acme/batchspawner",
    project_urls={"Source": "https://github.com/acme/batchspawner/", "Docs": "https://x.org/a"},
    setup_requires=["wheel"],
    install_requires=["jinja2", "jupyterhub>=5"] + [
        "tornado",
    ],
    extras_require=extras,
    tests_require=("mock",),
)
"""

INDIRECT = b"""\
setup_args = dict(
    name="app",
    packages=["app"],
)
requirements = ["a", "b==1"]
setup_args["install_requires"] = requirements
with open("requirements.txt") as f:
    setup_args["tests_require"] = [line.strip() for line in f]
settings = {"name": "not-the-package"}
setup(**setup_args)
"""

CFG = b"""\
[metadata]
name = acme
version = attr: acme.__version__
project_urls =
    Source = https://github.com/acme/acme
    Docs = https://acme.org

[options]
packages = find:
install_requires =
    # why
    tornado>=6
    own_lib==1.0 ; python_version < "3.12"  # note
setup_requires = wheel

[options.extras_require]
test =
    pytest
ldap = python-ldap

[flake8]
ignore = E501
"""


def test_literals_lists_and_variables_of_a_setup_call_are_read() -> None:
    facts = read_setup_py(ManifestFile("setup.py", DIRECT))
    assert rows(facts) == [
        ("jinja2", "", "none", "runtime", 13),
        ("jupyterhub", ">=5", "range", "runtime", 13),
        ("tornado", "", "none", "runtime", 14),
        ("wheel", "", "none", "build", 12),
        ("mock", "", "none", "test", 17),
        ("pytest", "", "none", "test", 4),
        ("python-ldap", ">=3", "range", "runtime", 4),
        ("sphinx", "", "none", "dev", 5),
    ]
    assert offers(facts) == [
        ("pypi", "batch-spawner", "1.3.1", 8),
        ("repository", "github.com/acme/batchspawner", "", 10),
    ]


def test_arguments_collected_in_a_dictionary_are_followed_and_computed_ones_left_out() -> None:
    facts = read_setup_py(ManifestFile("setup.py", INDIRECT))
    assert rows(facts) == [("a", "", "none", "runtime", 5), ("b", "==1", "exact", "runtime", 5)]
    assert facts.package == "app"


def test_a_script_that_is_not_python_is_a_problem_and_never_run() -> None:
    facts = read_setup_py(ManifestFile("setup.py", b"from setuptools import setup\nsetup(\n"))
    assert [problem.line for problem in facts.problems] == [2]
    facts = read_setup_py(ManifestFile("setup.py", b"raise SystemExit('setup was run')\n"))
    assert facts == ((), (), (), "", (), ())


def test_setup_cfg_keeps_the_line_of_every_requirement() -> None:
    facts = read_setup_cfg(ManifestFile("setup.cfg", CFG))
    assert rows(facts) == [
        ("tornado", ">=6", "range", "runtime", 12),
        ("own_lib", "==1.0", "exact", "runtime", 13),
        ("wheel", "", "none", "build", 14),
        ("pytest", "", "none", "test", 18),
        ("python-ldap", "", "none", "runtime", 19),
    ]
    assert offers(facts) == [
        ("pypi", "acme", "", 2),
        ("repository", "github.com/acme/acme", "", 5),
    ]
