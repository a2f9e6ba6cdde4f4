"""Issues that are edited while a search is read: nothing is skipped, nothing asked twice if nothing moves."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.jira.pagers import SteadyOffset
from connectors.sandbox.jira import edits
from connectors.sandbox.jira.api import JiraApi
from tests.connectors.jira.site import END, MINUTE, ReadSite, open_site
from tests.replay.loopback import Handler, Request, Response

PAGE = 5


@dataclass
class Meddling:
    """Edits and deletions that happen before certain searches are answered.

    Attributes:
        plan: For each search, the places (by last update) of the issues that are touched before it.
        is_inside: Whether the new last update still lies in the window: the server's clock is behind.
        deletes: Whether issues are deleted instead.
    """

    plan: dict[int, list[int]]
    is_inside: bool = False
    deletes: bool = False
    api: JiraApi | None = None
    searches: int = 0
    touched: set[int] = field(default_factory=set)

    def __call__(self, request: Request, answer: Handler) -> Response:
        if "/search" in request.path:
            for place in self.plan.get(self.searches, []):
                self.meddle(place)
            self.searches += 1
        return answer(request)

    def meddle(self, place: int) -> None:
        """Touch the issue at a place."""
        assert self.api is not None
        state = self.api.state
        rows = sorted(state.issues.values(), key=lambda issue: issue.updated_at)
        issue = rows[place % len(rows)]
        self.touched.add(issue.id)
        if self.deletes:
            state.delete(issue)
        else:
            now = round(END.timestamp() * 1000)
            at = now + (-30_000 + len(self.touched) if self.is_inside else 30_000 + len(self.touched))
            at = max(at, issue.updated_at + 1)
            edits.rank(state, issue, at, author=issue.reporter)
            state.at = max(state.at, at)
        self.api.searches.forget()


def read_while(
    folder: Path, meddling: Meddling, *, is_cloud: bool, check: Callable[[ReadSite], None]
) -> None:
    """Read issues while somebody meddles, then once more in quiet."""
    with open_site(folder, is_cloud=is_cloud, largest_page=PAGE, instead=meddling) as site:
        meddling.api = site.api
        start = {issue.id for issue in site.state.issues.values()}
        site.extract_all(("fields", "issues"))
        read = {int(key) for key in site.newest("issues")}
        assert start - meddling.touched <= read
        meddling.plan = {}
        site.move_to(END + 5 * MINUTE)
        site.extract_all(("issues",))
        check(site)


def ends_as_a_full_run(site: ReadSite) -> None:
    """The newest versions are those of the site."""
    newest = {key: issue["fields"]["updated"] for key, issue in site.newest("issues").items()}
    with TemporaryDirectory() as folder, open_site(Path(folder), at=END) as other:
        other.api.state.issues.clear()
        other.api.state.issues.update(site.state.issues)
        other.move_to(END + timedelta(minutes=10))
        other.extract_all(("fields", "issues"))
        held = {key: issue["fields"]["updated"] for key, issue in other.newest("issues").items()}
    assert {key: newest[key] for key in held} == held


PLANS = st.dictionaries(
    st.integers(0, 9), st.lists(st.integers(0, 40), min_size=1, max_size=7), min_size=1, max_size=5
)


@settings(max_examples=12, deadline=None)
@given(plan=PLANS, is_inside=st.booleans(), deletes=st.booleans())
@example(plan={9: [36, 0]}, is_inside=True, deletes=False)  # the anchor itself moves, onto the same page
def test_data_center_loses_nothing_that_moves_while_it_is_read(
    plan: dict[int, list[int]], is_inside: bool, deletes: bool
) -> None:
    with TemporaryDirectory() as folder:
        meddling = Meddling(plan, is_inside=is_inside, deletes=deletes)
        read_while(Path(folder), meddling, is_cloud=False, check=ends_as_a_full_run)


@settings(max_examples=6, deadline=None)
@given(plan=PLANS, is_inside=st.booleans())
def test_cloud_loses_nothing_that_moves_while_it_is_read(plan: dict[int, list[int]], is_inside: bool) -> None:
    with TemporaryDirectory() as folder:
        meddling = Meddling(plan, is_inside=is_inside)
        read_while(Path(folder), meddling, is_cloud=True, check=ends_as_a_full_run)


def test_nothing_extra_is_asked_when_nothing_moves(tmp_path: Path) -> None:
    with open_site(tmp_path, is_cloud=False, largest_page=PAGE) as site:
        site.extract_all(("fields",))
        issues = len(site.state.issues)
        assert len(site.asked("issues")) == -(-(issues - 1) // (PAGE - 1))


def test_a_fallen_total_takes_the_search_a_page_back(tmp_path: Path) -> None:
    meddling = Meddling({2: [0, 1]})
    with open_site(tmp_path, is_cloud=False, largest_page=PAGE, instead=meddling) as site:
        meddling.api = site.api
        site.extract_all(("fields",))
        starts = [int(request.query["startAt"]) for request in site.asked("issues")]
        assert starts[:5] == [0, 4, 8, 5, 9]
        assert len(starts) == -(-(len(site.state.issues) - 3) // (PAGE - 1)) + 2


def test_a_listing_of_keys_survives_deletions_while_it_is_read(tmp_path: Path) -> None:
    meddling = Meddling({}, deletes=True)
    with open_site(tmp_path, is_cloud=False, largest_page=3, instead=meddling, projects=("INC",)) as site:
        meddling.api = site.api
        first = min(issue.updated_at for issue in site.state.issues.values())
        assert first > 0
        rows = sorted(site.state.issues.values(), key=lambda issue: issue.updated_at)
        place = next(at for at, issue in enumerate(rows) if issue.project.key == "INC")
        meddling.plan = {2: [place]}
        site.extract_all(("projects", "issue_keys"))
        mine = {str(issue.id) for issue in site.state.issues.values() if issue.project.key == "INC"}
        assert mine <= site.newest("issue_keys").keys()


@pytest.mark.parametrize("is_cloud", [True, False])
def test_a_run_that_breaks_off_goes_on_where_it_was(tmp_path: Path, is_cloud: bool) -> None:
    """The third search fails for good; the next run does not begin again."""
    failing = {"is": True, "searches": 0}

    def instead(request: Request, answer: Handler) -> Response:
        if "/search" in request.path and failing["is"]:
            failing["searches"] += 1
            if failing["searches"] > 2:
                return Response(b"{}", status=503)
        return answer(request)

    with open_site(tmp_path, is_cloud=is_cloud, largest_page=PAGE, instead=instead) as site:
        site.extract_all(("fields",))
        with pytest.raises(Exception, match="the next attempt goes on there"):
            site.extract("issues")
        failing["is"] = False
        count = len(site.state.issues)
        went_on = site.asked("issues")
        step = PAGE if is_cloud else PAGE - 1
        assert len(went_on) == -(-(count - (0 if is_cloud else 1)) // step) - 2 + 1
        assert len(site.newest("issues")) == count


def test_without_the_anchor_the_same_edits_lose_issues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests above can fail: pages that never look back miss what moved up."""
    monkeypatch.setattr(SteadyOffset, "_meets", lambda *_: True)
    meddling = Meddling({2: [0, 1, 2, 3]})
    with open_site(tmp_path, is_cloud=False, largest_page=PAGE, instead=meddling) as site:
        meddling.api = site.api
        start = {issue.id for issue in site.state.issues.values()}
        site.extract_all(("fields", "issues"))
        assert start - meddling.touched - {int(key) for key in site.newest("issues")}
