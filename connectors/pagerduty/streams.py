"""Everything that is read from PagerDuty, declared: developer.pagerduty.com, REST API version 2.

Log entries are read for the whole account by windows, a hundred a request. Reading them incident by incident
would take a request for each incident, and another one each time it changed. They never change, so every
window is read once; they also tell what an incident does not: acknowledgements after it is over, escalations,
and the end of those old incidents whose `resolved_at` is empty. Their channels are included, for without them
an entry keeps to itself what a note says, and notes are where people name the deployment that caused it.
"""

from datetime import UTC, datetime, timedelta

from connectors.http.instants import text_of
from connectors.http.pagers import Offset
from connectors.http.questions import Item, SourceTotal
from connectors.http.streams import HttpStream, Reading, Windows
from connectors.pagerduty import columns, records
from connectors.streams import Mode, PersonalData

LARGEST_PAGE = 100
MOST_RESULTS = 10_000
"""Offset and limit together ("Pagination"): what stands behind it cannot be read."""

LONGEST_WINDOW = timedelta(days=180)
"""Six months at most ("List incidents"); the shortest six months of a year have 181 days."""

_DOCS = "https://developer.pagerduty.com/api-reference/"
_PAGES = Offset(size=LARGEST_PAGE, more_path=("more",))
_FIRST = datetime(2009, 1, 1, tzinfo=UTC)  # PagerDuty's first year: nothing is older
_TOTAL = ("total", "true")
_ZONE = ("time_zone", "UTC")
_SECOND = timedelta(seconds=1)
_PEOPLE = (PersonalData.ACCOUNT, PersonalData.NAME)
_TEXT = (*_PEOPLE, PersonalData.FREE_TEXT)


def created_within(start: datetime, end: datetime) -> dict[str, str]:
    """A window of creation. It starts a second early: nothing says whether `since` itself is left out."""
    return {"since": text_of(start - _SECOND), "until": text_of(end)}


def _windows(overlap: timedelta) -> Windows:
    return Windows(
        parameters=created_within,
        longest=LONGEST_WINDOW,
        overlap=overlap,
        first=_FIRST,
        max_results=MOST_RESULTS,
    )


STREAMS: tuple[HttpStream, ...] = (
    HttpStream(
        name="teams",
        title="Teams",
        description="A team.",
        mode=Mode.REPLACE_SET,
        keys=("id",),
        path="/teams",
        parameters=(_TOTAL,),
        reading=Reading.WHOLE,
        pager=_PAGES,
        envelope="teams",
        total="total",
        record=records.Named,
        named_by="id",
        columns=columns.TEAMS,
        documentation=_DOCS + "0138639504311-list-teams",
    ),
    HttpStream(
        name="team_members",
        title="Team members",
        description="A member of a team.",
        mode=Mode.REPLACE_SET,
        keys=("@parent_key", "user.id"),
        parent="teams",
        path="/teams/{parent_key}/members",
        parameters=(_TOTAL,),
        reading=Reading.PER_CURRENT_PARENT,
        pager=_PAGES,
        envelope="members",
        total="total",
        columns=columns.TEAM_MEMBERS,
        accounts=columns.TEAM_MEMBER_ACCOUNTS,
        personal_data=_PEOPLE,
        documentation=_DOCS + "e35802f1bd6d4-list-members-of-a-team",
    ),
    HttpStream(
        name="users",
        title="Users",
        description="A person with an account, as it is now or was last.",
        mode=Mode.UPSERT,
        keys=("id",),
        path="/users",
        parameters=(_TOTAL,),
        reading=Reading.WHOLE,
        pager=_PAGES,
        envelope="users",
        total="total",
        columns=columns.USERS,
        accounts=columns.USER_ACCOUNTS,
        personal_data=(*_TEXT, PersonalData.EMAIL),
        documentation=_DOCS + "c96e889522dd6-list-users",
    ),
    HttpStream(
        name="services",
        title="Services",
        description="A service, with the teams and the escalation policy that answer for it.",
        mode=Mode.REPLACE_SET,
        keys=("id",),
        path="/services",
        parameters=(_TOTAL, _ZONE),
        reading=Reading.WHOLE,
        pager=_PAGES,
        envelope="services",
        total="total",
        columns=columns.SERVICES,
        personal_data=(PersonalData.FREE_TEXT,),
        documentation=_DOCS + "e960cca205c0f-list-services",
    ),
    HttpStream(
        name="escalation_policies",
        title="Escalation policies",
        description="An escalation policy: who is asked, in which order, when something is wrong.",
        mode=Mode.REPLACE_SET,
        keys=("id",),
        path="/escalation_policies",
        parameters=(_TOTAL,),
        reading=Reading.WHOLE,
        pager=_PAGES,
        envelope="escalation_policies",
        total="total",
        columns=columns.ESCALATION_POLICIES,
        account_paths=("$.escalation_rules[*].targets[*]",),
        personal_data=_TEXT,
        documentation=_DOCS + "51b21014a4f5a-list-escalation-policies",
    ),
    HttpStream(
        name="on_calls",
        title="On-calls",
        description="A person who is on call now, for a level of an escalation policy.",
        mode=Mode.REPLACE_SET,
        keys=("escalation_policy.id", "escalation_level", "user.id"),
        path="/oncalls",
        parameters=(_TOTAL, _ZONE),
        reading=Reading.WHOLE,
        pager=_PAGES,
        envelope="oncalls",
        total="total",
        columns=columns.ON_CALLS,
        accounts=columns.ON_CALL_ACCOUNTS,
        personal_data=_PEOPLE,
        documentation=_DOCS + "3a6b910f11050-list-all-of-the-on-calls",
    ),
    HttpStream(
        name="incidents",
        title="Incidents",
        description="An incident in its newest version; read again until it is resolved.",
        mode=Mode.UPSERT,
        keys=("id",),
        path="/incidents",
        parameters=(_TOTAL, _ZONE, ("sort_by", "created_at:asc")),
        reading=Reading.WINDOWS,
        windows=_windows(overlap=timedelta(days=7)),  # priorities are often set after the fact
        pager=_PAGES,
        envelope="incidents",
        total="total",
        record=records.Incident,
        updated_at="$.updated_at",
        columns=columns.INCIDENTS,
        account_paths=(
            "$.assignments[*].assignee",
            "$.acknowledgements[*].acknowledger",
            "$.last_status_change_by",
        ),
        personal_data=_TEXT,
        is_windowed=True,
        item=Item(
            path="/incidents/{incident_id}",
            parameters=(_ZONE,),
            envelope="incident",
            unversioned=("priority", "service_name", "team_ids", "incident_type"),
        ),
        source_total=SourceTotal(
            path="/incidents",
            parameters=(_TOTAL, _ZONE, ("date_range", "all"), ("limit", "1")),
            at="total",
            scope_column=None,
            cap=MOST_RESULTS,
            tolerance=1,
            tolerance_percent=1.0,
        ),
        documentation=_DOCS + "9d0b4b12e36f9-list-incidents",
    ),
    HttpStream(
        name="log_entries",
        title="Log entries",
        description="An entry of an incident's log: a trigger, an acknowledgement, an escalation, an end.",
        mode=Mode.APPEND,
        keys=("id",),
        path="/log_entries",
        parameters=(_TOTAL, _ZONE, ("is_overview", "false"), ("include[]", "channels")),
        reading=Reading.WINDOWS,
        windows=_windows(overlap=timedelta(hours=1)),
        pager=_PAGES,
        envelope="log_entries",
        total="total",
        columns=columns.LOG_ENTRIES,
        accounts=columns.LOG_ENTRY_ACCOUNTS,
        account_paths=("$.agent",),
        personal_data=(*_TEXT, PersonalData.EMAIL),
        is_windowed=True,
        item=Item(
            path="/log_entries/{log_entry_id}",
            parameters=(_ZONE, ("include[]", "channels")),
            envelope="log_entry",
        ),
        documentation=_DOCS + "c661e065403b5-list-log-entries",
    ),
)
