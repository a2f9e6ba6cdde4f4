"""What is said to be the cost of a first extraction, beside what it then costs."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.errors import UnreachableSourceError
from connectors.http.pagers import Offset
from connectors.http.source import HttpSource
from connectors.http.streams import Reading
from connectors.reports import StreamEstimate
from connectors.sandbox.gitlab.api import GitLabApi
from connectors.sandbox.organisation import simulate
from tests.connectors.gitlab import server as gitlab
from tests.connectors.gitlab.server import clock_at
from tests.connectors.http.items_api import ITEMS, PAGE, Items
from tests.connectors.jira.site import open_site
from tests.connectors.pagerduty.account import open_account
from tests.connectors.workspace import FakeTime, open_store
from tests.replay.loopback import Response
from tests.replay.vendor_api import VendorApi


def at(day: int) -> datetime:
    return datetime(2026, 11, day, tzinfo=UTC)


def planned(source: HttpSource) -> dict[str, StreamEstimate]:
    return {each.stream: each for each in source.estimate()}


def spent(source: HttpSource) -> dict[str, int]:
    return {each.name: source.extract(each.name, run_id="run").requests for each in source.streams}


def is_close(plan: dict[str, StreamEstimate], cost: dict[str, int]) -> bool:
    """Whether all of it, and every stream that costs much, are within a factor of two."""
    asked, took = sum(each.requests for each in plan.values()), sum(cost.values())
    much = [name for name, requests in cost.items() if requests > took / 10]
    return took / 2 <= asked <= took * 2 and all(
        cost[name] / 2 <= plan[name].requests <= cost[name] * 2 for name in much
    )


def test_projects_that_no_run_has_listed_are_taken_from_their_listing(tmp_path: Path) -> None:
    """A first plan said 18 requests, and the run then took ten times that."""
    organisation = simulate(seed=5, months=2, services=2)
    api = GitLabApi(organisation.company, organisation.timeline, gitlab.TOKEN)
    served, end = VendorApi(api, prefix="gitlab"), organisation.parameters.ends_at
    api.move_to(end - 1)
    with served.server, open_store(tmp_path) as store:
        source = gitlab.open_source(store, served.base_url, clock_at(end + 60))
        plan = planned(source)
        assert plan["merge_requests"].bytes > 0
        assert is_close(plan, spent(source))
        assert is_close(planned(source), {name: each.requests for name, each in plan.items()})


def test_children_and_batches_of_a_site_are_counted_from_their_parents(tmp_path: Path) -> None:
    with open_site(tmp_path) as site:
        plan = planned(site.source)
        assert plan["histories"].requests == 0, "Cloud has none"
        assert is_close(plan, spent(site.source))


def test_windows_that_hold_nothing_cost_one_request_each(tmp_path: Path) -> None:
    with open_account(tmp_path, at=datetime(2026, 7, 1, tzinfo=UTC)) as account:
        before = len(account.server.requests)
        plan = planned(account.source)
        assert len(account.server.requests) - before < 30
        assert is_close(plan, spent(account.source))


def test_what_cannot_be_asked_about_is_at_least_that(tmp_path: Path) -> None:
    items = Items({number: at(1) for number in range(7)})
    with items.server, open_store(tmp_path) as store:
        source = items.source(store, FakeTime(now=at(16)))
        assert not any(each.is_least for each in planned(source).values())
        items.fault = lambda _: Response(b"{}", 403)
        assert all((each.is_least, each.bytes) == (True, 0) for each in planned(source).values())


def test_pages_without_a_total_are_counted_as_far_as_a_plan_goes(tmp_path: Path) -> None:
    listing = replace(ITEMS, reading=Reading.WHOLE, windows=None, is_windowed=False, total=None)
    for count, requests, is_least in ((2, 1, False), (9, 4, False), (900, 5, True)):
        items = Items({number: at(1) for number in range(count)})
        stream = replace(
            listing,
            parameters=(("from", "2026-11-01T00:00:00+00:00"), ("until", "2026-11-09T00:00:00+00:00")),
            pager=Offset(size=PAGE),
        )
        with items.server, open_store(tmp_path / str(count)) as store:
            found = planned(items.source(store, FakeTime(now=at(16)), stream=stream))["items"]
        assert (found.requests, found.is_least) == (requests, is_least)


def test_a_source_that_cannot_be_reached_has_no_estimate(tmp_path: Path) -> None:
    items = Items({})
    with items.server, open_store(tmp_path) as store:
        source = items.source(store, FakeTime(now=at(16)), base_url="http://127.0.0.1:9")
        with pytest.raises(UnreachableSourceError):
            source.estimate()
