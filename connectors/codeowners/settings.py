"""What a workspace says about CODEOWNERS."""

from typing import Annotated, Literal

from pydantic import Field

from connectors.codeowners.dialects import DialectName
from connectors.git.settings import GitClone
from connectors.settings import SourceSettings


class CodeownersSettings(SourceSettings):
    """CODEOWNERS files in clones, with their history.

    Attributes:
        repositories: The clones; their histories must be whole.
        dialect: Whose reading of the file counts.
    """

    kind: Literal["codeowners"]
    repositories: Annotated[tuple[GitClone, ...], Field(min_length=1)]
    dialect: DialectName = "github"
