"""Custom fields by name: their ids differ from site to site, and names are not unique."""

from collections.abc import Iterable

from connectors.errors import PermanentSourceError

SPRINT_TYPE = "com.pyxis.greenhopper.jira:gh-sprint"


def custom_fields(described: Iterable[str], wanted: Iterable[str], *, source: str, stream: str) -> list[str]:
    """The ids of the wanted fields and of those that hold sprints.

    Args:
        described: What the listing of fields kept: id, kind and name in one text.
        wanted: Names, or ids where a name is not enough.
        source: Name of the source, for errors.
        stream: The stream that brings the fields along, for errors.

    Raises:
        PermanentSourceError: A name is not there, or several fields have it.
    """
    known = [tuple(text.split("=", 2)) for text in described]
    found = {number for number, kind, _ in known if kind == SPRINT_TYPE}
    for name in wanted:
        matching = sorted(number for number, _, title in known if name in (number, title))
        if len(matching) != 1:
            raise PermanentSourceError(_problem(name, matching), source=source, stream=stream)
        found.update(matching)
    return sorted(found)


def _problem(name: str, matching: list[str]) -> str:
    if not matching:
        return (
            f"custom_fields names {name!r}, and the site has no such field that the account sees. Correct "
            "the name, or extract the fields again if it is new."
        )
    return (
        f"custom_fields names {name!r}, and {len(matching)} fields have that name: {', '.join(matching)}. "
        "Name the right one by its id."
    )
