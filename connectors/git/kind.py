"""Git, as a kind of source."""

from connectors.git.config import GitConfig, GitRepository
from connectors.git.settings import GitSettings
from connectors.git.source import GitSource
from connectors.git.streams import STREAMS
from connectors.kinds import Opening, SourceKind
from connectors.streams import in_dependency_order


def open_git(settings: GitSettings, opening: Opening) -> GitSource:
    """Open the clones that the settings name."""
    clones = tuple(
        GitRepository(name=clone.name, path=(opening.folder / clone.path).resolve(), branch=clone.branch)
        for clone in settings.repositories
    )
    return GitSource(
        GitConfig(name=settings.name, repositories=clones),
        store=opening.store,
        runtime=opening.runtime,
        limits=opening.limits,
    )


KIND = SourceKind(
    name="git", title="Git", streams=in_dependency_order(STREAMS), settings=GitSettings, open=open_git
)
