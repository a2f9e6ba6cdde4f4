"""How requests say who asks: headers that stay, or that are renewed when they run out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Credentials(Protocol):
    """The contract: headers for the next request, and something new after a refusal."""

    async def headers(self) -> Mapping[str, str]:
        """The headers to send, fresh enough for the next request."""

    async def renew(self) -> bool:
        """Get new ones after the source refused them (401); whether there is something new to try."""


@dataclass(frozen=True, slots=True)
class StaticCredentials:
    """Headers that stay what they are: a token, a user and a password, or none at all."""

    fixed: Mapping[str, str] = field(default_factory=dict, repr=False)

    async def headers(self) -> Mapping[str, str]:
        """The headers."""
        return self.fixed

    async def renew(self) -> bool:
        """There is nothing new."""
        return False
