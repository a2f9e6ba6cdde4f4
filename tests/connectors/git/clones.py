"""Repositories made with real git, and extraction from them."""

import os
import subprocess
from pathlib import Path
from typing import Any

from connectors.evidence import EvidenceStore
from connectors.git.config import GitConfig, GitRepository
from connectors.git.source import GitSource
from connectors.reports import StreamReport
from tests.connectors.workspace import FakeTime, landed

NAME = "acme/shop"


class Clone:
    """A repository on disk.

    Args:
        path: Where it is made.
        branch: Its first branch.
    """

    def __init__(self, path: Path, *, branch: str = "main") -> None:
        self.path = path
        self._instant = 1_760_000_000
        path.mkdir(parents=True)
        self.git("init", "-q", "-b", branch)
        self.git("config", "user.name", "Ada")
        self.git("config", "user.email", "ada@example.invalid")

    def git(self, *arguments: str, stdin: bytes = b"", **environment: str) -> str:
        """Run git in it, as its owner would."""
        instant = f"{self._instant} +0200"
        shell = {"PATH": os.environ["PATH"], "HOME": str(self.path), "GIT_CONFIG_NOSYSTEM": "1"}
        dates = {"GIT_AUTHOR_DATE": instant, "GIT_COMMITTER_DATE": instant}
        return (
            subprocess.run(
                ["git", "-C", str(self.path), *arguments],
                input=stdin,
                env=shell | dates | environment,
                check=True,
                capture_output=True,
            )
            .stdout.decode("utf-8", "replace")
            .strip()
        )

    def commit(self, message: str, **files: str) -> str:
        """A commit that writes files (`__` stands for a slash); its hash."""
        for name, content in files.items():
            self.write(name.replace("__", "/"), content)
        return self.commit_all(message)

    def write(self, name: str, content: str) -> None:
        """Write a file of the working tree."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    def commit_all(self, message: str, **environment: str) -> str:
        """Commit whatever changed, or nothing at all; its hash."""
        self._instant += 60
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-F", "-", stdin=message.encode(), **environment)
        return self.git("rev-parse", "HEAD")

    def merge(self, branch: str, message: str) -> str:
        """A merge commit; its hash."""
        self._instant += 60
        self.git("merge", "-q", "--no-ff", "-m", message, branch)
        return self.git("rev-parse", "HEAD")


def git_source(
    store: EvidenceStore, path: Path, *, name: str = NAME, branch: str | None = None, **settings: Any
) -> GitSource:
    """A source that reads one clone."""
    config = GitConfig("git", (GitRepository(name, path, branch),))
    return GitSource(config, store=store, runtime=FakeTime().runtime(), **settings)


def extract(
    store: EvidenceStore, path: Path, *, stream: str = "commits", run_id: str = "run", **settings: Any
) -> StreamReport:
    """Extract one stream of one clone."""
    return git_source(store, path, **settings).extract(stream, run_id=run_id)


def commits(store: EvidenceStore) -> list[list[str]]:
    """All landed commits as fields, the last of which is the list of paths as text."""
    bodies = b"".join(row["body"] for row in landed(store, "commits"))
    return [record.decode("utf-8", "backslashreplace").split("\x1f") for record in bodies.split(b"\x1e")[1:]]


def shas(store: EvidenceStore) -> list[str]:
    """Hashes of all landed commits in log order."""
    return [fields[0] for fields in commits(store)]


def paths(fields: list[str]) -> list[str]:
    """The paths of a commit."""
    return [line for line in fields[9].split("\n") if line]
