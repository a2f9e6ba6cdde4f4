"""The lines of a CODEOWNERS file: a pattern and its owners, or what is wrong with it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from connectors.codeowners.dialects import Dialect

_WORD = re.compile(r"(?:\\.|\S)+")
_TEAM = re.compile(r"^@[^\s@/]+(?:/[^\s@/]+)+$")
_USER = re.compile(r"^@[^\s@/]+$")
_ROLE = re.compile(r"^@@[a-z]+$")
_EMAIL = re.compile(r"^[^\s@]+@[^\s@]+\.[^\s@]+$")
_SECTION = re.compile(
    r"^(?P<optional>\^)?\[(?P<name>[^\]]+)\](?:\[(?P<approvals>\d+)\])?(?P<owners>(?:\s.*)?)$"
)


@dataclass(frozen=True, slots=True)
class Owners:
    """Who is named behind a pattern.

    Attributes:
        teams: Teams, as `org/team`.
        logins: Logins of people; at GitLab possibly names of groups.
        emails: E-mail addresses.
        roles: Roles, as GitLab knows them.
        unread: Words that are none of these.
    """

    teams: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nobody is named at all."""
        return not (self.teams or self.logins or self.emails or self.roles or self.unread)


@dataclass(frozen=True, slots=True)
class Section:
    """A section of GitLab's files.

    Attributes:
        name: Its name.
        is_optional: Whether its owners need not approve.
        approvals: How many must approve; None where it does not say.
        owners: Who owns what names nobody.
    """

    name: str
    is_optional: bool
    approvals: int | None
    owners: Owners


@dataclass(frozen=True, slots=True)
class OwnerLine:
    """A line that is neither empty nor a comment nor a section.

    Attributes:
        position: Its place among these, counted from 1: the last that matches a path counts.
        line: Its line in the file, counted from 1.
        pattern: What it is about.
        owners: Who owns it.
        section: The section that it stands in.
        problem: Why the host passes over it; None where it does not.
    """

    position: int
    line: int
    pattern: str
    owners: Owners
    section: Section | None = None
    problem: str | None = field(default=None)


def owner_lines(text: str, dialect: Dialect) -> Iterator[OwnerLine]:
    """The lines of a file in their order, those that the host passes over among them."""
    section: Section | None = None
    position = 0
    for number, raw in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        opened = _section(line) if dialect.has_sections else None
        if opened is not None:
            section = opened
            continue
        position += 1
        yield _owner_line(line, position=position, number=number, section=section, dialect=dialect)


def _owner_line(
    line: str, *, position: int, number: int, section: Section | None, dialect: Dialect
) -> OwnerLine:
    pattern, *words = _words(line)
    owners = _owners(words)
    problem = _problem(pattern, owners, dialect)
    if owners.is_empty and section is not None:
        owners = section.owners
    return OwnerLine(position, number, _unescaped(pattern, dialect), owners, section, problem)


def _problem(pattern: str, owners: Owners, dialect: Dialect) -> str | None:
    if pattern.startswith("!") and not dialect.has_sections:
        return "a pattern cannot be negated with !"
    if "[" in pattern and not dialect.has_sections:
        return "a pattern cannot have ranges in brackets"
    if pattern.startswith("\\#") and not dialect.has_escapes:
        return "a pattern cannot begin with an escaped #"
    if owners.unread:
        return f"{len(owners.unread)} of the owners are no @user, no @organisation/team and no e-mail address"
    return None


def _words(line: str) -> list[str]:
    """The words of a line up to a comment; a backslash keeps a space within a word."""
    words: list[str] = []
    for word in _WORD.findall(line):
        if word.startswith("#") and words:
            break
        words.append(word)
    return words


def _owners(words: list[str]) -> Owners:
    kinds = (_TEAM, _ROLE, _USER, _EMAIL)
    known = [word for word in words if any(kind.match(word) for kind in kinds)]
    return Owners(
        teams=tuple(word[1:] for word in known if _TEAM.match(word)),
        logins=tuple(word[1:] for word in known if _USER.match(word)),
        emails=tuple(word.lower() for word in known if _EMAIL.match(word)),
        roles=tuple(word[2:] for word in known if _ROLE.match(word)),
        unread=tuple(word for word in words if word not in known),
    )


def _section(line: str) -> Section | None:
    match = _SECTION.match(line)
    if match is None:
        return None
    return Section(
        name=match["name"].strip(),
        is_optional=match["optional"] is not None,
        approvals=int(match["approvals"]) if match["approvals"] else None,
        owners=_owners(_words(match["owners"]) if match["owners"].strip() else []),
    )


def _unescaped(pattern: str, dialect: Dialect) -> str:
    text = pattern.replace("\\ ", " ")
    return text.replace("\\#", "#") if dialect.has_escapes else text
