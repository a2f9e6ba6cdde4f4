"""The few fields of Jenkins' records that paging and fan-out need; everything else stays as received."""

from collections.abc import Iterator

import msgspec

from connectors.jenkins.trees import LEVELS

PIPELINE_RUN = "org.jenkinsci.plugins.workflow.job.WorkflowRun"


class LastBuild(msgspec.Struct):
    """The newest build of a job."""

    number: int
    timestamp: int = 0

    @property
    def version(self) -> str:
        """What changes with every new build, also where numbers begin again."""
        return f"{self.number}@{self.timestamp}"


class Item(msgspec.Struct, rename="camel"):
    """A folder or a job; folders hold items, jobs have builds."""

    full_name: str = ""
    last_build: LastBuild | None = None
    jobs: "list[Item] | None" = None

    def versions(self) -> Iterator[tuple[str, str]]:
        """Full name and version of each job with builds, at or below it."""
        if self.last_build is not None:
            yield self.full_name, self.last_build.version
        for item in self.jobs or ():
            yield from item.versions()

    def deeper(self, levels: int = LEVELS) -> Iterator[str]:
        """Full names of the folders whose items the answer does not show any more."""
        for item in self.jobs or ():
            if levels > 1:
                yield from item.deeper(levels - 1)
            elif item.jobs:
                yield item.full_name


class Build(msgspec.Struct):
    """A build. It may have a result while it is still building, and what follows may change that."""

    number: int
    timestamp: int
    building: bool = False
    result: str | None = None
    run_class: str = msgspec.field(name="_class", default="")

    @property
    def is_finished(self) -> bool:
        """Whether it will not change any more."""
        return not self.building and self.result is not None

    @property
    def has_stages(self) -> bool:
        """Whether the stage view knows it: it is a pipeline's, and it has ended."""
        return self.is_finished and self.run_class == PIPELINE_RUN

    def as_parent(self) -> tuple[str, str, dict[str, str]]:
        """Its number; a finished build has one version."""
        return str(self.number), f"{self.result}@{self.timestamp}", {}
