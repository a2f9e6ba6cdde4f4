"""Entities of a catalog file as records: names, owners and the other systems' names for the same thing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from connectors.backstage.references import DEFAULT_NAMESPACE, USER, Reference, read_reference
from connectors.files.documents import HeldDocument, Record
from connectors.files.tables import TableError
from connectors.files.yaml_documents import yaml_documents

ANNOTATIONS: Mapping[str, str] = {
    "github_project_slug": "github.com/project-slug",
    "github_team_slug": "github.com/team-slug",
    "gitlab_project_slug": "gitlab.com/project-slug",
    "pagerduty_service_id": "pagerduty.com/service-id",
    "jira_project_key": "jira/project-key",
    "argocd_app_name": "argocd/app-name",
    "circleci_project_slug": "circleci.com/project-slug",
    "jenkins_job_full_name": "jenkins.io/job-full-name",
}


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity of a file.

    Attributes:
        line: The line that it begins on.
        reference: Its names.
        metadata: What describes it.
        spec: What it is.
    """

    line: int
    reference: Reference
    metadata: Mapping[str, Any]
    spec: Mapping[str, Any]

    def refers(self, field: str, *, kind: str) -> Reference | None:
        """The entity that a field of the spec names."""
        return read_reference(self.spec.get(field), kind=kind, namespace=self.reference.namespace)

    def refers_all(self, field: str, *, kind: str) -> list[Reference]:
        """The entities that a field of the spec lists."""
        listed = self.spec.get(field)
        texts = listed if isinstance(listed, list) else []
        found = (read_reference(text, kind=kind, namespace=self.reference.namespace) for text in texts)
        return [each for each in found if each is not None]


def entities_of(content: IO[bytes]) -> list[Entity]:
    """All entities of a file.

    Raises:
        PermanentSourceError: It is no YAML, or an entity has no kind or name.
    """
    return [_entity(document.line, document.value) for document in yaml_documents(content)]


def entities_in(held: HeldDocument, content: IO[bytes]) -> Iterator[Record]:
    """The entities of a file that are not people, as records."""
    for entity in entities_of(content):
        if not entity.reference.is_user:
            yield _record(entity, held.attributes["path"])


def users_in(held: HeldDocument, content: IO[bytes]) -> Iterator[Record]:
    """The people of a file, as records."""
    for entity in entities_of(content):
        if entity.reference.is_user:
            profile = _mapping(entity.spec.get("profile"))
            yield {
                "path": held.attributes["path"],
                "line": entity.line,
                "user": {
                    "id": entity.reference.account,
                    "login": entity.reference.name,
                    "name": _text(profile.get("displayName")),
                    "email": _text(profile.get("email")),
                },
                "groups": [str(group) for group in entity.refers_all("memberOf", kind="group")],
            }


def _record(entity: Entity, path: str) -> Record:
    owner = entity.refers("owner", kind="group")
    reference = entity.reference
    annotations = _mapping(entity.metadata.get("annotations"))
    return {
        "path": path,
        "line": entity.line,
        "entity_ref": str(reference),
        "kind": reference.kind,
        "namespace": reference.namespace,
        "name": reference.name,
        "type": _text(entity.spec.get("type")),
        "lifecycle": _text(entity.spec.get("lifecycle")),
        "owner_ref": None if owner is None or owner.is_user else str(owner),
        "owner": {"id": owner.account, "login": owner.name} if owner is not None and owner.is_user else None,
        "has_unread_owner": owner is None and entity.spec.get("owner") is not None,
        "system_ref": _written(entity.refers("system", kind="system")),
        "domain_ref": _written(entity.refers("domain", kind="domain")),
        "part_of_ref": _written(entity.refers("subcomponentOf", kind="component")),
        "parent_ref": _written(entity.refers("parent", kind="group")) if reference.kind == "group" else None,
        "child_refs": [str(child) for child in entity.refers_all("children", kind="group")],
        "members": [
            {"id": member.account, "login": member.name}
            for member in entity.refers_all("members", kind=USER)
            if member.is_user
        ],
        **{column: _text(annotations.get(name)) for column, name in ANNOTATIONS.items()},
    }


def _entity(line: int, value: Any) -> Entity:
    if not isinstance(value, dict):
        raise TableError("The document is no entity: it has no keys.", line=line)
    metadata = _mapping(value.get("metadata"))
    kind, name = _text(value.get("kind")), _text(metadata.get("name"))
    if kind is None or name is None:
        missing = "kind" if kind is None else "metadata.name"
        raise TableError("The entity has none.", line=line, column=missing)
    namespace = _text(metadata.get("namespace")) or DEFAULT_NAMESPACE
    reference = read_reference(f"{kind}:{namespace}/{name}", kind=kind, namespace=namespace)
    if reference is None:
        raise TableError("The entity's names have characters that no name has.", line=line)
    return Entity(line, reference, metadata, _mapping(value.get("spec")))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    """A plain value as text; YAML makes numbers of some names."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip() or None


def _written(reference: Reference | None) -> str | None:
    return None if reference is None or reference.is_user else str(reference)
