"""What a workspace says about a Backstage catalog."""

from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import field_validator, model_validator
from pydantic_core import PydanticCustomError

from connectors.git.settings import GitClone
from connectors.settings import SourceSettings


class BackstageSettings(SourceSettings):
    """Catalog files in clones, or in a folder.

    Attributes:
        repositories: Clones whose branches have catalog files.
        folder: A folder with catalog files, where they lie outside clones.
        paths: Where catalog files are: `**/` is any folder. Locations lead to further ones.
    """

    kind: Literal["backstage"]
    repositories: tuple[GitClone, ...] = ()
    folder: Path | None = None
    paths: tuple[str, ...] = ("**/catalog-info.yaml", "**/catalog-info.yml")

    @field_validator("paths")
    @classmethod
    def _inside(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        for path in paths:
            if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
                raise PydanticCustomError("path", "'{path}' leads out of the repository", {"path": path})
        return paths

    @model_validator(mode="after")
    def _somewhere(self) -> "BackstageSettings":
        if not self.repositories and self.folder is None:
            raise PydanticCustomError("nowhere", "name repositories, or a folder")
        names = [clone.name for clone in self.repositories]
        if len(set(names)) < len(names):
            raise PydanticCustomError("twice", "a repository is listed twice")
        return self
