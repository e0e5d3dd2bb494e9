from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.models import ManifestFacts, Problem, Provision, Reference
from gitops_auditor.dependencies.reading import ManifestIndex, blob_id, read_manifest


def says(text: str, *, package: str = "") -> ManifestFacts:
    return ManifestFacts(provisions=(Provision(Reference("npm", text), "", 1),), package=package)


def reader(
    name: str, *, suffixes: tuple[str, ...] = (), names: set[str] | None = None
) -> ManifestReader:
    return ManifestReader(
        name, lambda file: says(f"{name}:{file.text}"), frozenset(names or ()), suffixes
    )


def ci(path: str) -> bool:
    return path.startswith("ci/")


NAMED = reader("named", names={"package.json"})
SUFFIXED = reader("suffixed", suffixes=(".tf", ".json"))
CLAIMED = ManifestReader("claimed", NAMED.read, claim_suffixes=(".yml",), claims=ci)
INDEX = ManifestIndex((NAMED, SUFFIXED, CLAIMED))


def test_a_file_is_claimed_by_name_by_suffix_and_by_path() -> None:
    assert INDEX.readers("web/package.json") == (NAMED, SUFFIXED)
    assert INDEX.readers("main.tf") == (SUFFIXED,)
    assert INDEX.readers("ci/build.yml") == (CLAIMED,)
    assert INDEX.readers("src/build.yml") == ()
    assert INDEX.readers("src/package.json.txt") == ()


def test_a_reader_that_claims_a_file_twice_reads_it_once() -> None:
    both = reader("both", names={"a.tf"}, suffixes=(".tf",))
    assert ManifestIndex((both,)).readers("a.tf") == (both,)


def test_what_several_readers_say_is_joined() -> None:
    facts = read_manifest((NAMED, SUFFIXED), "package.json", b"x")
    assert [item.reference.name for item in facts.provisions] == ["named:x", "suffixed:x"]


def test_a_fault_in_one_reader_is_a_problem_of_that_file_only() -> None:
    def fails(file: ManifestFile) -> ManifestFacts:
        raise KeyError(file.name)

    facts = read_manifest((ManifestReader("bad", fails), NAMED), "a.json", b"x")
    assert facts.problems == (
        Problem("The bad reader failed on this file: KeyError: 'a.json'", 0, 0),
    )
    assert len(facts.provisions) == 1


def test_characters_that_no_database_takes_are_replaced() -> None:
    bad = ManifestReader("bad", lambda _: says("a\0b\ud800c", package="\ud800"))
    facts = read_manifest((bad,), "a.json", b'{"name": "a\\u0000b\\ud800c"}')
    assert facts.provisions[0].reference.name == "a\ufffdb?c"
    assert facts.package == "?"
    assert isinstance(facts.provisions[0], Provision)


def test_a_blob_has_the_id_that_git_gives_it() -> None:
    assert blob_id(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert blob_id(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_what_the_data_of_tests_ask_for_is_less_sure() -> None:
    readers = ManifestIndex().readers("Dockerfile")
    (real,) = read_manifest(readers, "tests/Dockerfile", b"FROM acme/base:1\n").declarations
    (data,) = read_manifest(readers, "tests/data/fixtures/Dockerfile", b"FROM a/b:1\n").declarations
    assert (real.confidence, data.confidence) == (1.0, 0.5)
