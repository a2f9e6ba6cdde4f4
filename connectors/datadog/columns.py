"""What staging takes of Datadog's records. Titles, messages and names of people stay in evidence."""

from connectors.streams import Account, Column

NAMESPACE = "datadog"

SLOS = (
    Column("slo_id", "$.id", "varchar", "The objective.", is_required=True),
    Column("name", "$.name", "varchar", "Its name, which reports show: it names a service, not people."),
    Column(
        "slo_type",
        "$.type",
        "varchar",
        "metric, monitor or time_slice.",
        is_required=True,
        values=("metric", "monitor", "time_slice"),
    ),
    Column("tags", "$.tags", "varchar[]", "Its tags; service:<name> and env:<name> say where it belongs."),
    Column("monitor_ids", "$.monitor_ids", "varchar[]", "The monitors that it counts, of type monitor."),
    Column("timeframe", "$.timeframe", "varchar", "Its first window: 7d, 30d, 90d or custom."),
    Column("target_percent", "$.target_threshold", "double", "What it must reach there."),
    Column("warning_percent", "$.warning_threshold", "double", "Below what it warns there."),
    Column("thresholds", "$.thresholds", "json", "All its windows, each with its target and its warning."),
    Column("created_at", "$.created_at", "epoch_seconds", "When it was set up."),
    Column("modified_at", "$.modified_at", "epoch_seconds", "When it was last changed."),
)
SLO_HISTORY = (
    Column("slo_id", "@scope", "varchar", "The objective.", is_required=True),
    Column("window_starts_at", "@parent_key", "timestamptz", "Start of the week.", is_required=True),
    Column("read_from_at", "$.data.from_ts", "epoch_seconds", "From when Datadog counted."),
    Column(
        "read_until_at", "$.data.to_ts", "epoch_seconds", "Until when: earlier than a week in the last one."
    ),
    Column(
        "slo_type",
        "$.data.type",
        "varchar",
        "metric, monitor or time_slice.",
        values=("metric", "monitor", "time_slice"),
    ),
    Column(
        "sli_percent", "$.data.overall.sli_value", "double", "The share that was good; empty without data."
    ),
    Column("good_count", "$.data.series.numerator.sum", "double", "Good events, of type metric."),
    Column("total_count", "$.data.series.denominator.sum", "double", "All events, of type metric."),
    Column("slice_seconds", "$.data.series.interval", "integer", "Seconds between two points of the series."),
    Column("slice_starts", "$.data.series.times", "json", "Start of each slice in epoch milliseconds."),
    Column("good_counts", "$.data.series.numerator.values", "json", "Good events of each slice."),
    Column("total_counts", "$.data.series.denominator.values", "json", "All events of each slice."),
    Column(
        "state_changes",
        "$.data.overall.history",
        "json",
        "Pairs of epoch seconds and state (0 up, 1 down, 2 unknown), of type monitor and time_slice.",
    ),
    Column(
        "error", "$.errors[0].error", "varchar", "Why Datadog could not compute all of it: never complete."
    ),
)
MONITORS = (
    Column("monitor_id", "$.id", "bigint", "The monitor.", is_required=True),
    Column("monitor_type", "$.type", "varchar", "metric alert, query alert, service check, …"),
    Column(
        "overall_state",
        "$.overall_state",
        "varchar",
        "The worst state of its groups: OK, Warn, Alert, …",
        values=("Alert", "Ignored", "No Data", "OK", "Skipped", "Unknown", "Warn"),
    ),
    Column(
        "group_states", "$.state.groups", "json", "Each group (a set of tags) with its state and instants."
    ),
    Column("is_multi", "$.multi", "boolean", "Whether it is broken down by groups."),
    Column("priority", "$.priority", "integer", "From 1, the highest, to 5."),
    Column("tags", "$.tags", "varchar[]", "Its tags; service:<name> and env:<name> say where it belongs."),
    Column("created_at", "$.created", "timestamptz", "When it was set up."),
    Column("modified_at", "$.modified", "timestamptz", "When it was last edited; states do not count."),
)
INCIDENTS = (
    Column("incident_id", "$.id", "varchar", "The incident.", is_required=True),
    Column("public_id", "$.attributes.public_id", "bigint", "Its number, as people call it."),
    Column(
        "severity", "$.attributes.fields.severity.value", "varchar", "SEV-1, the worst, to SEV-5; UNKNOWN."
    ),
    Column("state", "$.attributes.fields.state.value", "varchar", "active, stable or resolved."),
    Column("service_names", "$.attributes.fields.services.value", "varchar[]", "The services that suffer."),
    Column("team_names", "$.attributes.fields.teams.value", "varchar[]", "The teams that answer for them."),
    Column(
        "detection_method", "$.attributes.fields.detection_method.value", "varchar", "customer, monitor, …"
    ),
    Column("is_test", "$.attributes.is_test", "boolean", "Whether it was declared as a test."),
    Column("created_at", "$.attributes.created", "timestamptz", "When it was declared.", is_required=True),
    Column("detected_at", "$.attributes.detected", "timestamptz", "When it was noticed."),
    Column("resolved_at", "$.attributes.resolved", "timestamptz", "When it was over."),
    Column("modified_at", "$.attributes.modified", "timestamptz", "When it was last changed."),
    Column("is_customer_impacted", "$.attributes.customer_impacted", "boolean", "Whether users noticed."),
    Column(
        "customer_impact_started_at",
        "$.attributes.customer_impact_start",
        "timestamptz",
        "Since when users noticed.",
    ),
    Column(
        "customer_impact_ended_at",
        "$.attributes.customer_impact_end",
        "timestamptz",
        "Until when users noticed.",
    ),
)
USERS = (
    Column("is_disabled", "$.attributes.disabled", "boolean", "Whether the account is closed."),
    Column(
        "is_service_account", "$.attributes.service_account", "boolean", "Whether no person is behind it."
    ),
    Column("modified_at", "$.attributes.modified_at", "timestamptz", "When the account was last changed."),
)
USER_ACCOUNTS = (
    Account(
        role="user",
        path="$",
        namespace=NAMESPACE,
        login="attributes.handle",
        name="attributes.name",
        email="attributes.email",
    ),
)
