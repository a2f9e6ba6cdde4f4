"""Resources of the simulated directory, as RFC 7643 writes them."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.parameters import midnight
from connectors.sandbox.staff_records import StaffRecord

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_CORE = "urn:ietf:params:scim:schemas:core:2.0:"
_SPACE = uuid.UUID("6f9c0f6e-3a0b-5d35-9d55-0c0d7e5f4b11")
Document = dict[str, Any]


def user_id(number: int) -> str:
    """Id of a person."""
    return str(uuid.uuid5(_SPACE, f"user/{number}"))


def group_id(team: str) -> str:
    """Id of a group."""
    return str(uuid.uuid5(_SPACE, f"group/{team}"))


def user_document(record: StaffRecord, *, base_url: str) -> Document:
    """A person, with everything that the directory has of them."""
    person = record.person
    extension: Document = {
        "employeeNumber": str(person.number),
        "department": record.memberships[-1].team,
        "costCenter": f"CC-{person.number % 7 + 100}",
        "organization": "acme",
    }
    if record.manager is not None:
        manager = user_id(record.manager)
        extension["manager"] = {"value": manager, "$ref": f"{base_url}/Users/{manager}"}
    return {
        "schemas": [f"{_CORE}User", ENTERPRISE],
        "id": user_id(person.number),
        "externalId": str(person.number),
        "userName": person.login,
        "displayName": person.name,
        "name": {"formatted": person.name},
        "emails": [{"value": f"{person.login}@acme.example", "type": "work", "primary": True}],
        "phoneNumbers": [{"value": f"+1-555-{person.number % 10_000:04d}", "type": "work"}],
        "active": record.left_at is None,
        "userType": "Employee",
        ENTERPRISE: extension,
        "meta": {
            "resourceType": "User",
            "created": text_of(midnight(record.employed_from)),
            "lastModified": text_of(record.last_change_at),
            "location": f"{base_url}/Users/{user_id(person.number)}",
        },
    }


def group_document(team: str, members: Iterable[int], *, changed_at: int, base_url: str) -> Document:
    """A team with its people."""
    listed = [
        {"value": user_id(number), "type": "User", "$ref": f"{base_url}/Users/{user_id(number)}"}
        for number in members
    ]
    return {
        "schemas": [f"{_CORE}Group"],
        "id": group_id(team),
        "displayName": team,
        **({"members": listed} if listed else {}),
        "meta": {
            "resourceType": "Group",
            "lastModified": text_of(changed_at),
            "location": f"{base_url}/Groups/{group_id(team)}",
        },
    }


def chosen(document: Mapping[str, Any], attributes: str) -> Document:
    """The attributes that were asked for, beside those that are always returned (RFC 7644, section 3.9)."""
    names = [name for name in attributes.split(",") if name]
    if not names:
        return dict(document)
    found: Document = {"schemas": document["schemas"], "id": document["id"]}
    for name in names:
        if name.startswith(f"{ENTERPRISE}:") and ENTERPRISE in document:
            inner = name.removeprefix(f"{ENTERPRISE}:")
            if inner in document[ENTERPRISE]:
                found.setdefault(ENTERPRISE, {})[inner] = document[ENTERPRISE][inner]
        elif name in document:
            found[name] = document[name]
    return found


def text_of(instant: int) -> str:
    """An instant as the directory writes it."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
