"""What a workspace says about local clones."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from connectors.settings import RepositoryName, SettingsSection, SourceSettings


class GitClone(SettingsSection):
    """A local clone, bare or not."""

    name: RepositoryName
    path: Path
    branch: str | None = None


class GitSettings(SourceSettings):
    """Local clones, read with `git log`."""

    kind: Literal["git"]
    repositories: Annotated[tuple[GitClone, ...], Field(min_length=1)]

    @property
    def listed_repositories(self) -> tuple[str, ...]:
        """The clones' names."""
        return tuple(clone.name for clone in self.repositories)
