"""`assay status` tells what lapses while there is still time to renew it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from governance.due_dates import due_lines, due_reviews, lapsing_sign_offs
from tests.governance.incentive_world import AT, METRIC_NAME, recorded, signed

LAPSES = date(2027, 1, 1)


def told(at: datetime, *more: dict[str, date]) -> list[tuple[date, bool]]:
    given = [recorded(signed("finance")), *(recorded(signed("finance", **one)) for one in more)]
    return [(one.due_on, one.is_over) for one in lapsing_sign_offs(given, at=at)]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 12, 1), []),
        (date(2026, 12, 2), [(LAPSES, False)]),
        (date(2026, 12, 31), [(LAPSES, False)]),
        (date(2027, 1, 1), [(LAPSES, True)]),
        (date(2027, 4, 1), [(LAPSES, True)]),
        (date(2027, 4, 2), []),
    ],
)
def test_a_sign_off_is_told_from_a_month_before_it_lapses(
    day: date, expected: list[tuple[date, bool]]
) -> None:
    assert told(datetime(day.year, day.month, day.day, tzinfo=UTC)) == expected


def test_a_sign_off_that_was_renewed_is_not_told() -> None:
    near = datetime(2026, 12, 24, tzinfo=UTC)
    assert told(near, {"valid_until": date(2028, 1, 1)}) == []
    assert len(told(near, {"valid_until": date(2028, 1, 1), "scope": "team:payments"})) == 1


def test_what_was_never_recorded_or_was_taken_back_does_not_lapse() -> None:
    near = datetime(2026, 12, 24, tzinfo=UTC)
    for one in (recorded(signed("finance"), recorded_at=None), recorded(signed("finance"), revoked_at=AT)):
        assert lapsing_sign_offs([one], at=near) == []


def test_a_review_is_told_from_a_month_before_it_is_due() -> None:
    due = date(2026, 8, 1)
    for days, expected in ((-31, []), (-30, [False]), (0, [False]), (1, [True])):
        at = datetime(2026, 8, 1, 12, tzinfo=UTC) + timedelta(days=days)
        assert [one.is_over for one in due_reviews({"a": due, "b": None}, at=at)] == expected


def test_lines_say_what_and_when_the_nearest_first() -> None:
    near = datetime(2026, 12, 24, tzinfo=UTC)
    found = due_reviews({"a": date(2026, 12, 1)}, at=near)
    found += lapsing_sign_offs([recorded(signed("finance"))], at=near)
    assert due_lines(reversed(found)) == [
        ("review", "of a was due by 2026-12-01; set review_by after it"),
        ("sign-off", f"{METRIC_NAME} as finance for * lapses on 2027-01-01; assay signoff gives it anew"),
    ]
