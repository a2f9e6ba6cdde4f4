"""Streams of one source that tell of the same things: what one of them names, the other must have brought.

A list that is one record short looks whole. Another list of the same source, read by another request, knows
better; where both were read in one run, no question more is asked for it. What came into being shortly before
the list in question was read is left out: lists lag.
"""

from quality_checks.comparisons import Comparison
from quality_checks.repair_places import PLACE

_LAG = "interval 10 minutes"


def _readings(kind: str, stream: str, *, is_of_parent: bool = False) -> str:
    """One row per place of a stream: from when on, and when it was last read."""
    return f"""(
        select
            source, scope, parent_key,
            min(coalesce(requested_from, timestamptz '-infinity')) as read_from,
            max(least(started_at, coalesce(requested_until, started_at))) - {_LAG} as read_until
        from raw.fetch_windows
        where kind = '{kind}' and stream = '{stream}'
            and parent_key is {"not null" if is_of_parent else "null"}
        group by source, scope, parent_key
    )"""


def _places(kind: str, stream: str, item: str, *, by: str, is_of_parent: bool = False) -> str:
    """Where an item is fetched again: the newest reading of its place."""
    return f"""
        select {item} as item, {PLACE}
        from ({by}) as named
        inner join (
            select * from raw.fetch_windows
            where kind = '{kind}' and stream = '{stream}'
                and parent_key is {"not null" if is_of_parent else "null"}
            qualify row_number() over (
                partition by source, scope, parent_key order by window_index desc
            ) = 1
        ) using (source, scope{", parent_key" if is_of_parent else ""})
    """


_PULL_REQUEST = "concat(source, ' ', scope, ' ', number)"
_NAMED_PULL_REQUESTS = f"""
    select issues.source, scope, issues.number
    from staging.stg_github__issues as issues
    inner join {_readings("github", "pull_requests")} as reading
        on reading.source = issues.source and reading.scope = issues.repository
    where issues.is_pull_request
        and issues.created_at < reading.read_until
        and issues.updated_at >= reading.read_from + interval 1 day
"""
_PULL_REQUESTS = Comparison(
    name="pull_requests_among_issues_arrived",
    subjects=("staging.stg_github__pull_requests",),
    layer="facts",
    sentence="Every pull request that the list of issues names came with the list of pull requests.",
    left=f"select {_PULL_REQUEST} as item, 1 as value from ({_NAMED_PULL_REQUESTS})",
    right=f"""
        select {_PULL_REQUEST} as item, 1 as value
        from ({_NAMED_PULL_REQUESTS})
        semi join (select source, repository as scope, number from staging.stg_github__pull_requests)
            using (source, scope, number)
    """,
    measure="pull requests",
    remedy="The list of pull requests was short when it was read. Fetch the repository again.",
    item="concat('pull request ', item)",
    action="refetch",
    places=_places("github", "pull_requests", _PULL_REQUEST, by=_NAMED_PULL_REQUESTS),
)

_REVIEWED = "concat(source, ' ', scope, ' ', parent_key)"
_REVIEWED_PULL_REQUESTS = f"""
    select timeline.source, scope, parent_key, reading.read_until, count(*) as reviews
    from staging.stg_github__timeline as timeline
    inner join {_readings("github", "reviews", is_of_parent=True)} as reading
        on reading.source = timeline.source
        and reading.scope = timeline.repository
        and reading.parent_key = timeline.issue_number::varchar
    where timeline.event = 'reviewed' and timeline.event_at < reading.read_until
    group by all
"""
_REVIEWS = Comparison(
    name="reviews_in_timelines_arrived",
    subjects=("staging.stg_github__reviews",),
    layer="facts",
    sentence="A pull request has at least the reviews that its timeline tells of.",
    left=f"select {_REVIEWED} as item, reviews as value from ({_REVIEWED_PULL_REQUESTS})",
    right=f"""
        select {_REVIEWED} as item, count(submitted_at) as value
        from ({_REVIEWED_PULL_REQUESTS}) as named
        inner join (
            select source, repository as scope, pull_request_number::varchar as parent_key, submitted_at
            from staging.stg_github__reviews
        ) as reviews using (source, scope, parent_key)
        where submitted_at < read_until
        group by all
    """,
    measure="reviews",
    remedy="The list of reviews was short when it was read. Fetch the pull request's again.",
    item="concat('pull request ', item)",
    rule="at_least",
    severity="warning",
    action="refetch",
    places=_places("github", "reviews", _REVIEWED, by=_REVIEWED_PULL_REQUESTS, is_of_parent=True),
)

_DEPLOYMENT = "concat(source, ' ', scope, ' ', parent_key)"
_UPDATED_DEPLOYMENTS = f"""
    select deployments.source, scope, parent_key
    from staging.stg_github__deployments as deployments
    inner join {_readings("github", "deployment_statuses", is_of_parent=True)} as reading
        on reading.source = deployments.source
        and reading.scope = deployments.repository
        and reading.parent_key = deployments.deployment_id::varchar
    where deployments.updated_at > deployments.created_at + interval 1 minute
"""
_STATUSES = Comparison(
    name="updated_deployments_have_a_status",
    subjects=("staging.stg_github__deployment_statuses",),
    layer="facts",
    sentence="A deployment that was updated after it was made has a status: nothing else updates it.",
    left=f"select {_DEPLOYMENT} as item, 1 as value from ({_UPDATED_DEPLOYMENTS})",
    right=f"""
        select {_DEPLOYMENT} as item, 1 as value
        from ({_UPDATED_DEPLOYMENTS})
        semi join (
            select source, repository as scope, deployment_id::varchar as parent_key
            from staging.stg_github__deployment_statuses
        ) using (source, scope, parent_key)
    """,
    measure="deployments",
    remedy="Its list of statuses was empty when it was read, so that it counts as never rolled out. Fetch it "
    "again.",
    item="concat('deployment ', item)",
    severity="warning",
    action="refetch",
    places=_places("github", "deployment_statuses", _DEPLOYMENT, by=_UPDATED_DEPLOYMENTS, is_of_parent=True),
)

# The newest change of status of each issue, of those that the issue's own version has seen.
_LAST_STATUSES = """
    select issues.source, issues.issue_id, issues.status_id, changes.to_id
    from staging.stg_jira__current_issues as issues
    inner join staging.stg_jira__issue_changes as changes using (source, issue_id)
    where changes.field_id = 'status' and changes.changed_at <= issues.updated_at and not issues.is_deleted
    qualify row_number() over (
        partition by issues.source, issues.issue_id
        order by changes.changed_at desc, changes.change_id desc, changes.item_number desc
    ) = 1
"""
_PRESENT_STATUS = Comparison(
    name="last_changes_lead_to_the_present_status",
    subjects=("staging.stg_jira__issue_changes",),
    layer="facts",
    sentence="The newest change of an issue's status is the one to the status that it has.",
    left=f"select concat_ws(' ', source, issue_id, 'in', status_id) as item, 1 as value "
    f"from ({_LAST_STATUSES})",
    right=f"select concat_ws(' ', source, issue_id, 'in', to_id) as item, 1 as value from ({_LAST_STATUSES})",
    measure="issues",
    remedy="Changes are missing: the changelog was cut, or the token may not see all of it. Look at the "
    "issue's history in Jira; `assay run` reads it with the issue's next change.",
    item="concat('issue ', item)",
    severity="warning",
    action="run",
)

_TRIGGERED = f"""
    select distinct entries.source, scope, entries.incident_id
    from staging.stg_pagerduty__log_entries as entries
    inner join {_readings("pagerduty", "incidents")} as reading on reading.source = entries.source
    where entries.entry_type = 'trigger_log_entry'
        and entries.created_at < reading.read_until
        and entries.created_at >= reading.read_from
"""
_INCIDENTS = Comparison(
    name="incidents_in_log_entries_arrived",
    subjects=("staging.stg_pagerduty__incidents",),
    layer="facts",
    sentence="Every incident whose beginning PagerDuty's log tells of came with the list of incidents.",
    left=f"select concat(source, ' ', incident_id) as item, 1 as value from ({_TRIGGERED})",
    right=f"""
        select concat(source, ' ', incident_id) as item, 1 as value
        from ({_TRIGGERED})
        semi join staging.stg_pagerduty__incidents using (source, incident_id)
    """,
    measure="incidents",
    remedy="The list of incidents was short when it was read. Fetch that time again.",
    item="concat('incident ', item)",
    severity="warning",
    action="refetch",
    places=_places("pagerduty", "incidents", "concat(source, ' ', incident_id)", by=_TRIGGERED),
)

SIBLING_COMPARISONS: tuple[Comparison, ...] = (
    _PULL_REQUESTS,
    _REVIEWS,
    _STATUSES,
    _PRESENT_STATUS,
    _INCIDENTS,
)
