"""What staging takes of PagerDuty's records. Titles, notes and names stay in evidence."""

from connectors.streams import Account, Column

NAMESPACE = "pagerduty"


def _team_ids(path: str) -> Column:
    return Column("team_ids", path, "varchar[]", "The teams that it belongs to.")


TEAMS = (
    Column("team_id", "$.id", "varchar", "The team.", is_required=True),
    Column(
        "name", "$.name", "varchar", "Its name, by which the settings' teams are found.", is_required=True
    ),
    Column("parent_team_id", "$.parent.id", "varchar", "The team above it."),
)
TEAM_MEMBERS = (
    Column("team_id", "@parent_key", "varchar", "The team.", is_required=True),
    Column(
        "role",
        "$.role",
        "varchar",
        "manager, responder or observer.",
        values=("manager", "responder", "observer"),
    ),
)
TEAM_MEMBER_ACCOUNTS = (Account(role="user", path="$.user", namespace=NAMESPACE, name="summary"),)

USERS = (
    Column(
        "role",
        "$.role",
        "varchar",
        "What the account may do: owner, admin, user, limited_user, …",
        values=(
            "admin",
            "limited_user",
            "observer",
            "owner",
            "read_only_user",
            "restricted_access",
            "read_only_limited_user",
            "user",
        ),
    ),
    _team_ids("$.teams[*].id"),
)
USER_ACCOUNTS = (Account(role="user", path="$", namespace=NAMESPACE, name="name", email="email"),)

SERVICES = (
    Column("service_id", "$.id", "varchar", "The service.", is_required=True),
    Column(
        "name", "$.name", "varchar", "Its name, by which the settings' services are found.", is_required=True
    ),
    Column(
        "status",
        "$.status",
        "varchar",
        "active, warning, critical, maintenance or disabled.",
        values=("active", "warning", "critical", "maintenance", "disabled"),
    ),
    Column(
        "escalation_policy_id", "$.escalation_policy.id", "varchar", "Who is asked when something is wrong."
    ),
    _team_ids("$.teams[*].id"),
    Column("created_at", "$.created_at", "timestamptz", "When it was set up.", is_required=True),
    Column("last_incident_at", "$.last_incident_timestamp", "timestamptz", "When its newest incident began."),
)
ESCALATION_POLICIES = (
    Column("escalation_policy_id", "$.id", "varchar", "The escalation policy.", is_required=True),
    Column("loop_count", "$.num_loops", "integer", "How often the rules are gone through again."),
    _team_ids("$.teams[*].id"),
    Column("service_ids", "$.services[*].id", "varchar[]", "The services that it answers for."),
)
ON_CALLS = (
    Column("escalation_policy_id", "$.escalation_policy.id", "varchar", "The policy.", is_required=True),
    Column("escalation_level", "$.escalation_level", "integer", "The level, from 1.", is_required=True),
    Column("schedule_id", "$.schedule.id", "varchar", "The schedule; empty for somebody who always is."),
    Column("started_at", "$.start", "timestamptz", "When the shift began; empty for somebody who always is."),
    Column("ends_at", "$.end", "timestamptz", "When the shift ends; empty for somebody who always is."),
)
ON_CALL_ACCOUNTS = (Account(role="user", path="$.user", namespace=NAMESPACE, name="summary"),)

INCIDENTS = (
    Column("incident_id", "$.id", "varchar", "The incident.", is_required=True),
    Column("incident_number", "$.incident_number", "bigint", "Its number within the account."),
    Column(
        "status",
        "$.status",
        "varchar",
        "triggered, acknowledged or resolved.",
        is_required=True,
        values=("triggered", "acknowledged", "resolved"),
    ),
    Column("urgency", "$.urgency", "varchar", "high or low.", values=("high", "low")),
    Column("priority_id", "$.priority.id", "varchar", "The priority; empty where the account has none."),
    Column(
        "priority", "$.priority.summary", "varchar", "Name of the priority, which severities are told by."
    ),
    Column("service_id", "$.service.id", "varchar", "The service that suffers.", is_required=True),
    Column("service_name", "$.service.summary", "varchar", "Its name then: a service may be gone by now."),
    Column("escalation_policy_id", "$.escalation_policy.id", "varchar", "The policy that it went through."),
    _team_ids("$.teams[*].id"),
    Column("created_at", "$.created_at", "timestamptz", "When it was triggered.", is_required=True),
    Column("updated_at", "$.updated_at", "timestamptz", "When it was last changed."),
    Column(
        "last_status_change_at",
        "$.last_status_change_at",
        "timestamptz",
        "When its status last changed: for a resolved incident without resolved_at, when that was.",
    ),
    Column("resolved_at", "$.resolved_at", "timestamptz", "When it was over; empty for some old incidents."),
    Column("resolve_reason_type", "$.resolve_reason.type", "varchar", "merge_resolve_reason after a merge."),
    Column(
        "merged_into_incident_id",
        "$.resolve_reason.incident.id",
        "varchar",
        "The incident that took it in: it is that one's duplicate and counts once, there.",
    ),
    Column("incident_type", "$.incident_type.name", "varchar", "Type of the incident."),
)
LOG_ENTRIES = (
    Column("log_entry_id", "$.id", "varchar", "The log entry.", is_required=True),
    Column(
        "entry_type", "$.type", "varchar", "acknowledge_log_entry, escalate_log_entry, …", is_required=True
    ),
    Column("incident_id", "$.incident.id", "varchar", "The incident."),
    Column("service_id", "$.service.id", "varchar", "Its service."),
    _team_ids("$.teams[*].id"),
    Column("created_at", "$.created_at", "timestamptz", "When it happened.", is_required=True),
    Column("agent_type", "$.agent.type", "varchar", "Who did it: user_reference, service_reference, …"),
    Column("channel_type", "$.channel.type", "varchar", "How: website, api, timeout, auto, note, …"),
)
LOG_ENTRY_ACCOUNTS = (
    Account(role="assignee", path="$.assignees[*]", namespace=NAMESPACE, name="summary"),
    Account(role="notified_user", path="$.user", namespace=NAMESPACE, name="summary"),
)
