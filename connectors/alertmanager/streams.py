"""What Alertmanager offers: streams and where they are read.

The status page (`/api/v2/status`) is only asked for to see whether the server answers: it holds the whole
configuration with everybody's addresses, which has no place in evidence.
"""

from typing import Final

from connectors.alertmanager.records import Alert, Receiver, Silence
from connectors.http.pagers import SinglePage
from connectors.http.streams import HttpStream, Reading
from connectors.streams import Account, Column, Mode, PersonalData

SERVER: Final = "server"
"""Scope of everything that the server says."""

_API = "https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml"

ALERTS = HttpStream(
    name="alerts",
    title="Alerts",
    description="An alert that was active when it was read, as it was last seen; resolved ones drop out.",
    mode=Mode.UPSERT,
    keys=("fingerprint", "startsAt"),
    updated_at="updatedAt",
    columns=(
        Column("fingerprint", "$.fingerprint", "varchar", "Hash of the labels.", is_required=True),
        Column("started_at", "$.startsAt", "timestamptz", "When it began to fire.", is_required=True),
        Column("updated_at", "$.updatedAt", "timestamptz", "When it was last sent.", is_required=True),
        Column(
            "expires_at",
            "$.endsAt",
            "timestamptz",
            "When it counts as resolved unless it is sent again: a forecast, not the resolution.",
        ),
        Column(
            "state",
            "$.status.state",
            "varchar",
            "`active`, `suppressed` or `unprocessed`.",
            values=("active", "suppressed", "unprocessed"),
        ),
        Column("alert_name", "$.labels.alertname", "varchar", "Name of the alerting rule."),
        Column("severity", "$.labels.severity", "varchar", "The label `severity`."),
        Column("service", "$.labels.service", "varchar", "The label `service`."),
        Column("environment", "$.labels.environment", "varchar", "The label `environment`."),
        Column("labels", "$.labels", "json", "All labels, as JSON."),
        Column("silenced_by", "$.status.silencedBy[*]", "varchar[]", "Ids of silences that hold it back."),
        Column("inhibited_by", "$.status.inhibitedBy[*]", "varchar[]", "Alerts that hold it back."),
        Column("receivers", "$.receivers[*].name", "varchar[]", "Who is notified."),
    ),
    personal_data=(PersonalData.FREE_TEXT,),  # annotations; staging leaves them out
    documentation=_API,
    path="/api/v2/alerts",
    reading=Reading.WHOLE,
    pager=SinglePage(),
    record=Alert,
)

SILENCES = HttpStream(
    name="silences",
    title="Silences",
    description="A silence: alerts that meet its matchers are not notified between two instants.",
    mode=Mode.UPSERT,
    keys=("id",),
    updated_at="updatedAt",
    columns=(
        Column("silence_id", "$.id", "varchar", "Id of the silence.", is_required=True),
        Column(
            "state",
            "$.status.state",
            "varchar",
            "`pending`, `active` or `expired`.",
            values=("pending", "active", "expired"),
        ),
        Column("starts_at", "$.startsAt", "timestamptz", "When it begins.", is_required=True),
        Column("ends_at", "$.endsAt", "timestamptz", "When it ends.", is_required=True),
        Column("updated_at", "$.updatedAt", "timestamptz", "When it was last changed."),
        Column("matchers", "$.matchers", "json", "What it silences: a list of label matchers, as JSON."),
    ),
    accounts=(Account(role="creator", path="$.createdBy", namespace="alertmanager", id=""),),
    personal_data=(PersonalData.ACCOUNT, PersonalData.NAME, PersonalData.FREE_TEXT),
    documentation=_API,
    path="/api/v2/silences",
    reading=Reading.WHOLE,
    pager=SinglePage(),
    record=Silence,
)

RECEIVERS = HttpStream(
    name="receivers",
    title="Receivers",
    description="A receiver of notifications, by name.",
    mode=Mode.REPLACE_SET,
    keys=("name",),
    columns=(Column("receiver_name", "$.name", "varchar", "Name of the receiver.", is_required=True),),
    documentation=_API,
    path="/api/v2/receivers",
    reading=Reading.WHOLE,
    pager=SinglePage(),
    record=Receiver,
)

STREAMS: Final = (ALERTS, SILENCES, RECEIVERS)
