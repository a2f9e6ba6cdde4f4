"""Requests are as many as the APIs need for the data that there is, stream by stream, and no more.

Each row is a formula over the records that there are: one listing for each scope, one for each parent, one
for as many records as a page may have at most. The second column is a second run with nothing to find.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from connectors.circleci.workflows import UNFINISHED
from connectors.sources import SOURCE_KINDS
from tests.connectors.matrix.current import Current
from tests.connectors.matrix.runs import LATER, reading
from tests.connectors.matrix.sources import SOURCES


@dataclass(frozen=True, slots=True)
class There:
    """What there is to read."""

    current: Current
    scopes: int

    def each(self, stream: str) -> int:
        """One request for each record of a stream."""
        return len(self.current[stream])

    def pages(self, stream: str, size: int) -> int:
        """One request for as many records of a scope as a page holds, one at least for each scope."""
        counts: dict[str, int] = {}
        for held in self.current[stream].values():
            counts[held.place[0]] = counts.get(held.place[0], 0) + 1
        return sum(math.ceil(count / size) for count in counts.values()) + self.scopes - len(counts)

    def where(self, stream: str, *parts: bytes) -> int:
        """One request for each record of a stream that has a part in it."""
        return sum(any(part in held.record for part in parts) for held in self.current[stream].values())


Formula = Callable[[There], int]


def one(_there: There) -> int:
    return 1


def two(_there: There) -> int:
    return 2


def none(_there: There) -> int:
    return 0


def scopes(there: There) -> int:
    return there.scopes


def per(stream: str) -> Formula:
    return lambda there: there.each(stream)


def pages(stream: str, size: int) -> Formula:
    return lambda there: there.pages(stream, size)


def looked_at_again(there: There) -> int:
    """Pipelines of the last three days, among them those that go on: CircleCI tells no other way."""
    since = "2026-06-20T14:12:31"
    young = {key for key, held in there.current["pipelines"].items() if _created(held.record) >= since}
    words = [f'"status":"{status}"'.encode() for status in UNFINISHED]
    open_ones = there.where("workflows", *words)
    assert open_ones <= len(young)
    return len(young)


def _created(record: bytes) -> str:
    return record.partition(b'"created_at":"')[2][:19].decode()


Row = tuple[Formula, Formula]
_ONE, _EACH = (one, one), (scopes, scopes)
GITHUB: Mapping[str, Row] = {
    "repositories": _ONE,
    "teams": _ONE,
    "team_members": (per("teams"), per("teams")),
    "members": _ONE,
    "pull_requests": (pages("pull_requests", 100), scopes),
    "issues": (pages("issues", 100), scopes),
    "reviews": (per("pull_requests"), none),
    "review_comments": (pages("review_comments", 100), scopes),
    "pull_request_commits": (per("pull_requests"), none),
    "timeline": (per("issues"), none),
    "commits": (pages("commits", 100), scopes),
    "tags": (pages("tags", 100), pages("tags", 100)),
    "deployments": (pages("deployments", 100), scopes),
    "deployment_statuses": (per("deployments"), none),
    "releases": (pages("releases", 100), pages("releases", 100)),
    "workflow_runs": (pages("workflow_runs", 100), scopes),
    "workflow_jobs": (per("workflow_runs"), none),
}
BY_GRAPHQL: Mapping[str, Row] = {
    "item_details": (lambda there: there.pages("issues", 100), none),
    **dict.fromkeys(("reviews", "pull_request_commits", "timeline"), (none, none)),
}
JIRA: Mapping[str, Row] = {
    **dict.fromkeys(("projects", "fields", "statuses", "status_categories", "issue_types"), _ONE),
    "users": (two, two),  # the last page is the empty one: what the account may not see is left out of pages
    "versions": (per("projects"), per("projects")),
    "components": (per("projects"), per("projects")),
    "issues": _ONE,
    "issue_keys": (per("projects"), per("projects")),
    "changelogs": (one, none),
    "histories": (none, none),
    "worklog_updates": _ONE,
    "worklogs": (one, none),
    "worklog_deletions": _ONE,
    "boards": _ONE,
    "sprints": (lambda there: there.where("boards", b'"scrum"'),) * 2,
}
_LOGGED = tuple(b'"timespent":%d' % figure for figure in range(1, 10))
BY_PROJECT: Mapping[str, Row] = {
    **dict.fromkeys(("projects", "versions", "components", "issues", "issue_keys", "boards"), _EACH),
    "changelogs": (scopes, none),
    "worklog_updates": (none, none),
    "worklogs": (lambda there: there.where("issues", *_LOGGED), none),
}
GITLAB: Mapping[str, Row] = {
    **dict.fromkeys(("groups", "subgroups", "group_members", "projects"), _ONE),
    "subgroup_members": (per("subgroups"), per("subgroups")),
    "merge_requests": (scopes, scopes),
    "merge_request_commits": (per("merge_requests"), none),
    "events": (pages("events", 100), scopes),
    "pipelines": (pages("pipelines", 100), scopes),
    "pipeline_details": (per("pipelines"), none),
    "child_pipelines": _EACH,
    "jobs": (pages("jobs", 100), scopes),
    **dict.fromkeys(("deployments", "environments", "releases", "tags"), _EACH),
}
MINIMA: Mapping[str, Mapping[str, Row]] = {
    "github": GITHUB,
    "github-graphql": {**GITHUB, **BY_GRAPHQL},
    "jira": JIRA,
    "jira-projects": {**JIRA, **BY_PROJECT},
    "gitlab": GITLAB,
    "circleci": {
        "projects": _EACH,
        "pipelines": (pages("pipelines", 20), scopes),
        "workflows": (per("pipelines"), looked_at_again),
        "jobs": (per("workflows"), none),
    },
    "jenkins": {
        "jobs": _ONE,
        "builds": (lambda there: len({held.place for held in there.current["builds"].values()}), none),
        "stages": (lambda there: there.where("builds", b'"result":"'), none),
    },
    "argocd": {"applications": _EACH},
    "pagerduty": {
        **dict.fromkeys(("teams", "users", "services", "escalation_policies", "on_calls"), _ONE),
        "team_members": (per("teams"), per("teams")),
        "incidents": _ONE,
        "log_entries": _ONE,
    },
    "datadog": {
        "slos": _ONE,
        "slo_history": (per("slo_history"), per("slos")),  # a week each; again the week that goes on
        "monitors": (two, two),  # the last page is the empty one: a short page says nothing
        "incidents": _ONE,
        "users": _ONE,
    },
    "prometheus": {
        "range_samples": (lambda there: 2 * _days(there), two),  # a day each, of two queries
        "alerts_history": _ONE,
        "targets": _ONE,
        "rules": _ONE,
    },
    "alertmanager": dict.fromkeys(("alerts", "silences", "receivers"), _ONE),
    "scim": dict.fromkeys(("users", "groups"), _ONE),
}
SCOPES = {"github": 3, "github-graphql": 3, "jira-projects": 3, "gitlab": 3, "circleci": 2, "argocd": 2}


def _days(there: There) -> int:
    return len({held.place[1] for held in there.current["range_samples"].values()})


@pytest.mark.parametrize("source", SOURCES)
def test_no_request_is_made_that_the_api_could_spare(source: str) -> None:
    with reading(SOURCES[source], at=LATER, is_paged=False) as read:
        read.run()
        first = {stream: report.requests for stream, report in read.reports.items()}
        there = There(read.current(), SCOPES.get(source, 1))
        read.run()
        again = {stream: report.requests for stream, report in read.reports.items()}
        rows = MINIMA[source]
        assert first == {stream: formula(there) for stream, (formula, _) in rows.items()}
        assert again == {stream: formula(there) for stream, (_, formula) in rows.items()}


LARGEST_PAGES: Mapping[str, Mapping[str, int]] = {
    # "Using pagination in the REST API": per_page is 100 at most; as many nodes in a query by ids
    "github": dict.fromkeys((*GITHUB, "item_details"), 100),
    "gitlab": dict.fromkeys(GITLAB, 100),  # "REST API", pagination: per_page is 100 at most
    "pagerduty": dict.fromkeys(MINIMA["pagerduty"], 100),  # "Pagination": limit is 100 at most
    # maxResults of each at most; Data Center gives 1,000 issues, but with histories they become too large
    "jira": {"projects": 100, "users": 1000, "boards": 50, "sprints": 50, "histories": 100},
    "datadog": {
        "slos": 1000,
        "incidents": 100,
        "users": 100,
        "monitors": 100,  # 1,000 are allowed, but each brings the states of all its groups
    },
}


@pytest.mark.parametrize("kind", LARGEST_PAGES)
def test_pages_are_as_large_as_the_vendor_allows(kind: str) -> None:
    sizes = {
        stream.name: stream.pager.size  # type: ignore[attr-defined] # of those that have a size
        for stream in SOURCE_KINDS[kind].streams
        if hasattr(getattr(stream, "pager", None), "size")
    }
    assert sizes == {name: size for name, size in LARGEST_PAGES[kind].items() if name in sizes}
    assert len(sizes) > 2
