"""References between entities: `[kind:][namespace/]name`, without case."""

import re
from dataclasses import dataclass

_REFERENCE = re.compile(r"^(?:(?P<kind>[^:/\s]+):)?(?:(?P<namespace>[^:/\s]+)/)?(?P<name>[^:/\s]+)$")
DEFAULT_NAMESPACE = "default"
USER = "user"


@dataclass(frozen=True, slots=True)
class Reference:
    """An entity by its names, in lower case."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.namespace}/{self.name}"

    @property
    def is_user(self) -> bool:
        """Whether it names a person."""
        return self.kind == USER

    @property
    def account(self) -> str:
        """The person's name within the catalog."""
        return f"{self.namespace}/{self.name}"


def read_reference(text: object, *, kind: str, namespace: str) -> Reference | None:
    """A reference; None where there is none, or what stands there is none.

    Args:
        text: What stands there.
        kind: The kind where it says none.
        namespace: The namespace where it says none: that of the entity that refers.
    """
    match = _REFERENCE.match(text.strip()) if isinstance(text, str) else None
    if match is None:
        return None
    found = (match["kind"] or kind, match["namespace"] or namespace, match["name"])
    return Reference(*(part.lower() for part in found))
