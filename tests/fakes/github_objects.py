"""What the fake GitHub does with git: bare repositories whose objects and branches are real."""

import base64
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ABSENT = "0" * 40
_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


class GitRefusal(Exception):
    """git said no."""


class BareRepository:
    """One bare repository; every method is one or a few runs of git, which take milliseconds."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self) -> None:
        self.path.mkdir(parents=True)
        self.git("init", "--quiet", "--bare", "--initial-branch=main", ".")

    def git(
        self,
        *arguments: str,
        data: bytes = b"",
        environment: Mapping[str, str] | None = None,
    ) -> str:
        ended = subprocess.run(
            ["git", "-c", "gc.auto=0", *arguments],
            cwd=self.path,
            env={**_ENVIRONMENT, **(environment or {})},
            input=data,
            capture_output=True,
            timeout=60,
            check=False,
        )
        if ended.returncode:
            raise GitRefusal(ended.stderr.decode("utf-8", "replace"))
        return ended.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    def has(self, what: str) -> bool:
        try:
            self.git("cat-file", "-e", what)
        except GitRefusal:
            return False
        return True

    def ref(self, name: str) -> str | None:
        try:
            return self.git("rev-parse", "--verify", "--quiet", name)
        except GitRefusal:
            return None

    def branches(self) -> dict[str, str]:
        listed = self.git("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads/")
        return dict(line.split(" ") for line in listed.splitlines())

    def update(self, name: str, new: str, old: str) -> None:
        """Compare and swap; raises GitRefusal."""
        self.git("update-ref", name, new, old)

    def contains(self, new: str, old: str) -> bool:
        return self.git("merge-base", "--all", new, old).split() == [old]

    def file(self, commit: str, path: str) -> bytes | None:
        try:
            return self.git("cat-file", "blob", f"{commit}:{path}").encode()
        except GitRefusal:
            return None

    def write_blob(self, content: bytes) -> str:
        return self.git("hash-object", "-w", "--stdin", data=content)

    def write_tree(self, base: str | None, entries: Sequence[Mapping[str, object]]) -> str:
        index = {"GIT_INDEX_FILE": str(self.path / f"index-{os.urandom(6).hex()}")}
        if base:
            self.git("read-tree", base, environment=index)
        lines = "".join(self._index_line(entry) for entry in entries)
        try:
            self.git("update-index", "--index-info", data=lines.encode(), environment=index)
            return self.git("write-tree", environment=index)
        finally:
            Path(index["GIT_INDEX_FILE"]).unlink(missing_ok=True)

    def _index_line(self, entry: Mapping[str, object]) -> str:
        path = entry["path"]
        if "content" in entry:
            blob = self.write_blob(str(entry["content"]).encode())
        elif entry["sha"] is None:
            return f"0 {ABSENT}\t{path}\n"
        else:
            blob = str(entry["sha"])
        return f"{entry['mode']} {blob}\t{path}\n"

    def write_commit(
        self,
        tree: str,
        parents: Sequence[str],
        message: str,
        author: Mapping[str, str],
        committer: Mapping[str, str],
    ) -> str:
        """Exactly this message: `git commit-tree` would end it with a line feed."""
        lines = [f"tree {self.git('rev-parse', f'{tree}^{{tree}}')}"]
        lines += [f"parent {self.git('rev-parse', f'{one}^{{commit}}')}" for one in parents]
        lines += [f"author {_person(author)}", f"committer {_person(committer)}", "", message]
        data = "\n".join(lines).encode()
        return self.git("hash-object", "-t", "commit", "-w", "--stdin", data=data)

    def merge(self, base: str, head: str, message: str, author: Mapping[str, str]) -> str:
        """A merge commit of two commits; raises GitRefusal when they conflict."""
        tree = self.git("merge-tree", "--write-tree", base, head).splitlines()[0]
        return self.write_commit(tree, [base, head], message, author, author)


def decoded(content: str, encoding: str) -> bytes:
    return base64.b64decode(content) if encoding == "base64" else content.encode()


def _person(person: Mapping[str, str]) -> str:
    from datetime import datetime

    moment = datetime.fromisoformat(person["date"])
    zone = moment.strftime("%z") or "+0000"
    return f"{person['name']} <{person['email']}> {int(moment.timestamp())} {zone}"
