"""What a workspace says about drops."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from connectors.drops.declarations import Drop
from connectors.settings import SourceSettings


class DropsSettings(SourceSettings):
    """A folder into which other tools lay files.

    Attributes:
        folder: Where the files are laid.
        drops: Which files there are, and what they hold.
        settle_seconds: A file that was written within so many seconds is left for the next run.
    """

    kind: Literal["drops"]
    folder: Path
    drops: Annotated[tuple[Drop, ...], Field(min_length=1)]
    settle_seconds: Annotated[float, Field(ge=0)] = 5.0

    @field_validator("drops")
    @classmethod
    def _names_once(cls, drops: tuple[Drop, ...]) -> tuple[Drop, ...]:
        names = [drop.name for drop in drops]
        for name in names:
            if names.count(name) > 1:
                raise PydanticCustomError("drop_name", "two drops are called {name}", {"name": name})
        return drops
