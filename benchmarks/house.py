"""A workspace over a simulated organisation: fetched once, then copied for whoever builds on it."""

import hashlib
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

import yaml

from benchmarks.figures import FOLDER
from benchmarks.measuring import run_process
from connectors import sandbox
from connectors.sandbox import Organisation, SandboxServer, serve, simulate
from orchestration.demonstration import simulated_people
from orchestration.scaffold import scaffold
from orchestration.workspace import Workspace

FIRST_PORT = 47_000  # the factor is added: addresses stay the same from run to run, and so do ETags
TOKEN = "sandbox-token"  # noqa: S105 - the simulated server's only token


@dataclass(frozen=True)
class House:
    """Everything that the benchmarks of one factor share, under `.benchmarks/factor-N/`."""

    factor: int

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return FOLDER / f"factor-{self.factor}"

    @cached_property
    def organisation(self) -> Organisation:
        """The organisation, the same in every run."""
        return simulate(factor=self.factor)

    @property
    def last_day_begins(self) -> datetime:
        """The instant to which the first reading goes; the story has one more day."""
        return self.organisation.ends_at - timedelta(days=1)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of processes that work in the workspace."""
        return dict(os.environ) | {"ASSAY_GITHUB_TOKEN": TOKEN}

    def workspace(self, state: str) -> Workspace:
        """The workspace in one state: `extracted` or `built`."""
        return Workspace(self.folder / state / "workspace")

    def git(self, state: str) -> Path:
        """The clones beside it."""
        return self.folder / state / "git"

    @contextmanager
    def server(self, *, at: datetime) -> Iterator[SandboxServer]:
        """Serve the organisation's API."""
        port = FIRST_PORT + self.factor
        with serve(self.organisation, port=port, token=TOKEN, at=at, hourly_limit=None) as server:
            yield server

    def lay_out(self, base_url: str) -> Workspace:
        """A new workspace in the state `extracted`, with clones as of the first reading."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.organisation.as_of(self.last_day_begins).write_git(self.git("extracted"))
        document = self.organisation.settings_document(base_url=base_url, git_folder="../git")
        return scaffold(
            self.folder / "extracted" / "workspace",
            organisation=document["organisation"],
            random_bytes=secrets.token_bytes,
            settings=yaml.safe_dump(document, sort_keys=False),
            confirmation=simulated_people(),
        )

    @property
    def story(self) -> Path:
        """The fingerprint of the story that the evidence tells."""
        return self.folder / "story.sha256"

    def fetched(self) -> "House":
        """This house, with evidence in it: fetched now if nobody has done so, or if the story has changed."""
        if not self.story.exists() or self.story.read_text(encoding="ascii") != _story_hash():
            with self.server(at=self.last_day_begins) as server:
                workspace = self.lay_out(server.base_url)
                program = [sys.executable, "-m", "benchmarks.one_extraction", str(workspace.root)]
                run_process(program, environment=self.environment)
            self.mark_as_fetched()
        return self

    def mark_as_fetched(self) -> None:
        """Remember that the evidence is complete, and which story it tells."""
        self.story.write_text(_story_hash(), encoding="ascii")

    def built(self) -> "House":
        """This house, with a publication in it: built now if nobody has done so."""
        if not self.fetched().workspace("built").current.exists():
            workspace = self.copy_for_building()
            with self.server(at=self.last_day_begins):
                program = [sys.executable, "-m", "benchmarks.one_run", str(workspace.root)]
                run_process(program, environment=self.environment)
        return self

    def copy_for_building(self) -> Workspace:
        """A fresh copy of the extracted state, to build on."""
        shutil.rmtree(self.folder / "built", ignore_errors=True)
        shutil.copytree(self.folder / "extracted", self.folder / "built")
        return self.workspace("built")


def _story_hash() -> str:
    """A hash of the simulation's code: another story under old addresses would be two truths in one log."""
    digest = hashlib.sha256()
    for path in sorted(Path(sandbox.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
