"""Purposes: what numbers may be used for, who answers for that, and what is forbidden. Reviewed YAML.

`governance/purposes.yml`:

    publication: team_bonus               # what a publication of incentive metrics is for
    purposes:
      team_bonus:
        title: The yearly bonus of teams
        owner: people-operations
        tiers: [incentive]
        metrics: [change_lead_time_server_observed]   # default: every metric whose policy lists the purpose
        forbidden_uses:
          - Ranking or dismissing people
          - Comparing teams of different work

A metric is used for a purpose only where both say so: the purpose allows its tier (and names it, if it names
metrics), and the metric's policy lists the purpose.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance.errors import PolicyError
from governance.policies import TIERS, refuse_no_names, refuse_unknown, refuse_unnamed
from governance.yaml_documents import Document, read_document

_KEYS = ("title", "owner", "tiers", "metrics", "forbidden_uses")


@dataclass(frozen=True, slots=True)
class Purpose:
    """A use of numbers. `metrics` None leaves the choice to the metrics' policies."""

    name: str
    title: str
    owner: str
    tiers: tuple[str, ...]
    metrics: tuple[str, ...] | None
    forbidden_uses: tuple[str, ...]

    def allows(self, metric: str, tier: str) -> bool:
        """Whether the purpose takes this metric in this tier."""
        return tier in self.tiers and (self.metrics is None or metric in self.metrics)


@dataclass(frozen=True, slots=True)
class PurposeBook:
    """All purposes of a workspace, and the one that publications are for unless they name another."""

    document: Document
    purposes: Mapping[str, Purpose]
    publication: str | None = None

    @classmethod
    def empty(cls) -> "PurposeBook":
        """Return a book without a purpose: no incentive metric may be used for anything."""
        return cls(Document(Path("governance/purposes.yml"), {}), {})

    @classmethod
    def load(cls, path: Path) -> "PurposeBook":
        """Read the file; one that is not there knows of no purpose.

        Raises:
            PolicyError: unknown key, wrong type, or an unknown purpose of publications; the line is named.
        """
        if not path.exists():
            return cls.empty()
        document = read_document(path)
        refuse_unknown(document, (), document.value, ("publication", "purposes"))
        given = document.value.get("purposes") or {}
        if not isinstance(given, dict):
            raise PolicyError(f"{document.place('purposes')}: purposes is a mapping from name to purpose")
        purposes = {str(name): _read(document, str(name), each) for name, each in given.items()}
        publication = document.value.get("publication")
        if publication is not None:
            refuse_unnamed(document, ("publication",), str(publication), sorted(purposes), what="purpose")
        return cls(document, purposes, publication)

    def check_known(self, metrics: Iterable[str]) -> None:
        """Refuse metrics that do not exist.

        Raises:
            PolicyError: the metric is unknown; the nearest name is suggested.
        """
        known = sorted(metrics)
        for purpose in self.purposes.values():
            for metric in purpose.metrics or ():
                place = ("purposes", purpose.name, "metrics")
                refuse_unnamed(self.document, place, metric, known, what="metric")

    def named(self, name: str | None) -> Purpose | None:
        """Return the purpose of a publication: the one named, else the register's; None without any.

        Raises:
            PolicyError: no such purpose; the nearest name is suggested.
        """
        wanted = name or self.publication
        if wanted is None:
            return None
        refuse_unnamed(self.document, ("purposes",), wanted, sorted(self.purposes), what="purpose")
        return self.purposes[wanted]


def _read(document: Document, name: str, given: Any) -> Purpose:
    place = ("purposes", name)
    if not isinstance(given, dict):
        raise PolicyError(f"{document.place(*place)}: the purpose {name} is a mapping")
    refuse_unknown(document, place, given, _KEYS)
    tiers = refuse_no_names(document, (*place, "tiers"), given.get("tiers", []))
    for tier in tiers:
        refuse_unnamed(document, (*place, "tiers"), tier, TIERS, what="tier")
    metrics = given.get("metrics")
    return Purpose(
        name,
        _text(document, (*place, "title"), given.get("title", name)),
        _text(document, (*place, "owner"), given.get("owner")),
        tiers,
        None if metrics is None else refuse_no_names(document, (*place, "metrics"), metrics),
        refuse_no_names(document, (*place, "forbidden_uses"), given.get("forbidden_uses", [])),
    )


def _text(document: Document, place: tuple[str, ...], value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise PolicyError(f"{document.place(*place)}: {place[-1]} is text, not {value!r}")
    return value
