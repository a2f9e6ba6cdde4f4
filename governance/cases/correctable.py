"""What of a fact may be corrected, and how a right value is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from governance.errors import CorrectionError

LONGEST_TEXT: Final = 64
NONE: Final = "none"
"""How a person writes that there is no value: the incident is not over."""


@dataclass(frozen=True, slots=True)
class Field:
    """One correctable value.

    Attributes:
        form: `text`, `instant`, `boolean`, or `choice`.
        choices: For a choice, the values.
        is_optional: Whether there may be none.
    """

    form: str
    choices: tuple[str, ...] = ()
    is_optional: bool = False


CORRECTABLE: Final[Mapping[str, Mapping[str, Field]]] = {
    "deployment": {
        "outcome": Field("choice", ("success", "failed_rollout")),
        "environment": Field("text"),
        "is_production": Field("boolean"),
        "finished_at": Field("instant"),
    },
    "incident": {
        "started_at": Field("instant"),
        "resolved_at": Field("instant", is_optional=True),
        "severity": Field("text"),
    },
    "issue": {"issue_type": Field("text")},
}
"""Kinds of facts and their columns. Whatever is not listed is mended in its source, and fetched again."""


def check_correctable(fact: str, column: str) -> Field:
    """Return how the values of a fact's column are written.

    Raises:
        CorrectionError: it is not correctable; what is is named.
    """
    if fact not in CORRECTABLE:
        raise CorrectionError(f"{fact!r} is no kind of fact; there are {', '.join(CORRECTABLE)}")
    fields = CORRECTABLE[fact]
    if column not in fields:
        raise CorrectionError(
            f"{column!r} of a {fact} cannot be corrected; {', '.join(fields)} can. What is wrong elsewhere "
            "is mended in its source and fetched again"
        )
    return fields[column]


def canonical_value(fact: str, column: str, text: str) -> str | None:
    """Return the one spelling of a right value; None where there is none.

    Raises:
        CorrectionError: the column is not correctable, or the text is no value of it.
    """
    field, given = check_correctable(fact, column), text.strip()
    if given.lower() == NONE and field.is_optional:
        return None
    if field.form == "instant":
        return _instant(column, given)
    choices = ("true", "false") if field.form == "boolean" else field.choices
    if choices and given not in choices:
        raise CorrectionError(f"{column} is {' or '.join(choices)}, not {given!r}")
    if not given:
        raise CorrectionError(f"a correction says what {column} is in truth")
    return given


def check_words(column: str, value: str | None) -> None:
    """Refuse words that say more than a value does, for they stay in the log for ever and anybody reads them.

    Only what is proposed is held against this; what the log has already stays readable.

    Raises:
        CorrectionError: the value is long, or holds what a screen does not show.
    """
    if value is not None and (not value.isprintable() or len(value) > LONGEST_TEXT):
        raise CorrectionError(
            f"{column} is a word or a few, of {LONGEST_TEXT} characters at most: it stays in the log for "
            "ever, and everybody reads it; what it is about belongs into --text"
        )


def _instant(column: str, given: str) -> str:
    try:
        instant = datetime.fromisoformat(given)
    except ValueError as error:
        raise CorrectionError(
            f"{column} is an instant such as 2026-05-03T14:00:00Z, not {given!r}"
        ) from error
    if instant.tzinfo is None:
        written = instant.isoformat()
        raise CorrectionError(f"{column} needs a time zone: {written}Z in UTC, or {written}+02:00")
    try:
        return instant.astimezone(UTC).isoformat()
    except OverflowError as error:
        raise CorrectionError(
            f"{column} is an instant of the years 1 to 9999 in UTC, not {given!r}"
        ) from error
