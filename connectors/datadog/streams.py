"""Everything that is read from Datadog, declared: docs.datadoghq.com/api, versions 1 and 2.

The history of an objective comes in windows. It is read in whole weeks (from Thursday, as the epoch does), so
that a week that is read again replaces itself and weeks add up; the last one grows until it is over. Inside a
week, Datadog counts in slices of an hour or so.
"""

from datetime import datetime, timedelta

from connectors.datadog import columns, records
from connectors.datadog.pagers import AfterLastMonitor
from connectors.http.pagers import Offset, PageNumber, SinglePage
from connectors.http.questions import Item
from connectors.http.streams import HttpStream, Reading, Windows
from connectors.streams import Mode, PersonalData

LONGEST_HISTORY = timedelta(days=90)
"""The longest window of "Get an SLO's history"; a week stays far below it and keeps its slices fine."""

RETENTION = timedelta(days=456)
"""Datadog keeps metrics for 15 months ("Data retention periods"): there is no older history."""

WEEK = timedelta(days=7)
_DOCS = "https://docs.datadoghq.com/api/latest/"
_COUNTED = "metadata.page.total_filtered_count"
_TEXT = (PersonalData.ACCOUNT, PersonalData.NAME, PersonalData.EMAIL, PersonalData.FREE_TEXT)


def within(start: datetime, end: datetime) -> dict[str, str]:
    """A window in epoch seconds."""
    return {"from_ts": f"{start.timestamp():.0f}", "to_ts": f"{end.timestamp():.0f}"}


STREAMS: tuple[HttpStream, ...] = (
    HttpStream(
        name="slos",
        title="Service level objectives",
        description="A service level objective, as it is now.",
        mode=Mode.REPLACE_SET,
        keys=("id",),
        path="/api/v1/slo",
        reading=Reading.WHOLE,
        pager=Offset(size=1000, total_path=tuple(_COUNTED.split("."))),
        envelope="data",
        total=_COUNTED,
        record=records.Objective,
        named_by="id",
        columns=columns.SLOS,
        account_paths=("$.creator",),
        personal_data=_TEXT,
        documentation=_DOCS + "service-level-objectives/get-all-slos/",
    ),
    HttpStream(
        name="slo_history",
        title="History of objectives",
        description="A week of a service level objective: what was good, in slices or as changes of state.",
        mode=Mode.REPLACE_SET,
        keys=("@scope", "@parent_key"),
        parent="slos",
        path="/api/v1/slo/{scope}/history",
        reading=Reading.WINDOWS,
        windows=Windows(parameters=within, longest=WEEK, overlap=timedelta(days=2), is_set=True),
        pager=SinglePage(),
        record=records.History,
        is_single=True,
        columns=columns.SLO_HISTORY,
        is_windowed=True,
        documentation=_DOCS + "service-level-objectives/get-an-slos-history/",
    ),
    HttpStream(
        name="monitors",
        title="Monitors",
        description="A monitor, with the state of each of its groups.",
        mode=Mode.REPLACE_SET,
        keys=("id",),
        path="/api/v1/monitor",
        parameters=(("group_states", "all"),),
        reading=Reading.WHOLE,
        pager=AfterLastMonitor(),
        record=records.Monitor,
        columns=columns.MONITORS,
        account_paths=("$.creator",),
        personal_data=_TEXT,
        documentation=_DOCS + "monitors/get-all-monitors/",
    ),
    HttpStream(
        name="incidents",
        title="Incidents",
        description="An incident in its newest version; one that somebody deletes stays.",
        mode=Mode.UPSERT,
        keys=("id",),
        path="/api/v2/incidents",
        reading=Reading.WHOLE,
        pager=Offset(size=100, parameter="page[offset]", size_parameter="page[size]"),
        envelope="data",
        updated_at="$.attributes.modified",
        columns=columns.INCIDENTS,
        account_paths=(
            "$.relationships.commander_user.data",
            "$.relationships.created_by_user.data",
            "$.relationships.last_modified_by_user.data",
        ),
        personal_data=_TEXT,
        item=Item(path="/api/v2/incidents/{incident_id}", envelope="data"),
        documentation=_DOCS + "incidents/get-a-list-of-incidents/",
    ),
    HttpStream(
        name="users",
        title="Users",
        description="A person with an account, as it is now or was last.",
        mode=Mode.UPSERT,
        keys=("id",),
        path="/api/v2/users",
        reading=Reading.WHOLE,
        pager=PageNumber(size=100, parameter="page[number]", size_parameter="page[size]", start=0),
        envelope="data",
        total="meta.page.total_filtered_count",
        updated_at="$.attributes.modified_at",
        columns=columns.USERS,
        accounts=columns.USER_ACCOUNTS,
        personal_data=_TEXT,
        documentation=_DOCS + "users/list-all-users/",
    ),
)
