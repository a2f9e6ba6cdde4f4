"""What the generated staging models of Jira take from each record."""

from connectors.streams import Column

PROJECTS = (
    Column("project_id", "$.id", "bigint", "Id of the project.", is_required=True),
    Column(
        "project_key", "$.key", "varchar", "Key of the project, as keys of issues start.", is_required=True
    ),
    Column("project_name", "$.name", "varchar", "Name of the project."),
    Column("project_type", "$.projectTypeKey", "varchar", "software, service_desk or business."),
    Column("category_name", "$.projectCategory.name", "varchar", "Name of the project's category."),
    Column("is_archived", "$.archived", "boolean", "Whether it is archived, where the API says."),
)
VERSIONS = (
    Column("version_id", "$.id", "bigint", "Id of the version.", is_required=True),
    Column("project_id", "$.projectId", "bigint", "Id of its project."),
    Column(
        "version_name",
        "$.name",
        "varchar",
        "Name of the version: releases and tags are matched by it.",
        is_required=True,
    ),
    Column("is_released", "$.released", "boolean", "Whether it is released."),
    Column("is_archived", "$.archived", "boolean", "Whether it is archived."),
    Column("start_date", "$.startDate", "date", "Day on which work on it starts."),
    Column("release_date", "$.releaseDate", "date", "Day of the release, planned or done."),
)
COMPONENTS = (
    Column("component_id", "$.id", "bigint", "Id of the component.", is_required=True),
    Column("project_key", "@parent_key", "varchar", "Key of its project."),
    Column(
        "component_name",
        "$.name",
        "varchar",
        "Name of the component: services are matched by it.",
        is_required=True,
    ),
)
STATUSES = (
    Column("status_id", "$.id", "bigint", "Id of the status; its name can change.", is_required=True),
    Column("status_name", "$.name", "varchar", "Name of the status.", is_required=True),
    Column("category_id", "$.statusCategory.id", "bigint", "Id of its category."),
    Column("category_key", "$.statusCategory.key", "varchar", "new, indeterminate or done.",
           is_required=True, values=("undefined", "new", "indeterminate", "done")),
)  # fmt: skip
STATUS_CATEGORIES = (
    Column("category_id", "$.id", "bigint", "Id of the category.", is_required=True),
    Column(
        "category_key",
        "$.key",
        "varchar",
        "undefined, new, indeterminate or done.",
        is_required=True,
        values=("undefined", "new", "indeterminate", "done"),
    ),
    Column("category_name", "$.name", "varchar", "Name of the category."),
)
FIELDS = (
    Column(
        "field_id",
        "$.id",
        "varchar",
        "Id of the field; a custom field's differs from site to site.",
        is_required=True,
    ),
    Column(
        "field_name", "$.name", "varchar", "Name of the field; several may have the same.", is_required=True
    ),
    Column("is_custom", "$.custom", "boolean", "Whether the site defined it."),
    Column("value_type", "$.schema.type", "varchar", "Type of its values."),
    Column(
        "custom_type", "$.schema.custom", "varchar", "Kind of custom field, such as gh-sprint for sprints."
    ),
)
ISSUE_TYPES = (
    Column("issue_type_id", "$.id", "bigint", "Id of the issue type.", is_required=True),
    Column("issue_type_name", "$.name", "varchar", "Name of the issue type.", is_required=True),
    Column("is_subtask", "$.subtask", "boolean", "Whether such issues are parts of others."),
    Column(
        "hierarchy_level",
        "$.hierarchyLevel",
        "integer",
        "Level: -1 subtask, 0 issue, 1 epic; empty in Data Center.",
    ),
)
BOARDS = (
    Column("board_id", "$.id", "bigint", "Id of the board.", is_required=True),
    Column("board_name", "$.name", "varchar", "Name of the board."),
    Column(
        "board_type", "$.type", "varchar", "scrum, kanban or simple.", values=("scrum", "kanban", "simple")
    ),
    Column("project_id", "$.location.projectId", "bigint", "Id of the project that it is kept in."),
    Column("project_key", "$.location.projectKey", "varchar", "Key of the project that it is kept in."),
)
SPRINTS = (
    Column("sprint_id", "$.id", "bigint", "Id of the sprint.", is_required=True),
    Column("board_id", "$.originBoardId", "bigint", "Id of the board that it was made on."),
    Column("sprint_name", "$.name", "varchar", "Name of the sprint."),
    Column(
        "state",
        "$.state",
        "varchar",
        "future, active or closed.",
        is_required=True,
        values=("future", "active", "closed"),
    ),
    Column("started_at", "$.startDate", "timestamptz", "Start, planned or done."),
    Column("activated_at", "$.activatedDate", "timestamptz", "When somebody started it, where the API says."),
    Column("ends_at", "$.endDate", "timestamptz", "Planned end."),
    Column("completed_at", "$.completeDate", "timestamptz", "When it was closed."),
)
ISSUE_KEYS = (
    Column("project_key", "@scope", "varchar", "Key of the project that was listed."),
    Column("issue_id", "$.id", "bigint", "Id of the issue: it stays when the issue moves.", is_required=True),
    Column("issue_key", "$.key", "varchar", "Key of the issue.", is_required=True),
)
WORKLOG_UPDATES = (
    Column("worklog_id", "$.worklogId", "bigint", "Id of the worklog.", is_required=True),
    Column(
        "changed_at", "$.updatedTime", "epoch_milliseconds", "When it was made or changed.", is_required=True
    ),
)
WORKLOG_DELETIONS = (
    Column("worklog_id", "$.worklogId", "bigint", "Id of the worklog.", is_required=True),
    Column("deleted_at", "$.updatedTime", "epoch_milliseconds", "When it was deleted.", is_required=True),
)
