"""What is received, declared: a page is a delivery, its scope the event, its parent key the id."""

from connectors.push.settings import Provider
from connectors.streams import Account, Column, Mode, PersonalData, Stream

_ALL = (PersonalData.ACCOUNT, PersonalData.NAME, PersonalData.EMAIL, PersonalData.FREE_TEXT)
_DELIVERY = (
    Column(
        "delivery_id", "@parent_key", "varchar", "What tells the delivery from all others.", is_required=True
    ),
    Column("event", "@scope", "varchar", "What the delivery says has happened.", is_required=True),
    Column("received_at", "@fetched_at", "timestamptz", "When its last byte came.", is_required=True),
)

GITHUB_DELIVERIES = Stream(
    name="github_deliveries",
    title="GitHub deliveries",
    description="A delivery of a GitHub webhook.",
    mode=Mode.APPEND,
    keys=("@parent_key",),
    columns=(
        *_DELIVERY,
        Column("action", "$.action", "varchar", "What became of the object."),
        Column("repository_id", "$.repository.id", "bigint", "Id of the repository."),
        Column("repository", "$.repository.full_name", "varchar", "Full name of the repository."),
        Column("git_ref", "$.ref", "varchar", "The ref that was pushed, made or deleted."),
        Column("head_sha", "$.after", "varchar", "The commit that a push left the ref at."),
        Column(
            "commit_shas", "$.commits[*].id", "varchar[]", "Commits of a push: a server saw them by then."
        ),
        Column("is_forced", "$.forced", "boolean", "Whether a push replaced commits."),
        Column("pull_request_number", "$.pull_request.number", "bigint", "Number of the pull request."),
        Column("issue_number", "$.issue.number", "bigint", "Number of the issue."),
        Column("deployment_id", "$.deployment.id", "bigint", "Id of the deployment."),
        Column("deployment_sha", "$.deployment.sha", "varchar", "The commit that was deployed."),
        Column("environment", "$.deployment.environment", "varchar", "Where it was deployed to."),
        Column("deployment_state", "$.deployment_status.state", "varchar", "State of the deployment."),
        Column(
            "deployment_state_at",
            "$.deployment_status.created_at",
            "timestamptz",
            "When it came to that state.",
        ),
        Column("run_id", "$.workflow_run.id", "bigint", "Id of the workflow run."),
        Column("run_conclusion", "$.workflow_run.conclusion", "varchar", "How the run ended."),
    ),
    accounts=(Account(role="sender", path="$.sender", namespace="github", login="login", type="type"),),
    personal_data=_ALL,
    documentation="https://docs.github.com/en/webhooks/webhook-events-and-payloads",
)
GITLAB_DELIVERIES = Stream(
    name="gitlab_deliveries",
    title="GitLab deliveries",
    description="A delivery of a GitLab webhook.",
    mode=Mode.APPEND,
    keys=("@parent_key",),
    columns=(
        *_DELIVERY,
        Column("object_kind", "$.object_kind", "varchar", "Kind of the object."),
        Column("project_id", "$.project.id", "bigint", "Id of the project."),
        Column("project", "$.project.path_with_namespace", "varchar", "Full path of the project."),
        Column("git_ref", "$.ref", "varchar", "The ref that was pushed."),
        Column("head_sha", "$.checkout_sha", "varchar", "The commit that a push left the ref at."),
        Column(
            "commit_shas", "$.commits[*].id", "varchar[]", "Commits of a push: a server saw them by then."
        ),
        Column(
            "merge_request_iid", "$.object_attributes.iid", "bigint", "Number of the merge request or issue."
        ),
        Column("state", "$.object_attributes.state", "varchar", "State of the object."),
        Column("status", "$.status", "varchar", "Status of a deployment."),
        Column("deployment_id", "$.deployment_id", "bigint", "Id of the deployment."),
        Column("environment", "$.environment", "varchar", "Where it was deployed to."),
    ),
    accounts=(Account(role="sender", path="$.user", namespace="gitlab", login="username", name="name"),),
    personal_data=_ALL,
    documentation="https://docs.gitlab.com/user/project/integrations/webhook_events/",
)
PAGERDUTY_DELIVERIES = Stream(
    name="pagerduty_deliveries",
    title="PagerDuty deliveries",
    description="A delivery of a PagerDuty v3 webhook.",
    mode=Mode.APPEND,
    keys=("@parent_key",),
    columns=(
        *_DELIVERY,
        Column("occurred_at", "$.event.occurred_at", "timestamptz", "When it happened."),
        Column("resource_type", "$.event.resource_type", "varchar", "Kind of the object."),
        Column("incident_id", "$.event.data.id", "varchar", "Id of the object, mostly an incident."),
        Column("incident_status", "$.event.data.status", "varchar", "Status of the incident."),
        Column("urgency", "$.event.data.urgency", "varchar", "Urgency of the incident."),
        Column("service_id", "$.event.data.service.id", "varchar", "Id of the service."),
    ),
    accounts=(
        Account(role="agent", path="$.event.agent", namespace="pagerduty", name="summary", type="type"),
    ),
    personal_data=_ALL,
    documentation="https://developer.pagerduty.com/docs/webhooks-overview",
)
CDEVENTS = Stream(
    name="cdevents",
    title="CDEvents",
    description="A CDEvent, as a CloudEvent over HTTP.",
    mode=Mode.APPEND,
    keys=("@parent_key",),
    columns=(
        *_DELIVERY,
        Column(
            "context_type", "$.context.type", "varchar", "Type of the event, with its version (binary mode)."
        ),
        Column("occurred_at", "$.context.timestamp", "timestamptz", "When it happened (binary mode)."),
        Column("subject_id", "$.subject.id", "varchar", "What it is about (binary mode)."),
        Column(
            "environment_id", "$.subject.content.environment.id", "varchar", "The environment (binary mode)."
        ),
        Column("artifact_id", "$.subject.content.artifactId", "varchar", "The artifact (binary mode)."),
        Column("outcome", "$.subject.content.outcome", "varchar", "How it ended (binary mode)."),
        Column("structured_type", "$.type", "varchar", "Type of the event (structured mode)."),
        Column("structured_at", "$.time", "timestamptz", "When it happened (structured mode)."),
        Column(
            "structured_subject_id", "$.data.subject.id", "varchar", "What it is about (structured mode)."
        ),
        Column(
            "structured_environment_id",
            "$.data.subject.content.environment.id",
            "varchar",
            "The environment (structured mode).",
        ),
        Column(
            "structured_outcome",
            "$.data.subject.content.outcome",
            "varchar",
            "How it ended (structured mode).",
        ),
    ),
    personal_data=(PersonalData.FREE_TEXT,),
    documentation="https://cdevents.dev/docs/cloudevents-binding/",
)
DEPLOYMENTS = Stream(
    name="deployments",
    title="Reported deployments",
    description="A deployment as somebody reported it.",
    mode=Mode.UPSERT,
    keys=("id",),
    updated_at="$.updated_at",
    columns=(
        Column("deployment_id", "$.id", "varchar", "Id that the reporter gave.", is_required=True),
        Column("received_at", "@fetched_at", "timestamptz", "When the report came.", is_required=True),
        Column("service", "$.service", "varchar", "Name of the service.", is_required=True),
        Column("environment", "$.environment", "varchar", "Where it was deployed to.", is_required=True),
        Column("commit_sha", "$.commit_sha", "varchar", "The commit that was deployed."),
        Column("version", "$.version", "varchar", "The version that was deployed."),
        Column("status", "$.status", "varchar", "running, success, failure or cancelled.", is_required=True),
        Column("started_at", "$.started_at", "timestamptz", "When it started.", is_required=True),
        Column("finished_at", "$.finished_at", "timestamptz", "When it ended."),
    ),
    documentation="docs/receiver.md",
)
INCIDENTS = Stream(
    name="incidents",
    title="Reported incidents",
    description="An incident as somebody reported it.",
    mode=Mode.UPSERT,
    keys=("id",),
    updated_at="$.updated_at",
    columns=(
        Column("incident_id", "$.id", "varchar", "Id that the reporter gave.", is_required=True),
        Column("received_at", "@fetched_at", "timestamptz", "When the report came.", is_required=True),
        Column("service", "$.service", "varchar", "Name of the service.", is_required=True),
        Column("severity", "$.severity", "varchar", "How bad it is."),
        Column("status", "$.status", "varchar", "open, acknowledged or resolved.", is_required=True),
        Column("opened_at", "$.opened_at", "timestamptz", "When it began.", is_required=True),
        Column("acknowledged_at", "$.acknowledged_at", "timestamptz", "When somebody took it on."),
        Column("resolved_at", "$.resolved_at", "timestamptz", "When service was restored."),
        Column(
            "caused_by_deployment_id",
            "$.caused_by_deployment_id",
            "varchar",
            "The deployment that caused it.",
        ),
        Column(
            "caused_by_commit_sha",
            "$.caused_by_commit_sha",
            "varchar",
            "The commit that caused it, of 7 digits or more.",
        ),
        Column(
            "caused_by_pull_request",
            "$.caused_by_pull_request",
            "varchar",
            "The pull request that caused it, as owner/repository#number.",
        ),
    ),
    documentation="docs/receiver.md",
)
STREAMS: tuple[Stream, ...] = (
    GITHUB_DELIVERIES,
    GITLAB_DELIVERIES,
    PAGERDUTY_DELIVERIES,
    CDEVENTS,
    DEPLOYMENTS,
    INCIDENTS,
)
STREAM_OF: dict[Provider, Stream] = {
    "github": GITHUB_DELIVERIES,
    "gitlab": GITLAB_DELIVERIES,
    "pagerduty": PAGERDUTY_DELIVERIES,
    "cdevents": CDEVENTS,
    "deployments": DEPLOYMENTS,
    "incidents": INCIDENTS,
}
"""The stream of each provider's deliveries."""
