"""What the git source needs to know."""

from dataclasses import dataclass
from pathlib import Path

from connectors.errors import PermanentSourceError


@dataclass(frozen=True, slots=True)
class GitRepository:
    """One clone on disk: bare, a working tree or a linked worktree.

    Attributes:
        name: Full name of the repository, `owner/name`, as other sources call it.
        path: Where the clone lies. Assay never fetches: keep it up to date with `git fetch`.
        branch: The branch to read; None for the one that `HEAD` points to.
    """

    name: str
    path: Path
    branch: str | None = None


@dataclass(frozen=True, slots=True)
class GitConfig:
    """Settings of one git source.

    Attributes:
        name: Name of the source.
        repositories: The clones.
        executable: The git program.
    """

    name: str
    repositories: tuple[GitRepository, ...]
    executable: str = "git"

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            PermanentSourceError: Two clones have one name, or a branch looks like an option.
        """
        names = [repository.name for repository in self.repositories]
        for repository in self.repositories:
            if names.count(repository.name) > 1:
                raise PermanentSourceError(
                    f"The git source {self.name!r} lists {repository.name} twice. Keep one clone.",
                    source=self.name,
                )
            if repository.branch is not None and (
                repository.branch.startswith("-") or not repository.branch.strip()
            ):
                raise PermanentSourceError(
                    f"The git source {self.name!r} has the branch {repository.branch!r} for "
                    f"{repository.name}, which is no branch name.",
                    source=self.name,
                )
