"""The simulated GitHub: real shapes, pages, conditional requests, refusals; and time that passes."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors.sandbox import Fault, FaultPlan, Organisation
from connectors.sandbox.faults import NO_FAULTS
from connectors.sandbox.github.application import GitHubApplication

Fetch = Callable[..., httpx.Response]


def application(organisation: Organisation, **options: Any) -> GitHubApplication:
    given: dict[str, Any] = {
        "token": "t",
        "clock": lambda: 1_000_000.0,
        "sleep": asyncio.sleep,
        "faults": NO_FAULTS,
    } | options
    return GitHubApplication(organisation.as_of(organisation.ends_at).github(), **given)


def fetcher(app: GitHubApplication) -> Fetch:
    def fetch(path: str, *, token: str | None = "t", **headers: str) -> httpx.Response:
        async def once() -> httpx.Response:
            given = headers | ({"authorization": f"Bearer {token}"} if token else {})
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:1") as client:
                return await client.get(
                    path, headers={name.replace("_", "-"): text for name, text in given.items()}
                )

        return asyncio.run(once())

    return fetch


@pytest.fixture(scope="module")
def fetch(small: Organisation) -> Fetch:
    return fetcher(application(small))


def every(fetch: Fetch, path: str) -> Iterator[Any]:
    """Follow the links of a list to its end."""
    url: str | None = path
    while url is not None:
        answer = fetch(url)
        assert answer.status_code == 200, answer.text
        document = answer.json()
        yield from (
            document
            if isinstance(document, list)
            else next(v for v in document.values() if isinstance(v, list))
        )
        url = answer.links.get("next", {}).get("url")


def test_nothing_is_answered_without_the_token(fetch: Fetch) -> None:
    assert fetch("/user", token=None).status_code == 401
    assert fetch("/user", token="wrong").json()["message"] == "Bad credentials"
    assert fetch("/user").json()["login"] == "acme-release-bot"


def test_what_is_not_there_is_not_found(fetch: Fetch) -> None:
    for path in (
        "/repos/acme/none",
        "/repos/acme/checkout/pulls/999999",
        "/orgs/other",
        "/repos/acme/checkout/none",
    ):
        assert fetch(path).status_code == 404, path


def test_a_renamed_repository_is_told_under_its_new_name_and_its_old_one_redirects(
    small: Organisation,
) -> None:
    app = application(small)
    fetch = fetcher(app)
    path = "/repos/acme/checkout/pulls?state=all&per_page=5"
    (old, *_), number = fetch(path).json(), fetch("/repos/acme/checkout").json()["id"]
    app.rename("acme/checkout", "acme/till")
    moved = fetch(path)
    assert moved.status_code == 301
    assert moved.headers["location"] == f"http://127.0.0.1:1/repositories/{number}/pulls?state=all&per_page=5"
    (new, *_) = fetch(moved.headers["location"]).json()
    assert (new["id"], new["base"]["repo"]["id"]) == (old["id"], number)
    assert new["base"]["repo"]["full_name"] == "acme/till"
    assert fetch("/repos/acme/till").json()["id"] == number
    listed = {row["full_name"] for row in every(fetch, "/orgs/acme/repos")}
    assert "acme/till" in listed
    assert "acme/checkout" not in listed
    with pytest.raises(ValueError, match="cannot become"):
        app.rename("acme/none", "acme/other")
    with pytest.raises(ValueError, match="cannot become"):
        app.rename("acme/till", "acme/incidents")


def test_unchanged_answers_carry_no_body(fetch: Fetch) -> None:
    first = fetch("/repos/acme/checkout/pulls?state=all&per_page=5")
    again = fetch("/repos/acme/checkout/pulls?state=all&per_page=5", if_none_match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["link"] == first.headers["link"]


def test_pages_lead_through_the_whole_list_once(fetch: Fetch) -> None:
    whole = [row["id"] for row in every(fetch, "/repos/acme/checkout/pulls?state=all&per_page=100")]
    small_pages = [row["id"] for row in every(fetch, "/repos/acme/checkout/pulls?state=all&per_page=7")]
    assert whole == small_pages
    assert len(set(whole)) == len(whole)
    assert len(fetch("/repos/acme/checkout/pulls?state=all&per_page=500").json()) <= 100


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_issues_are_linked_by_cursor_in_both_directions(fetch: Fetch, direction: str) -> None:
    path = f"/repos/acme/checkout/issues?state=all&sort=updated&direction={direction}&per_page="
    assert "after=" in fetch(f"{path}9").headers["link"]
    rows = [(row["updated_at"], row["number"]) for row in every(fetch, f"{path}9")]
    assert rows == sorted(rows, reverse=direction == "desc")
    assert len(rows) == len(list(every(fetch, f"{path}100")))


def test_issues_refuse_high_page_numbers_and_strange_cursors(fetch: Fetch) -> None:
    assert fetch("/repos/acme/checkout/issues?state=all&page=101").status_code == 422
    assert fetch("/repos/acme/checkout/issues?state=all&after=nonsense").status_code == 422


def test_since_keeps_what_was_updated_at_or_after(fetch: Fetch) -> None:
    rows = list(every(fetch, "/repos/acme/checkout/issues?state=all&per_page=100&sort=updated&direction=asc"))
    middle = rows[len(rows) // 2]["updated_at"]
    later = list(every(fetch, f"/repos/acme/checkout/issues?state=all&per_page=100&since={middle}"))
    assert {row["id"] for row in later} == {row["id"] for row in rows if row["updated_at"] >= middle}


def test_runs_are_searched_by_range_and_counted(fetch: Fetch) -> None:
    path = "/repos/acme/checkout/actions/runs?per_page=100"
    total = fetch(path).json()["total_count"]
    ranges = ("*..2026-04-15T11:59:59Z", "2026-04-15T12:00:00Z..2026-05-20", ">2026-05-20")
    assert sum(fetch(f"{path}&created={wanted}").json()["total_count"] for wanted in ranges) == total


def test_a_run_lists_the_jobs_of_all_attempts(fetch: Fetch) -> None:
    runs = every(fetch, "/repos/acme/checkout/actions/runs?per_page=100")
    repeated = next(run for run in runs if run["run_attempt"] == 2)
    path = f"/repos/acme/checkout/actions/runs/{repeated['id']}/jobs"
    assert {job["run_attempt"] for job in fetch(f"{path}?filter=all").json()["jobs"]} == {1, 2}
    assert {job["run_attempt"] for job in fetch(path).json()["jobs"]} == {2}


def test_a_later_success_makes_a_deployment_inactive(fetch: Fetch) -> None:
    made = list(every(fetch, "/repos/acme/invoicing/deployments?per_page=100"))
    oldest = made[-1]
    statuses = fetch(f"/repos/acme/invoicing/deployments/{oldest['id']}/statuses").json()
    assert statuses[0]["state"] == "inactive"
    assert oldest["updated_at"] > statuses[-1]["created_at"]


def test_a_timeline_names_the_merge_and_leaves_commits_without_time(fetch: Fetch) -> None:
    pulls = every(fetch, "/repos/acme/checkout/pulls?state=closed&per_page=100")
    merged = next(row for row in pulls if row["merged_at"])
    rows = list(every(fetch, f"/repos/acme/checkout/issues/{merged['number']}/timeline?per_page=100"))
    kinds = {row["event"] for row in rows}
    assert {"committed", "merged", "closed", "head_ref_deleted"} <= kinds
    committed = [row for row in rows if row["event"] == "committed"]
    own = fetch(f"/repos/acme/checkout/pulls/{merged['number']}/commits").json()
    assert [row["sha"] for row in own] == [row["sha"] for row in committed]
    assert all("created_at" not in row and "id" not in row for row in committed)


def test_commits_of_the_main_branch_lead_back_to_the_first(fetch: Fetch) -> None:
    rows = list(every(fetch, "/repos/acme/invoicing/commits?per_page=100"))
    known = {row["sha"] for row in rows}
    assert all(parent["sha"] in known for row in rows for parent in row["parents"])
    assert rows[-1]["parents"] == []
    assert any(len(row["parents"]) == 2 for row in rows)
    assert any(row["author"] is None for row in rows)


def test_members_of_a_team_include_those_of_the_teams_below(fetch: Fetch) -> None:
    teams = {row["slug"]: row for row in every(fetch, "/orgs/acme/teams")}
    assert teams["payments"]["parent"]["slug"] == "commerce"
    own = {row["login"] for row in every(fetch, "/orgs/acme/teams/payments/members?per_page=100")}
    above = {row["login"] for row in every(fetch, "/orgs/acme/teams/commerce/members?per_page=100")}
    assert own < above


def test_a_deleted_account_is_null_everywhere(whole: Organisation) -> None:
    fetch = fetcher(application(whole))
    gone = whole.as_of(whole.ends_at).github().state.deleted
    assert gone
    pulls = list(every(fetch, "/repos/acme/storefront-web/pulls?state=all&per_page=100"))
    orphans = [row for row in pulls if row["user"] is None]
    assert orphans
    assert all(row["head"]["repo"] is None for row in orphans)
    assert not gone & {row["login"] for row in every(fetch, "/orgs/acme/members?per_page=100")}


def test_the_limit_is_told_and_kept(small: Organisation) -> None:
    fetch = fetcher(application(small, hourly_limit=3))
    assert fetch("/user").headers["x-ratelimit-remaining"] == "2"
    etag = fetch("/orgs/acme").headers["etag"]
    assert fetch("/orgs/acme", if_none_match=etag).status_code == 304
    assert fetch("/rate_limit").json()["rate"]["remaining"] == 1
    fetch("/user")
    refused = fetch("/user")
    assert (refused.status_code, refused.headers["x-ratelimit-remaining"]) == (403, "0")


def test_a_server_without_limit_tells_none(small: Organisation) -> None:
    assert "x-ratelimit-limit" not in fetcher(application(small, hourly_limit=None))("/user").headers


def test_faults_fall_on_every_nth_request(small: Organisation) -> None:
    plan = FaultPlan((Fault("bad_gateway", 4), Fault("too_many", 3, seconds=2), Fault("html", 5)))
    fetch = fetcher(application(small, faults=plan))
    answers = [fetch("/user") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 502, 200]
    assert answers[2].headers["retry-after"] == "2"
    assert answers[4].headers["content-type"].startswith("text/html")
    assert FaultPlan.from_document(plan.to_document()) == plan


def test_equal_states_give_equal_bytes(small: Organisation) -> None:
    one, other = fetcher(application(small)), fetcher(application(small))
    for path in (
        "/repos/acme/checkout/pulls?state=all",
        "/repos/acme/incidents/issues?state=all",
        "/orgs/acme/teams",
    ):
        assert one(path).content == other(path).content


def test_time_passes_and_leaves_what_was_there(small: Organisation) -> None:
    fold = small.as_of(small.starts_at + timedelta(days=50)).github()
    app = GitHubApplication(fold, token="t", clock=lambda: 0.0, sleep=asyncio.sleep)
    fetch = fetcher(app)
    path = "/repos/acme/checkout/pulls?state=all&per_page=100"
    before, etag = {row["id"] for row in every(fetch, path)}, fetch(path).headers["etag"]
    app.move_to(int(small.ends_at.timestamp()))
    assert before < {row["id"] for row in every(fetch, path)}
    assert fetch(path, if_none_match=etag).status_code == 200
    with pytest.raises(ValueError, match="cannot go back"):
        app.move_to(int(small.starts_at.timestamp()))


def test_moving_on_ends_in_the_same_state_as_starting_there(small: Organisation) -> None:
    fold = small.as_of(small.starts_at + timedelta(days=33)).github()
    moved = GitHubApplication(fold, token="t", clock=lambda: 0.0, sleep=asyncio.sleep)
    moved.move_to(int(small.ends_at.timestamp()))
    one, other = fetcher(moved), fetcher(application(small))
    for name in ("checkout", "marketplace", "incidents"):
        path = f"/repos/acme/{name}/issues?state=all&per_page=100"
        assert one(path).content == other(path).content
