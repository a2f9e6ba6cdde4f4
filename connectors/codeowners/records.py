"""A version of the file as records: the version itself, and its lines."""

from collections.abc import Iterator
from typing import IO

from connectors.codeowners.dialects import Dialect
from connectors.codeowners.lines import OwnerLine, owner_lines
from connectors.files.documents import HeldDocument, Record


def versions_in(held: HeldDocument, content: IO[bytes], *, dialect: Dialect) -> Iterator[Record]:
    """One record: from which commit on the file said this, and how much of it."""
    lines = list(_lines(content, dialect))
    yield {
        "commit": held.attributes["commit"],
        "committed_at": held.attributes["committed-at"],
        "path": held.attributes.get("path"),
        "is_present": "path" in held.attributes,
        "rule_count": len(lines),
        "invalid_count": sum(line.problem is not None for line in lines),
    }


def rules_in(held: HeldDocument, content: IO[bytes], *, dialect: Dialect) -> Iterator[Record]:
    """The lines of the file, those that the host passes over among them."""
    for line in _lines(content, dialect):
        section = line.section
        yield {
            "commit": held.attributes["commit"],
            "committed_at": held.attributes["committed-at"],
            "position": line.position,
            "line": line.line,
            "pattern": line.pattern,
            "teams": list(line.owners.teams),
            "users": [{"id": login.lower(), "login": login} for login in line.owners.logins],
            "emails": [{"id": email, "email": email} for email in line.owners.emails],
            "roles": list(line.owners.roles),
            "section": None if section is None else section.name,
            "is_optional": section is not None and section.is_optional,
            "required_approvals": None if section is None else section.approvals,
            "is_valid": line.problem is None,
            "problem": line.problem,
        }


def _lines(content: IO[bytes], dialect: Dialect) -> Iterator[OwnerLine]:
    return owner_lines(content.read().decode("utf-8", "backslashreplace"), dialect)
