"""An application as the simulated Argo CD writes it."""

from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.argocd.state import HISTORY_LIMIT, Application, Entry, Operation

CHART_VERSION = "2.4.1"
CLUSTER = "https://kubernetes.default.svc"


def application_document(application: Application, *, now: int) -> dict[str, Any]:
    """The whole resource; what was reconciled moves it all the time."""
    return {
        "metadata": {
            "name": application.name,
            "namespace": "argocd",
            "uid": application.uid,
            "resourceVersion": str(now),
            "generation": len(application.history) + 1,
            "creationTimestamp": time_of(application.created_at),
        },
        "spec": {
            "destination": {"server": CLUSTER, "namespace": application.environment},
            "project": application.project,
            "revisionHistoryLimit": HISTORY_LIMIT,
            **sources_of(application),
        },
        "status": status_document(application, now=now),
    }


def status_document(application: Application, *, now: int) -> dict[str, Any]:
    """Where it stands, with the last synchronisations that succeeded, oldest first."""
    running = application.history[-1].operation.commit_sha if application.history else ""
    status: dict[str, Any] = {
        "health": {"status": "Healthy" if application.history else "Missing"},
        "reconciledAt": time_of(now),
        "sync": {"status": "Synced" if application.history else "OutOfSync"},
        "summary": {"images": [f"registry.example/{application.service}:{running[:12]}"] if running else []},
    }
    if application.history:
        status["history"] = [entry_document(application, entry) for entry in application.history]
    if application.operation is not None:
        status["operationState"] = operation_document(application, application.operation)
    return status


def entry_document(application: Application, entry: Entry) -> dict[str, Any]:
    """One entry of the history."""
    return {
        "id": entry.number,
        "deployStartedAt": time_of(entry.operation.started_at),
        "deployedAt": time_of(entry.finished_at),
        "initiatedBy": initiator(application, entry.operation),
        **revisions_of(application, entry.operation.commit_sha),
        **sources_of(application),
    }


def operation_document(application: Application, operation: Operation) -> dict[str, Any]:
    """The last synchronisation."""
    document: dict[str, Any] = {
        "operation": {
            "initiatedBy": initiator(application, operation),
            "sync": revisions_of(application, operation.commit_sha),
        },
        "phase": operation.phase,
        "startedAt": time_of(operation.started_at),
        "syncResult": revisions_of(application, operation.commit_sha) | sources_of(application),
    }
    if operation.finished_at is not None:
        document["finishedAt"] = time_of(operation.finished_at)
    return document


def initiator(application: Application, operation: Operation) -> dict[str, Any]:
    """Staging follows its branch by itself; elsewhere somebody starts it."""
    return {"automated": True} if application.environment == "staging" else {"username": operation.actor}


def revisions_of(application: Application, commit_sha: str) -> dict[str, Any]:
    """What was rolled out: one revision, or one for each source."""
    return (
        {"revisions": [CHART_VERSION, commit_sha]}
        if application.is_multi_source
        else {"revision": commit_sha}
    )


def sources_of(application: Application) -> dict[str, Any]:
    """Where manifests come from: the repository, or a chart with values from the repository."""
    own = {
        "repoURL": f"https://github.example/{application.repository}.git",
        "path": f"deploy/{application.service}",
        "targetRevision": "main",
    }
    chart = {"repoURL": "https://charts.example", "chart": "service", "targetRevision": CHART_VERSION}
    return {"sources": [chart, own]} if application.is_multi_source else {"source": own}


def time_of(instant: int) -> str:
    """An instant as Kubernetes writes it."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
