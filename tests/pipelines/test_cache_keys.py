import pytest

from gitops_auditor.pipelines.cache_keys import Checksum, KeyName, parse_key, render_key


def test_a_key_is_cut_into_its_parts() -> None:
    key = """npm-{{ checksum "package-lock.json" }}-{{branch}}-{{ checksum 'a b' }}"""
    assert parse_key(key) == (
        "npm-",
        Checksum("package-lock.json"),
        "-",
        KeyName("branch"),
        "-",
        Checksum("a b"),
    )


def test_a_key_is_rendered_from_facts_and_checksums() -> None:
    names = {"branch": "main", "matrix.py": "3.11"}
    key = "{{ branch }}/{{ matrix.py }}/{{ os }}/{{ checksum 'x' }}"
    assert render_key(key, names, lambda path: f"<{path}>") == "main/3.11//<x>"


@pytest.mark.parametrize("key", ["{{ x", "x }}", "{{ }}", "{{ no }}", "{{ checksum }}", "{{ a {{"])
def test_what_is_not_understood_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="cache key"):
        parse_key(key)
