"""Everything that is read from Argo CD, declared.

One listing gives the applications whole. What stands in their history are the deployments: the history keeps
the last ten or so, so it must be read more often than ten deployments take. A synchronisation that failed
stands nowhere but in the operation of the moment, and is gone with the next one.
"""

from connectors.http.pagers import SinglePage
from connectors.http.streams import HttpStream, Reading
from connectors.streams import Column, Enumeration, Mode, PersonalData

APPLICATIONS = HttpStream(
    name="applications",
    title="Applications",
    description="An application as it was last listed.",
    mode=Mode.UPSERT,
    keys=("metadata.uid",),
    path="/api/v1/applications",
    envelope="items",
    reading=Reading.WHOLE,
    pager=SinglePage(),
    account_paths=(
        "$.operation.initiatedBy",
        "$.status.history[*].initiatedBy",
        "$.status.operationState.operation.initiatedBy",
    ),
    columns=(
        Column(
            "application_uid",
            "$.metadata.uid",
            "varchar",
            "Id of the application in its cluster; a new one of the same name has another.",
        ),
        Column(
            "application_name",
            "$.metadata.name",
            "varchar",
            "Name of the application, free text of the source; the deployment rule reads it.",
            is_required=True,
        ),
        Column(
            "application_namespace",
            "$.metadata.namespace",
            "varchar",
            "Namespace that holds the application.",
        ),
        Column("created_at", "$.metadata.creationTimestamp", "timestamptz", "When it was created."),
        Column("project", "$.spec.project", "varchar", "Project that it belongs to."),
        Column(
            "destination_server",
            "$.spec.destination.server",
            "varchar",
            "Address of the cluster that it is rolled out to; empty where the cluster is named.",
        ),
        Column(
            "destination_name",
            "$.spec.destination.name",
            "varchar",
            "Name of the cluster that it is rolled out to; empty where its address is given.",
        ),
        Column(
            "destination_namespace",
            "$.spec.destination.namespace",
            "varchar",
            "Namespace that it is rolled out to; the production rule reads it.",
        ),
        Column(
            "repository_url",
            "$.spec.source.repoURL",
            "varchar",
            "Repository of its manifests or chart; empty where it has several sources.",
        ),
        Column(
            "repository_urls",
            "$.spec.sources[*].repoURL",
            "varchar[]",
            "Repositories of its several sources.",
        ),
        Column("chart", "$.spec.source.chart", "varchar", "Helm chart, where it is one."),
        Column(
            "target_revision",
            "$.spec.source.targetRevision",
            "varchar",
            "Branch, tag, commit or chart version that it follows.",
        ),
        Column(
            "sync_status",
            "$.status.sync.status",
            "varchar",
            "Whether the cluster is as wanted: Synced, OutOfSync.",
        ),
        Column(
            "health_status",
            "$.status.health.status",
            "varchar",
            "Health, by the rules of its resources.",
            values=("Healthy", "Progressing", "Degraded", "Suspended", "Missing", "Unknown"),
        ),
        Column(
            "images",
            "$.status.summary.images[*]",
            "varchar[]",
            "Container images that run; their tags often name the commit of the software itself.",
        ),
        Column("reconciled_at", "$.status.reconciledAt", "timestamptz", "When Argo CD last compared it."),
    ),
    personal_data=(PersonalData.ACCOUNT, PersonalData.EMAIL, PersonalData.FREE_TEXT),
    enumerations=(
        Enumeration("$.status.sync.status", ("Synced", "OutOfSync", "Unknown")),
        Enumeration(
            "$.status.operationState.phase", ("Running", "Terminating", "Failed", "Error", "Succeeded")
        ),
    ),
    documentation="https://argo-cd.readthedocs.io/en/stable/developer-guide/api-docs/",
)

STREAMS: tuple[HttpStream, ...] = (APPLICATIONS,)
