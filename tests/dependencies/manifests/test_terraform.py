import pytest

from gitops_auditor.dependencies.manifests.reader import ManifestFile
from gitops_auditor.dependencies.manifests.terraform import read_terraform
from tests.dependencies.manifests.stated import Row, references, rows

MAIN = b"""\
# module "commented" { source = "a/b/c" }
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.28"
    }
    null   = { source = "registry.terraform.io/hashicorp/null", version = "3.2.1" }
    legacy = "~> 2.0"
    bare   = {}
  }
}

module "vpc" {
  source  = "terraform-aws-modules/vpc/aws//modules/vpc-endpoints"
  version = "~> 6.0"

  name = "a}{b ${lookup(var.m, "x")}"
  tags = {
    version = "not this"
  }
}

module "git" {
  source = "git::https://github.com/Acme/modules.git//net?ref=v1.2&depth=1"
}

module "ssh" {
  source = "git@github.com:acme/ssh.git"
}

module "short" {
  source = "github.com/acme/short//sub?ref=0123456789abcdef0123456789abcdef01234567"
}

module "private" {
  source  = "app.terraform.io/acme/net/aws"
  version = var.version
}

module "local" {
  source = "../modules/x"
}

module "archive" {
  source = "https://x.org/module.zip"
}

resource "aws_instance" "x" {
  source = "acme/not/module"
}
"""


def read(text: bytes, path: str = "infra/main.tf") -> list[Row]:
    return rows(read_terraform(ManifestFile(path, text)))


def test_modules_and_providers_are_read_and_local_modules_left_out() -> None:
    assert read(MAIN) == [
        ("hashicorp/aws", ">= 6.28", "range", "runtime", 5),
        ("registry.terraform.io/hashicorp/null", "3.2.1", "exact", "runtime", 9),
        ("hashicorp/legacy", "~> 2.0", "range", "runtime", 10),
        ("hashicorp/bare", "", "none", "runtime", 11),
        ("terraform-aws-modules/vpc/aws//modules/vpc-endpoints", "~> 6.0", "range", "runtime", 16),
        ("git::https://github.com/Acme/modules.git//net", "v1.2", "tag", "runtime", 26),
        ("git@github.com:acme/ssh.git", "", "none", "runtime", 30),
        ("github.com/acme/short//sub", "0123456789abcdef0123456789abcdef01234567",
         "commit", "runtime", 34),
        ("app.terraform.io/acme/net/aws", "var.version", "dynamic", "runtime", 38),
        ("https://x.org/module.zip", "https://x.org/module.zip", "url", "runtime", 47),
    ]  # fmt: skip


def test_addresses_are_those_of_the_registry_or_of_a_repository() -> None:
    assert references(read_terraform(ManifestFile("infra/main.tf", MAIN)))[1:] == [
        ("terraform", "hashicorp/null"),
        ("terraform", "hashicorp/legacy"),
        ("terraform", "hashicorp/bare"),
        ("terraform", "terraform-aws-modules/vpc/aws"),
        ("repository", "github.com/acme/modules"),
        ("repository", "github.com/acme/ssh"),
        ("repository", "github.com/acme/short"),
        ("terraform", "app.terraform.io/acme/net/aws"),
        ("terraform", "https://x.org/module.zip"),
    ]


def test_a_helm_release_names_a_chart() -> None:
    text = b"""\
resource "helm_release" "karpenter" {
  name       = "karpenter"
  repository = "oci://public.ecr.aws/karpenter"
  chart      = "karpenter"
  version    = "1.6.0"
  values     = ["version: 2"]
}

resource "helm_release" "local" {
  chart = "./chart"
}
"""
    facts = read_terraform(ManifestFile("main.tf", text))
    assert rows(facts) == [("karpenter", "1.6.0", "exact", "runtime", 4)]
    assert references(facts) == [("chart", "karpenter")]


def test_a_module_in_a_repository_beside_this_one_is_a_path() -> None:
    text = b'module "x" {\n  source = "../../modules//net"\n}\n'
    facts = read_terraform(ManifestFile("infra/main.tf", text))
    assert rows(facts) == [("../../modules//net", "", "path", "runtime", 2)]
    assert references(facts) == [("repository", "../modules")]


@pytest.mark.parametrize(
    ("source", "reference", "constraint", "kind"),
    [
        ("tfr:///acme/net/aws?version=1.2.3", ("terraform", "acme/net/aws"), "1.2.3", "exact"),
        ("tfr://r.acme.org/a/b/c?version=2.0.0", ("terraform", "r.acme.org/a/b/c"),
         "2.0.0", "exact"),
        ("git::git@github.com:acme/m.git//x?ref=main", ("repository", "github.com/acme/m"),
         "main", "tag"),
    ],
)  # fmt: skip
def test_terragrunt_sources_are_read(
    source: str, reference: tuple[str, str], constraint: str, kind: str
) -> None:
    text = f'terraform {{\n  source = "{source}"\n}}\n'.encode()
    facts = read_terraform(ManifestFile("terragrunt.hcl", text))
    assert references(facts) == [reference]
    assert [row[1:3] for row in rows(facts)] == [(constraint, kind)]


@pytest.mark.parametrize(
    ("version", "kind"),
    [("1.2.3", "exact"), ("= 1.2.3", "exact"), ("~> 1.2", "range"), (">= 1.0, < 2.0", "range")],
)
def test_version_constraints_have_their_kind(version: str, kind: str) -> None:
    text = f'module "x" {{\n  source = "a/b/c"\n  version = "{version}"\n}}\n'.encode()
    assert read(text, "main.tf") == [("a/b/c", version, kind, "runtime", 2)]


@pytest.mark.parametrize("text", [b"", b'module "x" {', b"}}}{{{", b'module "x" {\n source = "'])
def test_broken_files_say_nothing_and_do_not_raise(text: bytes) -> None:
    assert read(text) == []


def test_braces_in_comments_strings_and_heredocs_do_not_end_a_block() -> None:
    text = b"""\
module "x" {
  # }
  description = "}"
  policy = <<-EOT
    }
  EOT
  /* } */
  source = "a/b/c"
}
module "y" {
  source = "d/e/f"
}
"""
    assert read(text, "examples/main.tf") == [
        ("a/b/c", "", "none", "example", 8),
        ("d/e/f", "", "none", "example", 11),
    ]
