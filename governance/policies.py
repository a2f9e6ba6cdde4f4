"""Metric policies: what a workspace demands of a metric beyond its definition. Policies only ever tighten.

`governance/policies.yml`:

    witnesses: [internal-audit]               # governance/witnesses.py says what else may stand here
    metrics:
      change_lead_time:
        tier: certified                       # exploratory < operational < certified < incentive
        minimum_n: 20
        scope_kinds: [team, organisation]
        required_roles: [works_council]
        review_by: 2027-06-30
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from governance.errors import PolicyError
from governance.witnesses import Timestamping, Witness, read_operator, read_timestamping, read_witnesses
from governance.yaml_documents import Document, read_document

TIERS = ("exploratory", "operational", "certified", "incentive")
SCOPE_KINDS = ("service", "team", "organisation")
INCENTIVE_SCOPE_KINDS = ("team",)
INCENTIVE_ROLES = ("metric_owner", "people_operations")
_BOOK_KEYS = ("witnesses", "operated_by", "timestamping", "metrics")
_KEYS = ("tier", "minimum_n", "scope_kinds", "required_roles", "review_by")


@dataclass(frozen=True, slots=True)
class MetricDefaults:
    """What a metric's own definition says (dbt `config.meta`, table `dim_metrics`)."""

    metric: str
    metric_version: int
    tier: str
    owner: str
    minimum_n: int
    review_by: date | None = None


@dataclass(frozen=True, slots=True)
class MetricPolicy:
    """What the gate holds a metric to: its definition, tightened by the workspace."""

    tier: str
    minimum_n: int
    scope_kinds: tuple[str, ...]
    required_roles: tuple[str, ...]
    review_by: date | None


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """All policies of a workspace."""

    document: Document
    metrics: Mapping[str, Mapping[str, Any]]
    configured_witnesses: tuple[Witness, ...] = ()
    operated_by: str | None = None
    timestamping: Timestamping | None = None

    @property
    def witnesses(self) -> tuple[str, ...]:
        """The names of the witnesses."""
        return tuple(witness.name for witness in self.configured_witnesses)

    @classmethod
    def empty(cls) -> "PolicyBook":
        """Return a book that adds nothing to the definitions."""
        return cls(Document(Path("governance/policies.yml"), {}), {})

    @classmethod
    def load(cls, path: Path) -> "PolicyBook":
        """Read the file; one that is not there adds nothing.

        Raises:
            PolicyError: unknown key or wrong type; file and line are named.
        """
        if not path.exists():
            return cls.empty()
        document = read_document(path)
        _refuse_unknown(document, (), document.value, _BOOK_KEYS)
        metrics = document.value.get("metrics") or {}
        if not isinstance(metrics, dict):
            raise PolicyError(f"{document.place('metrics')}: metrics is a mapping from metric to policy")
        for metric, policy in metrics.items():
            if not isinstance(policy, dict):
                raise PolicyError(f"{document.place('metrics', metric)}: the policy of {metric} is a mapping")
            _refuse_unknown(document, ("metrics", metric), policy, _KEYS)
            _check_types(document, metric, policy)
        return cls(
            document,
            metrics,
            configured_witnesses=read_witnesses(document),
            operated_by=read_operator(document),
            timestamping=read_timestamping(document),
        )

    def check_known(self, metrics: Iterable[str]) -> None:
        """Refuse a policy for a metric that does not exist: it would protect nothing.

        Raises:
            PolicyError: the metric is unknown; the nearest name is suggested.
        """
        known = sorted(metrics)
        for metric in self.metrics:
            if metric not in known:
                near = difflib.get_close_matches(metric, known, n=1)
                hint = f"; did you mean {near[0]}?" if near else f"; known: {', '.join(known)}"
                raise PolicyError(f"{self.document.place('metrics', metric)}: no metric {metric}{hint}")

    def policy_for(self, defaults: MetricDefaults) -> MetricPolicy:
        """Tighten a definition's defaults.

        Raises:
            PolicyError: the policy would loosen a default; both values are named.
        """
        given = self.metrics.get(defaults.metric, {})
        tier = str(given.get("tier", defaults.tier))
        self._refuse_looser_tier(defaults, tier)
        minimum_n = int(given.get("minimum_n", defaults.minimum_n))
        if minimum_n < defaults.minimum_n:
            raise self._loosened(defaults.metric, "minimum_n", str(defaults.minimum_n), str(minimum_n))
        is_incentive = tier == "incentive"
        allowed = INCENTIVE_SCOPE_KINDS if is_incentive else SCOPE_KINDS
        scope_kinds = tuple(given.get("scope_kinds", allowed))
        if not set(scope_kinds) <= set(allowed):
            raise self._loosened(defaults.metric, "scope_kinds", ", ".join(allowed), ", ".join(scope_kinds))
        review_by = given.get("review_by", defaults.review_by)
        if defaults.review_by is not None and review_by > defaults.review_by:
            raise self._loosened(
                defaults.metric, "review_by", defaults.review_by.isoformat(), review_by.isoformat()
            )
        roles = (*(INCENTIVE_ROLES if is_incentive else ()), *given.get("required_roles", ()))
        return MetricPolicy(tier, minimum_n, scope_kinds, tuple(dict.fromkeys(roles)), review_by)

    def _refuse_looser_tier(self, defaults: MetricDefaults, tier: str) -> None:
        for name in (defaults.tier, tier):
            if name not in TIERS:
                raise PolicyError(
                    f"{defaults.metric} has the unknown tier {name!r}; known: {', '.join(TIERS)}"
                )
        if TIERS.index(tier) < TIERS.index(defaults.tier):
            raise self._loosened(defaults.metric, "tier", defaults.tier, tier)

    def _loosened(self, metric: str, key: str, default: str, given: str) -> PolicyError:
        return PolicyError(
            f"{self.document.place('metrics', metric, key)}: policies only tighten; {metric}.{key} is "
            f"{default} by definition, and {given} would loosen it. Change the definition, or remove the line"
        )


def _refuse_unknown(
    document: Document, place: tuple[str, ...], value: Mapping[str, Any], known: tuple[str, ...]
) -> None:
    for key in value:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
            raise PolicyError(f"{document.place(*place, str(key))}: unknown key {key!r}; {hint}")


def _check_types(document: Document, metric: str, policy: Mapping[str, Any]) -> None:
    wanted: dict[str, tuple[type, str]] = {
        "tier": (str, f"one of {', '.join(TIERS)}"),
        "minimum_n": (int, "a whole number"),
        "scope_kinds": (list, f"a list of {', '.join(SCOPE_KINDS)}"),
        "required_roles": (list, "a list of roles"),
        "review_by": (date, "a day such as 2027-06-30"),
    }
    for key, value in policy.items():
        kind, meaning = wanted[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise PolicyError(f"{document.place('metrics', metric, key)}: {key} is {meaning}, not {value!r}")
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise PolicyError(f"{document.place('metrics', metric, key)}: {key} is {meaning}, not {value!r}")
