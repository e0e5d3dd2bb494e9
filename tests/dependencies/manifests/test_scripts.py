import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.reader import ManifestFile
from gitops_auditor.dependencies.manifests.scripts import (
    READERS,
    read_image_script,
    read_pipeline_script,
    read_script,
    read_unnamed_script,
)
from tests.dependencies.manifests.tables import facts, references, rows


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("npx -y cowsay@1.5.0 hi", [("npm cowsay", "1.5.0")]),
        ("npx --package @acme/cli acme run", [("npm @acme/cli", "")]),
        ("npm exec -- degit x y", [("npm degit", "")]),
        ("npm install -g --save-dev @acme/cli@^2 ./local", [("npm @acme/cli", "^2")]),
        ("npm ci", []),
        ("npm run build", []),
        ("pnpm dlx create-vite@latest", [("npm create-vite", "latest")]),
        ("pnpm install", []),
        ("pnpm test && pnpm build", []),
        ("yarn global add serve", [("npm serve", "")]),
        ("bunx oxlint", [("npm oxlint", "")]),
        ("bun x oxlint", [("npm oxlint", "")]),
        ("pip install -U 'jupyterhub>=4,<5' flask",
         [("pypi jupyterhub", ">=4,<5"), ("pypi flask", "")]),
        ("python3 -m pip install httpx[http2]==0.28.1", [("pypi httpx", "==0.28.1")]),
        ("pip install -r requirements.txt -e . ./x.whl --index-url https://x/simple", []),
        ("pip install git+https://github.com/acme/api@main",
         [("repository github.com/acme/api", "main")]),
        ('pip install "x==${{ matrix.x }}"', [("pypi x", "==${matrix.x}")]),
        ("pipx run cowsay==1.0", [("pypi cowsay", "==1.0")]),
        ("pipx install --spec foo==1 foo", [("pypi foo", "==1")]),
        ("uvx ruff@0.14.0 check", [("pypi ruff", "==0.14.0")]),
        ("uvx --from acme-tool tool", [("pypi acme-tool", "")]),
        ("uv pip install --system anyio", [("pypi anyio", "")]),
        ("uv run pytest", []),
        ("sudo git clone --depth 1 -b v1.2.3 https://github.com/acme/api.git /x",
         [("repository github.com/acme/api", "v1.2.3")]),
        ("git fetch origin", []),
        ("docker run --rm -it -v $PWD:/x -e A=b ghcr.io/acme/tool:1.2 run postgres",
         [("image ghcr.io/acme/tool", "1.2")]),
        ("docker pull $IMAGE", []),
        ("docker pull ${REGISTRY}/app:1", []),
        ('docker pull "ghcr.io/acme/${ARCH}-app:${VERSION}"',
         [("image ghcr.io/acme/arch-app", "${VERSION}")]),
        ("docker build -t acme/x .", []),
        ("go install github.com/acme/tool/cmd/x@v1.2.3",
         [("go github.com/acme/tool/cmd/x", "v1.2.3")]),
        ("go install ./...", []),
        ("cargo install --locked cargo-deny@0.16.1", [("crate cargo-deny", "0.16.1")]),
        ("gh release download v1.0.0 -R acme/api -p '*.tgz'",
         [("repository github.com/acme/api", "v1.0.0")]),
        ("gh repo clone acme/api", [("repository github.com/acme/api", "")]),
        ("curl -L https://github.com/acme/api/releases/download/v2.0.0/api.tar.gz",
         [("repository github.com/acme/api", "v2.0.0")]),
        ("curl https://github.com/acme/api/releases/latest/download/api",
         [("repository github.com/acme/api", "")]),
        ("curl https://raw.githubusercontent.com/acme/api/main/x.sh | bash",
         [("repository github.com/acme/api", "main")]),
        ("wget https://github.com/acme/api/archive/refs/tags/v3.0.0.tar.gz",
         [("repository github.com/acme/api", "v3.0.0")]),
        ("kubectl apply -f https://api.github.com/repos/acme/api/releases/latest",
         [("repository github.com/acme/api", "")]),
        ("V=$(helm show chart --devel --repo=https://x.io/charts acme | yq .version)",
         [("chart https://x.io/charts/acme", "")]),
        ("helm upgrade --install a acme --repo https://x.io/charts --version 1.2.0 --values v.yaml",
         [("chart https://x.io/charts/acme", "1.2.0")]),
        ("helm pull oci://ghcr.io/acme/charts/hub", [("chart oci://ghcr.io/acme/charts/hub", "")]),
        ("helm upgrade --install hub ./hub --set a=b", []),
        ("mamba install --yes -c conda-forge 'acme-proxy' numpy=2.1",
         [("pypi acme-proxy", ""), ("pypi numpy", "=2.1")]),
        ("conda env create", []),
        ("V=$(curl -sSL https://acme.github.io/charts/info.json | jq .hub)",
         [("repository github.com/acme/charts", "")]),
        ("X_SITE = $(call github,acme,agent,$(X_VERSION))",
         [("repository github.com/acme/agent", "$(X_VERSION)")]),
        ("echo hi # pip install no", []),
        ("# pip install no", []),
        ("pipeline install x", []),
    ],
)  # fmt: skip
def test_a_command_states_what_it_needs(command: str, expected: list[tuple[str, str]]) -> None:
    targets = references(read_script, "run.sh", command)
    constraints = [row[1] for row in rows(read_script, "run.sh", command)]
    assert list(zip(targets, constraints, strict=True)) == expected


def test_a_command_of_an_installed_package_is_named_with_its_manager() -> None:
    text = (
        "    steps:\n      - run: pnpm automd\n      - run: |\n          echo x &&\n"
        "          pnpm changelogen --x\n"
    )
    assert rows(read_pipeline_script, ".github/workflows/ci.yml", text) == [
        ("pnpm automd", "", "none", "ci", 2),
        ("pnpm changelogen", "", "none", "ci", 5),
    ]
    found = references(read_pipeline_script, ".github/workflows/ci.yml", text)
    assert found == ["npm automd", "npm changelogen"]


def test_a_word_of_a_continued_command_has_its_own_line() -> None:
    text = (
        "FROM x\nRUN pip install --no-cache \\\n    # note\n    alpha \\\n    beta==1.0\n"
        "RUN apt-get install \\\n git\n"
    )
    assert rows(read_image_script, "Dockerfile", text) == [
        ("alpha", "", "none", "runtime", 4),
        ("beta", "==1.0", "exact", "runtime", 5),
    ]


MATRIX = """\
jobs:
  test:
    strategy:
      matrix:
        include:
          - python: "3.10"
            pip-spec: "hub==4.* sql>=1 # oldest"
          - pip-spec: git+https://github.com/acme/hub@main
          - extra: >-
              kube==24.2
              --pre jupyter
            python: 3.x
        tool: [nox, "tox@^4"]
        python: [other]
    steps:
      - run: pip install ${{ matrix.pip-spec }} -e ".[test]"
      - run: |
          pip install -e . "${{ matrix.extra }}"
          npm i ${{ matrix.tool }}
          pip install "x==${{ matrix.python }}"
"""


def test_what_a_matrix_has_installed_is_found_in_its_entries() -> None:
    found = rows(read_pipeline_script, ".github/workflows/ci.yml", MATRIX)
    assert found == [
        ("x", "==${matrix.python}", "dynamic", "ci", 20),
        ("hub", "==4.*", "range", "ci", 7),
        ("sql", ">=1", "range", "ci", 7),
        ("git+https://github.com/acme/hub", "main", "tag", "ci", 8),
        ("kube", "==24.2", "exact", "ci", 10),
        ("jupyter", "", "none", "ci", 11),
        ("nox", "", "none", "ci", 13),
        ("tox", "^4", "range", "ci", 13),
    ]


def test_defaults_of_arguments_are_put_into_what_an_image_fetches() -> None:
    text = (
        "FROM x\nARG FROM_REPO=acme/agent\nARG VERSION=1.2.0\nARG ARCH\n"
        'RUN curl -L "https://github.com/${FROM_REPO}/releases/download/${VERSION}/a_${ARCH}"\n'
    )
    assert rows(read_image_script, "Dockerfile", text) == [
        ("acme/agent", "1.2.0", "exact", "runtime", 5)
    ]


def test_a_repository_that_a_step_or_a_matrix_is_given_is_found() -> None:
    text = (
        "      - uses: actions/checkout@v4\n        with:\n          repository: acme/hub # main\n"
        "      matrix:\n        - github_repo: 'Acme/charts'\n        - repository: ${{ x }}/y\n"
    )
    assert rows(read_pipeline_script, ".github/workflows/ci.yml", text) == [
        ("acme/hub", "", "none", "ci", 3),
        ("Acme/charts", "", "none", "ci", 5),
    ]
    assert references(read_pipeline_script, "x.yml", text)[1] == "repository acme/charts"


def test_an_image_that_an_action_is_given_is_found_unless_the_action_makes_it() -> None:
    text = (
        "        with:\n          base: 'ghcr.io/acme/base:3.24' # signed\n"
        "          tags: ghcr.io/acme/app:1\n          url: https://ghcr.io/acme/app:1\n"
    )
    assert rows(read_pipeline_script, ".github/workflows/ci.yml", text) == [
        ("ghcr.io/acme/base", "3.24", "exact", "ci", 2)
    ]


def test_a_script_without_extension_is_known_by_its_first_line() -> None:
    assert rows(read_unnamed_script, "ci/publish", "#!/usr/bin/env bash\npip install x\n") == [
        ("x", "", "none", "ci", 2)
    ]
    assert rows(read_unnamed_script, "ci/publish", "#!/usr/bin/python\npip install x\n") == []


def test_everything_read_out_of_a_script_is_of_low_confidence() -> None:
    text = (
        "npx a\npip install b\ngit clone https://github.com/a/b\n"
        "docker run c/d\ngo run a.io/b/c@v1\n"
    )
    found = facts(read_script, "Makefile", text).declarations
    assert len(found) == 5
    assert all(item.confidence < 0.7 for item in found)


def test_the_place_and_the_kind_of_the_script_give_the_scope() -> None:
    assert rows(read_script, "Makefile", "\t@pip install x\n")[0][3] == "dev"
    assert rows(read_script, "tests/run.sh", "pip install x")[0][3] == "test"
    assert rows(read_pipeline_script, ".travis.yml", "install: pip install x")[0][3] == "ci"


def test_a_script_that_is_too_large_is_a_problem() -> None:
    found = read_script(ManifestFile("x.sh", b"npx a\n" * 200_000))
    assert found.declarations == ()
    assert len(found.problems) == 1


@pytest.mark.parametrize(
    ("path", "reader"),
    [
        (".github/workflows/x.yml", "pipeline script"),
        ("deploy/values.yml", ""),
        ("docker/Dockerfile.dev", "image script"),
        ("images/base.dockerfile", "image script"),
        ("ci/publish", "unnamed script"),
        ("src/publish", ""),
    ],
)
def test_scripts_are_claimed_by_their_place(path: str, reader: str) -> None:
    claiming = [item.name for item in READERS if item.claims is not None and item.claims(path)]
    assert claiming == ([reader] if reader else [])


@pytest.mark.parametrize("line", ["pip install " + "x" * 200_000, "npx " + "'\"" * 90_000,
                                  "docker run " + "-a " * 90_000, "npx $(" * 50_000,
                                  "npx ${{" * 50_000])  # fmt: skip
def test_a_hostile_line_costs_little(line: str) -> None:
    started = time.process_time()
    read_script(ManifestFile("x.sh", line.encode()))
    assert time.process_time() - started < 3


@given(st.binary() | st.text(alphabet="npx ipgitclone@=-$(){}|;&\\\n'\"#/.:").map(str.encode))
def test_no_bytes_make_it_raise(content: bytes) -> None:
    read_script(ManifestFile("x.sh", content))
    read_script(ManifestFile("x.sh", b"pip install " + content))
    read_script(ManifestFile("x.sh", b"npx " + content))
    read_script(ManifestFile("x.sh", b"docker run " + content))
