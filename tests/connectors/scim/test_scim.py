"""Reading the simulated directory: whole, in the fewest requests, and nothing that nobody asked for."""

import math
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from connectors.errors import CredentialsRejectedError
from connectors.http.answers import Answer
from connectors.sandbox.api import ApiRequest
from connectors.sandbox.events import PersonJoined, PersonLeft
from connectors.sandbox.scim.api import LARGEST_PAGE, ScimApi
from connectors.scim.pagers import StartIndex
from tests.connectors.scim.directory import END, START, TOKEN, open_directory, story
from tests.connectors.workspace import landed, windows

MIDDLE = START + (END - START) / 2


def test_a_first_run_reads_everybody_in_the_fewest_requests(tmp_path: Path) -> None:
    with open_directory(tmp_path, at=END) as directory:
        everybody = directory.api.users()
        assert len(everybody) > 0
        for stream, held in (("users", everybody), ("groups", directory.api.groups())):
            requests = directory.asked(stream)
            assert len(requests) == math.ceil(len(held) / LARGEST_PAGE)
            assert set(directory.current(stream)) == {row["id"] for row in held}
            assert windows(directory.store, stream)[-1]["claimed_total"] == len(held)


def test_pages_are_counted_by_what_they_hold_and_the_first_is_number_one(tmp_path: Path) -> None:
    with open_directory(tmp_path, at=END, page_size=7) as directory:
        requests = directory.asked("users")
        starts = [int(request.query["startIndex"]) for request in requests]
        assert starts == list(range(1, len(directory.api.users()) + 1, 7))
        assert {request.query["count"] for request in requests} == {"7"}
    with open_directory(tmp_path / "capped", at=END, page_size=1000) as directory:
        directory.extract("users")
        assert len(directory.current("users")) == len(directory.api.users()), "a page may hold fewer"


def test_only_what_is_used_is_asked_for(tmp_path: Path) -> None:
    with open_directory(tmp_path, at=END) as directory:
        directory.extract("users")
        assert any("phoneNumbers" in user for user in directory.api.users())
        bodies = b"".join(row["body"] for row in landed(directory.store, "users"))
        assert b"phoneNumbers" not in bodies
        assert b"employeeNumber" in bodies


def test_who_is_deleted_leaves_the_set_and_who_left_is_inactive(tmp_path: Path) -> None:
    _, events = story()
    left = [event for event in events if isinstance(event, PersonLeft)]
    assert any(event.is_account_deleted for event in left)
    with open_directory(tmp_path, at=START + timedelta(days=1)) as directory:
        directory.extract("users")
        before = directory.current("users")
        directory.move_to(END)
        directory.extract("users")
        after = directory.current("users")
        assert set(after) == {row["id"] for row in directory.api.users()}
        assert set(before) - set(after), "evidence keeps them, the set does not"
        inactive = [user for user in after.values() if not user["active"]]
        assert len(inactive) == sum(not event.is_account_deleted for event in left)


def test_an_unchanged_directory_that_filters_costs_two_small_requests(tmp_path: Path) -> None:
    with open_directory(tmp_path, at=END, filters_changes=True, page_size=10) as directory:
        directory.extract("users")
        directory.time.now += timedelta(days=1)
        requests = directory.asked("users")
        assert [request.query["count"] for request in requests] == ["1", "1"]
        assert requests[0].query["filter"].startswith('meta.lastModified gt "')
        assert {request.query["attributes"] for request in requests} == {"id"}
        assert len(windows(directory.store, "users")) == 1


def test_increments_end_where_full_runs_do(tmp_path: Path) -> None:
    with (
        open_directory(tmp_path / "a", at=START, filters_changes=True) as steps,
        open_directory(tmp_path / "b", at=END) as once,
    ):
        instant = START
        while instant < END:
            instant = min(instant + timedelta(days=23), END)
            steps.move_to(instant)
            for stream in ("users", "groups"):
                assert steps.extract(stream).failures == ()
        for stream in ("users", "groups"):
            once.extract(stream)
            assert {key: row["meta"]["lastModified"] for key, row in steps.current(stream).items()} == {
                key: row["meta"]["lastModified"] for key, row in once.current(stream).items()
            }


def test_somebody_who_leaves_for_good_is_noticed_though_nothing_is_newer(tmp_path: Path) -> None:
    _, events = story()
    gone = next(event for event in events if isinstance(event, PersonLeft) and event.is_account_deleted)
    with open_directory(tmp_path, at=START, filters_changes=True) as directory:
        directory.api.move_to(gone.at - 1)
        directory.extract("users")
        held = len(directory.current("users"))
        directory.api._deleted.add(gone.login)
        directory.extract("users")
        assert len(directory.current("users")) == held - 1


def test_a_directory_that_cannot_filter_says_what_to_change(tmp_path: Path) -> None:
    with open_directory(tmp_path, at=END, filters_changes=True, can_filter=False) as directory:
        directory.extract("users")
        (failure,) = directory.extract("users").failures
        assert "Take filters_changes out of the settings" in str(failure.error)
        assert len(directory.current("users")) == len(directory.api.users())


def test_an_empty_directory_may_leave_its_list_out(tmp_path: Path) -> None:
    with open_directory(tmp_path, at=START - timedelta(seconds=1)) as directory:
        assert "Resources" not in directory.api.respond(_asking("/Groups")).document
        assert directory.extract("groups").failures == ()
        assert windows(directory.store, "groups")[-1]["record_count"] == 0


def test_resources_that_leave_while_pages_are_read_hide_no_others() -> None:
    pager = StartIndex(size=2)
    first = pager.first("https://x.invalid/Users")
    second = pager.following(first, _answer(5), record_count=2)
    assert second == "https://x.invalid/Users?startIndex=3&count=2#total=5"
    again = pager.following(second, _answer(4), record_count=2)
    assert again == "https://x.invalid/Users?startIndex=2&count=2#total=4"
    last = pager.following(again, _answer(4), record_count=2)
    assert last == "https://x.invalid/Users?startIndex=4&count=2#total=4"
    assert pager.following(last, _answer(4), record_count=1) is None


def test_a_wrong_token_is_refused_and_never_shown(tmp_path: Path) -> None:
    company, events = story()
    with open_directory(tmp_path, at=END) as directory:
        directory.api._token = "another"
        (diagnosis, *_) = directory.source.check()
        assert not diagnosis.is_ok
        with pytest.raises(CredentialsRejectedError) as refused:
            directory.extract("users")
        assert TOKEN not in str(refused.value) + diagnosis.message
    assert ScimApi(company, events, "x").respond(_asking("/Users")).status == 401


def test_everybody_who_joined_a_team_is_in_the_directory() -> None:
    company, events = story()
    api = ScimApi(company, events)
    api.move_to(int(END.timestamp()))
    joined = {event.login for event in events if isinstance(event, PersonJoined) and event.team}
    deleted = {event.login for event in events if isinstance(event, PersonLeft) and event.is_account_deleted}
    assert {user["userName"] for user in api.users()} == joined - deleted


def _asking(path: str) -> ApiRequest:
    return ApiRequest("GET", path)


def _answer(total: int) -> Answer:
    return Answer("https://x.invalid", 200, {}, msgspec.json.encode({"totalResults": total}), END)
