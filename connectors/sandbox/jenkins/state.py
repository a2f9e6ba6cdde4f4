"""What the simulated Jenkins knows: its items, and the builds that retention has left of each job."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from connectors.sandbox.events import Job as StoryJob

BUILDS_KEPT = 120
"""Finished builds that a job keeps; older ones are deleted when another one ends."""

Result = Literal["SUCCESS", "UNSTABLE", "FAILURE", "ABORTED", "NOT_BUILT"]

ROOT = "hudson.model.Hudson"
FOLDER = "com.cloudbees.hudson.plugins.folder.Folder"
ORGANISATION = "jenkins.branch.OrganizationFolder"
MULTIBRANCH = "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject"
PIPELINE = "org.jenkinsci.plugins.workflow.job.WorkflowJob"
FREESTYLE = "hudson.model.FreeStyleProject"


@dataclass(slots=True)
class Build:
    """One build; instants are in epoch seconds."""

    number: int
    commit_sha: str
    branch: str
    actor: str
    is_triggered_by_hand: bool
    started_at: int
    finished_at: int | None = None
    result: Result | None = None
    stages: tuple[StoryJob, ...] = ()


@dataclass(slots=True)
class Item:
    """A folder or a job; builds stand oldest first."""

    name: str
    full_name: str
    class_name: str
    repository: str | None = None
    items: "dict[str, Item]" = field(default_factory=dict)
    builds: list[Build] = field(default_factory=list)
    next_number: int = 1

    @property
    def is_job(self) -> bool:
        """Whether it is built; the others hold items."""
        return self.class_name in (PIPELINE, FREESTYLE)

    def item(self, name: str, class_name: str) -> "Item":
        """The item of this name in the folder, made if there is none."""
        if name not in self.items:
            self.items[name] = Item(name, f"{self.full_name}/{name}".lstrip("/"), class_name)
        return self.items[name]

    def start(self, build: Build) -> None:
        """A build begins; it gets the job's next number."""
        build.number, self.next_number = self.next_number, self.next_number + 1
        self.builds.append(build)

    def discard_old(self) -> None:
        """Delete what retention does not keep."""
        finished = [build for build in self.builds if build.result is not None]
        for build in finished[:-BUILDS_KEPT]:
            self.builds.remove(build)

    def jobs(self) -> Iterator["Item"]:
        """Every job at or below it."""
        if self.is_job:
            yield self
        for item in self.items.values():
            yield from item.jobs()


@dataclass(slots=True)
class JenkinsState:
    """The whole server at an instant."""

    at: int
    root: Item = field(default_factory=lambda: Item("", "", ROOT))

    def find(self, names: list[str]) -> Item | None:
        """The item at a path of names, or None."""
        item: Item | None = self.root
        for name in names:
            item = item.items.get(name) if item is not None else None
        return item
