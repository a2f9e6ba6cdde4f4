"""What is read from drops, declared."""

from connectors.files.documents import FILES
from connectors.files.streams import files_stream
from connectors.streams import Column, Mode, PersonalData, Stream

_DOCUMENTATION = "https://www.rfc-editor.org/rfc/rfc4180"

ROWS = Stream(
    name="rows",
    title="Rows",
    description="A row of a file that was dropped; which rows count is decided in stg_drops__records.",
    mode=Mode.REPLACE_SET,
    keys=("@scope", "$.delivery", "$.line"),
    parent=FILES,
    updated_at="$.updated_at",
    columns=(
        Column("drop_name", "@scope", "varchar", "Name of the drop."),
        Column("delivery_key", "$.delivery", "varchar", "Delivery that the row came with.", is_required=True),
        Column(
            "file_sha256", "$.file", "varchar", "Hash of the file that the row stands in.", is_required=True
        ),
        Column(
            "line_number", "$.line", "bigint", "Line of the file that the row begins on.", is_required=True
        ),
        Column("mode", "$.mode", "varchar", "How rows of one key combine.", is_required=True),
        Column("purpose", "$.purpose", "varchar", "What the rows are, where metrics know it."),
        Column(
            "record_key", "$.key", "varchar", "Values of the key's columns, as a JSON list.", is_required=True
        ),
        Column(
            "record_values",
            "$.values",
            "json",
            "The declared columns by name, without those that name people.",
        ),
        Column("service", "$.service", "varchar", "Service, of deployments and incidents."),
        Column("environment", "$.environment", "varchar", "Environment, of deployments."),
        Column("commit_sha", "$.commit_sha", "varchar", "Commit, of deployments."),
        Column("status", "$.status", "varchar", "How the deployment ended, as the file calls it."),
        Column("started_at", "$.started_at", "timestamptz", "When the deployment began."),
        Column("finished_at", "$.finished_at", "timestamptz", "When the deployment ended."),
        Column("severity", "$.severity", "varchar", "Severity of the incident, as the file calls it."),
        Column("opened_at", "$.opened_at", "timestamptz", "When the incident began."),
        Column("resolved_at", "$.resolved_at", "timestamptz", "When the incident was over."),
        Column(
            "caused_by_deployment_id",
            "$.caused_by_deployment_id",
            "varchar",
            "The deployment that caused the incident.",
        ),
        Column(
            "caused_by_commit_sha",
            "$.caused_by_commit_sha",
            "varchar",
            "The commit that caused the incident.",
        ),
        Column(
            "caused_by_pull_request",
            "$.caused_by_pull_request",
            "varchar",
            "The pull request that caused the incident, as owner/repository#number.",
        ),
    ),
    documentation=_DOCUMENTATION,
)
STREAMS: tuple[Stream, ...] = (
    files_stream(
        description="A part of a file that was dropped, as it was given.",
        personal_data=(
            PersonalData.ACCOUNT,
            PersonalData.NAME,
            PersonalData.EMAIL,
            PersonalData.FREE_TEXT,
        ),
        documentation=_DOCUMENTATION,
    ),
    ROWS,
)
