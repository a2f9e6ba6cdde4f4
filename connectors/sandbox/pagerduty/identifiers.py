"""Identifiers as PagerDuty makes them: a letter for the kind, then capitals and digits."""

import hashlib
import string

_LETTERS = string.digits + string.ascii_uppercase


def identifier(letter: str, *parts: object, length: int = 7) -> str:
    """The same identifier for the same thing, always.

    Args:
        letter: First letter, which tells the kind.
        parts: What it identifies.
        length: Characters, the first one included.
    """
    name = "/".join(str(part) for part in parts)
    number = int.from_bytes(hashlib.sha256(name.encode()).digest())
    characters = []
    for _ in range(length - 1):
        number, index = divmod(number, len(_LETTERS))
        characters.append(_LETTERS[index])
    return letter + "".join(characters)


def user_id(login: str) -> str:
    """A person's."""
    return identifier("P", "user", login)


def team_id(team: str) -> str:
    """A team's."""
    return identifier("P", "team", team)


def service_id(service: str) -> str:
    """A service's."""
    return identifier("P", "service", service)


def policy_id(team: str) -> str:
    """The escalation policy of a team."""
    return identifier("P", "policy", team)


def schedule_id(team: str) -> str:
    """The on-call schedule of a team."""
    return identifier("P", "schedule", team)
