"""What sources may answer wrongly: of GitHub, Jira and PagerDuty, each fault alone."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.planted_faults.changed_answers import Change, Record, decoded, each, encoded, listed
from tests.planted_faults.edge_fault import STOPPED, SourceFault
from tests.replay.loopback import Request, Response

ALL_OF_THEM = 200
"""More records than a stream of the small company has: every one is asked for again."""
NEWS_FROM = "2026-06-22"
"""The first run of the company took place when this day began."""
_SHOP = "/repos/acme/checkout"
_PULLS = "/repos/[^/]+/[^/]+/pulls"
_PULL = _PULLS + r"/\d+"
_RUNS = "/repos/[^/]+/[^/]+/actions/runs"
_DEPLOYMENTS = "/repos/[^/]+/[^/]+/deployments"
_STATUSES = _DEPLOYMENTS + r"/\d+/statuses"
_JIRA = "/jira/rest/api/3"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_FEW = 5
Ask = Callable[[str], Response]


def _second_page_skipped(_: Request, sound: Response, __: Ask) -> Response:
    link = sound.headers.get("link", "")
    skipped = re.sub(r'([?&]page=)2(&[^>]*)?>; rel="next"', r'\g<1>3\g<2>>; rel="next"', link)
    return replace(sound, headers={**sound.headers, "link": skipped})


def _next_link_cut(_: Request, sound: Response, __: Ask) -> Response:
    return replace(sound, headers={name: value for name, value in sound.headers.items() if name != "link"})


def _second_page_is_the_first(request: Request, sound: Response, ask: Ask) -> Response:
    if request.query.get("page") != "2":
        return sound
    return replace(sound, body=ask(re.sub(r"([?&])page=2", r"\1page=1", request.target)).body)


def _in_the_other_order(request: Request, _: Response, ask: Ask) -> Response:
    target = re.sub(r"per_page=\d+", f"per_page={_FEW}", request.target)
    return ask(target.replace("direction=desc", "direction=asc"))


def _body_cut(_: Request, sound: Response, __: Ask) -> Response:
    return replace(sound, body=sound.body[: len(sound.body) // 2])


def _link_cut_of_the_rest(_: Request, sound: Response, __: Ask) -> Response:
    """Half of the answer and no further page, though more was announced."""
    document = decoded(sound)
    if document is None or "issueChangeLogs" not in document:
        return sound
    for log in document["issueChangeLogs"]:
        log["changeHistories"] = sorted(log["changeHistories"], key=lambda one: one["created"])[:-1]
    return replace(sound, body=encoded(document))


def _total(factor: float) -> Callable[[Request, Response, Ask], Response]:
    def answer(_: Request, sound: Response, __: Ask) -> Response:
        document = decoded(sound)
        if document is None:
            return sound
        told = document | {"total_count": int(document["total_count"] * factor)}
        return replace(sound, body=encoded(told))

    return answer


def _newest_lost(records: list[Record]) -> list[Record]:
    newest = max((one["created_at"] for one in records), default="")
    return [one for one in records if one["created_at"] != newest]


def _every_other(records: list[Record]) -> list[Record]:
    return records[::2]


def _as_before(records: list[Record]) -> list[Record]:
    """Old pull requests as they were when they were opened, at their old places in the list."""
    old = [
        one | {"updated_at": one["created_at"], "state": "open", "merged_at": None, "closed_at": None}
        if one["created_at"] < NEWS_FROM <= one["updated_at"]
        else one
        for one in records
    ]
    return sorted(old, key=lambda one: str(one["updated_at"]), reverse=True)


def _first_two_ids_swapped(records: list[Record]) -> list[Record]:
    if len(records) > 1:
        records[0]["id"], records[1]["id"] = records[1]["id"], records[0]["id"]
    return records


def _instants(change: Callable[[str], str]) -> Callable[[Record], Record]:
    """Every instant of a record, wherever it stands."""

    def of(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: of(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [of(inner) for inner in value]
        return change(value) if isinstance(value, str) and _INSTANT.fullmatch(value) else value

    return of


def _moved(text: str, hours: int) -> str:
    return (datetime.fromisoformat(text) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _renamed(old: str, new: str) -> Callable[[Record], Record]:
    return lambda record: {(new if name == old else name): value for name, value in record.items()}


def _with(**values: Callable[[Any], Any]) -> Callable[[Record], Record]:
    return lambda record: (
        record | {name: change(record[name]) for name, change in values.items() if name in record}
    )


def _without_new_reviews(_: Request, sound: Response, __: Ask) -> Response:
    """Reviews come with their pull requests by GraphQL; timelines keep what they tell of them."""
    document = decoded(sound)
    for node in ((document or {}).get("data") or {}).get("nodes") or []:
        reviews = (node or {}).get("reviews") or {}
        if "nodes" in reviews:
            reviews["nodes"] = [
                one for one in reviews["nodes"] if str(one.get("submittedAt") or "") < NEWS_FROM
            ]
    return sound if document == decoded(sound) else replace(sound, body=encoded(document))


SOURCE_FAULTS: tuple[SourceFault, ...] = (
    SourceFault(
        "page-lost",
        "source",
        "The link to the next page of GitHub's pull requests leads past one page.",
        ("source_totals_arrived",),
        Change(_PULLS, _second_page_skipped, page_size=_FEW),
        is_first_run=True,
    ),
    SourceFault(
        "next-link-cut",
        "source",
        "The first page of GitHub's pull requests does not say that there are more.",
        ("source_totals_arrived",),
        Change(_PULLS, _next_link_cut, page_size=_FEW),
        is_first_run=True,
    ),
    SourceFault(
        "page-doubled",
        "source",
        "GitHub gives the first page of pull requests again where the second should come.",
        (STOPPED,),
        Change(_PULLS, _second_page_is_the_first, page_size=_FEW),
        is_first_run=True,
        stops_with=("github.pull_requests", "two of its pages are the same"),
    ),
    SourceFault(
        "record-lost",
        "source",
        "The list of pull requests lacks the newest of each repository.",
        ("pull_requests_among_issues_arrived",),
        listed(_PULLS, _newest_lost),
    ),
    SourceFault(
        "record-stale",
        "source",
        "The list gives an old version of pull requests that have changed since; asked alone, they are new.",
        ("sampled_records_match",),
        listed(_PULLS, _as_before),
        sample_size=ALL_OF_THEM,
    ),
    SourceFault(
        "ids-swapped",
        "source",
        "Two pull requests of a page have each other's id.",
        ("sampled_records_match",),
        listed(_PULLS, _first_two_ids_swapped),
        sample_size=ALL_OF_THEM,
    ),
    SourceFault(
        "zone-missing",
        "source",
        "Pull requests tell their instants in local time and do not say so.",
        (STOPPED,),
        each(_PULLS, _instants(lambda text: _moved(text, 2)[:-1]), items=_PULL),
        stops_with=("github.pull_requests", "timezone"),
    ),
    SourceFault(
        "zone-shifted",
        "source",
        "The list of workflow runs tells local time as if it were UTC.",
        ("sampled_records_match",),
        each(_RUNS, _instants(lambda text: _moved(text, -5)), envelope="workflow_runs", query="created"),
        sample_size=ALL_OF_THEM,
    ),
    SourceFault(
        "changelog-cut",
        "source",
        "Jira's bulk answer lacks the newest change of each issue.",
        ("last_changes_lead_to_the_present_status",),
        Change(_JIRA + "/changelog/bulkfetch", _link_cut_of_the_rest),
    ),
    SourceFault(
        "window-cut",
        "source",
        "Of the workflow runs of a range of days every other one is listed.",
        ("claimed_totals_nearly_arrived",),
        listed(_RUNS, _every_other, envelope="workflow_runs", query="created"),
    ),
    SourceFault(
        "window-cut-with-its-total",
        "source",
        "Every other workflow run of a range is listed, and the range says that these are all.",
        ("source_totals_arrived",),
        listed(_RUNS, _every_other, envelope="workflow_runs", query="created", total="total_count"),
    ),
    SourceFault(
        "field-renamed",
        "source",
        "Pull requests tell when they were merged under another name.",
        ("no_suspicious_drift",),
        each(_PULLS, _renamed("merged_at", "merged_on"), items=_PULL),
    ),
    SourceFault(
        "number-as-text",
        "source",
        "Pull requests have their number as a text.",
        (STOPPED,),
        each(_PULLS, _with(number=str), items=_PULL),
        stops_with=("github.pull_requests", "of another shape"),
    ),
    SourceFault(
        "flag-as-text",
        "source",
        "Pull requests say in a text whether they are drafts.",
        ("no_suspicious_drift",),
        each(_PULLS, _with(draft=lambda value: str(value).lower()), items=_PULL),
    ),
    SourceFault(
        "zone-missing-in-statuses",
        "source",
        "The statuses of deployments tell their instants in local time, and do not say so.",
        ("no_suspicious_drift",),
        each(_STATUSES, _instants(lambda text: _moved(text, 2)[:-1])),
    ),
    SourceFault(
        "object-as-text",
        "source",
        "Pull requests have their author's login where an account was.",
        ("no_breaking_drift",),
        each(_PULLS, _with(user=lambda user: user and user["login"]), items=_PULL),
    ),
    SourceFault(
        "word-unknown",
        "source",
        "Deployments succeed in a word that nobody knows.",
        ("no_suspicious_drift",),
        each(_STATUSES, _with(state=lambda state: "deployed" if state == "success" else state)),
    ),
    SourceFault(
        "value-null",
        "source",
        "Pull requests do not say any more when they were opened.",
        ("source_totals_arrived",),
        each(_PULLS, _with(created_at=lambda _: None), items=_PULL),
    ),
    SourceFault(
        "value-silently-null",
        "source",
        "Pull requests do not say any more when they were merged.",
        ("sampled_records_match",),
        each(_PULLS, _with(merged_at=lambda _: None)),
        sample_size=ALL_OF_THEM,
    ),
    SourceFault(
        "rights-lost",
        "source",
        "The token may not see a repository's records any more, and gets empty lists instead of a refusal.",
        ("source_totals_arrived",),
        listed(_SHOP + "/(pulls|issues|deployments)", lambda _: []),
    ),
    SourceFault(
        "teams-lost",
        "source",
        "The organisation's list of teams is empty.",
        ("parents_were_read",),
        listed("/orgs/acme/teams", lambda _: []),
    ),
    SourceFault(
        "total-too-high",
        "source",
        "A range of workflow runs says that there are half as many again as it lists.",
        ("claimed_totals_nearly_arrived",),
        Change(_RUNS, _total(1.5), query="created"),
    ),
    SourceFault(
        "total-too-low",
        "source",
        "A range of workflow runs says that there are half of those that it lists.",
        (),
        Change(_RUNS, _total(0.5), query="created"),
        why_uncaught="Every record has arrived; a claim is held against what is missing, not what is there.",
    ),
    SourceFault(
        "body-cut",
        "source",
        "A page of pull requests breaks off in the middle, with status 200 and the right length.",
        (STOPPED,),
        Change(_PULLS, _body_cut),
        stops_with=("github.pull_requests", "cut short"),
    ),
    SourceFault(
        "statuses-lost",
        "source",
        "The newest deployments have no statuses.",
        ("updated_deployments_have_a_status",),
        listed(
            _STATUSES,
            lambda records: [one for one in records if one["created_at"] < NEWS_FROM],
        ),
    ),
    SourceFault(
        "incidents-lost",
        "source",
        "PagerDuty lists every other incident, and says that these are all of the window.",
        ("incidents_in_log_entries_arrived",),
        listed("/pagerduty/incidents", _every_other, envelope="incidents", query="sort_by", total="total"),
        is_first_run=True,
    ),
    SourceFault(
        "order-reversed",
        "source",
        "The list of pull requests begins with those that nobody has touched for longest.",
        ("pull_requests_among_issues_arrived",),
        Change(_PULLS, _in_the_other_order, page_size=_FEW),
    ),
    SourceFault(
        "reviews-lost",
        "source",
        "The list of a pull request's reviews lacks the newest ones.",
        ("reviews_in_timelines_arrived",),
        Change("/graphql", _without_new_reviews),
    ),
    SourceFault(
        "issues-hidden",
        "source",
        "Jira's search leaves half of the issues out.",
        ("source_totals_arrived",),
        listed(_JIRA + "/search/jql", _every_other, envelope="issues"),
        is_first_run=True,
    ),
)
