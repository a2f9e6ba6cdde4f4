"""What lapses soon, or has lapsed: sign-offs and reviews. Told while there is still time to act."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from governance.sign_offs import RecordedSignOff

NOTICE: Final = timedelta(days=30)
"""How long before a day it is told."""
REMEMBERED: Final = timedelta(days=90)
"""How long a lapsed sign-off is told that nobody renewed; after that nobody means to."""


@dataclass(frozen=True, slots=True)
class DueDate:
    """Something that somebody must renew.

    Attributes:
        what: `sign_off` or `review`.
        subject: Which, such as `change_lead_time as metric_owner for *`.
        due_on: The first day without the sign-off, or the last day on which the review holds.
        is_over: Whether it counts for nothing by now.
    """

    what: str
    subject: str
    due_on: date
    is_over: bool

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "what": self.what,
            "subject": self.subject,
            "due_on": self.due_on.isoformat(),
            "is_over": self.is_over,
        }


def lapsing_sign_offs(sign_offs: Iterable[RecordedSignOff], *, at: datetime) -> list[DueDate]:
    """Return the sign-offs that lapse within 30 days or did within 90, unless a longer one stands beside.

    Args:
        sign_offs: All that lie in the workspace, with the governance log's word on them.
        at: Now.
    """
    today, last = at.astimezone(UTC).date(), dict[tuple[str, str, str], date]()
    for one in sign_offs:
        if one.recorded_at is None or one.revoked_at is not None:
            continue
        given = one.sign_off
        key = (given.metric, given.role, given.scope)
        last[key] = max(given.valid_until, last.get(key, given.valid_until))
    return [
        DueDate("sign_off", f"{metric} as {role} for {scope}", until, is_over=until <= today)
        for (metric, role, scope), until in sorted(last.items())
        if today - REMEMBERED <= until <= today + NOTICE
    ]


def due_reviews(review_by: Mapping[str, date | None], *, at: datetime) -> list[DueDate]:
    """Return the reviews that are due within 30 days, or overdue.

    Args:
        review_by: Last day on which each metric's definition counts as reviewed.
        at: Now.
    """
    today = at.astimezone(UTC).date()
    return [
        DueDate("review", metric, day, is_over=day < today)
        for metric, day in sorted(review_by.items())
        if day is not None and day <= today + NOTICE
    ]


def due_lines(found: Iterable[DueDate]) -> list[tuple[str, str]]:
    """Say in a line each what must be renewed, for `assay status`."""
    lines = []
    for one in sorted(found, key=lambda each: (each.due_on, each.what, each.subject)):
        if one.what == "sign_off":
            word = "lapsed on" if one.is_over else "lapses on"
            lines.append(("sign-off", f"{one.subject} {word} {one.due_on}; assay signoff gives it anew"))
        else:
            word = "was due by" if one.is_over else "is due by"
            lines.append(("review", f"of {one.subject} {word} {one.due_on}; set review_by after it"))
    return lines
