"""Metric policies: what a workspace demands of a metric beyond its definition. Policies only ever tighten.

`governance/policies.yml`:

    operated_by: data-platform                # the team that runs Assay
    witnesses: […]                            # see governance/witnesses.py
    required_roles: {incentive: [finance]}    # beside those that a tier has anyway
    metrics:
      change_lead_time_server_observed:
        tier: incentive                       # exploratory < operational < certified < incentive
        minimum_n: 20
        minimum_team_size: 6
        scope_kinds: [team]
        required_roles: [works_council]       # jurisdictions.yml adds what a jurisdiction asks for
        review_by: 2027-06-30
        counter_metrics: [change_fail_rate]   # beside those of the definition
        purposes: [team_bonus]                # of purposes.yml; no other use is allowed
        owners: [delivery-metrics]            # people and teams; default: the definition's owner
        authors: [ada]                        # who wrote the definition: they sign in no independent role
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from governance.errors import PolicyError
from governance.witnesses import Timestamping, Witness, read_operator, read_timestamping, read_witnesses
from governance.yaml_documents import Document, read_document

TIERS = ("exploratory", "operational", "certified", "incentive")
SCOPE_KINDS = ("service", "team", "organisation")
INCENTIVE_SCOPE_KINDS = ("team",)
PERSON = (
    "person"  # shown for incentives where policy and jurisdiction both list it, see governance.jurisdictions
)
OWNER_ROLE = "metric_owner"
INCENTIVE_ROLES = (OWNER_ROLE, "people_operations")
INCENTIVE_MINIMUM_N = 5
INCENTIVE_MINIMUM_TEAM_SIZE = 5
_TOP_KEYS = ("witnesses", "operated_by", "timestamping", "required_roles", "metrics")
_NAMES = "a list of names"
_KINDS: Mapping[str, tuple[type, str]] = {
    "tier": (str, f"one of {', '.join(TIERS)}"),
    "minimum_n": (int, "a whole number"),
    "minimum_team_size": (int, "a whole number of people"),
    "scope_kinds": (list, f"a list of {', '.join((*SCOPE_KINDS, PERSON))}"),
    "required_roles": (list, "a list of roles"),
    "review_by": (date, "a day such as 2027-06-30"),
    "counter_metrics": (list, "a list of metrics"),
    "purposes": (list, "a list of purposes of purposes.yml"),
    "owners": (list, _NAMES),
    "authors": (list, _NAMES),
}


@dataclass(frozen=True, slots=True)
class MetricDefaults:
    """What a metric's own definition says (dbt `config.meta`, table `dim_metrics`)."""

    metric: str
    metric_version: int
    tier: str
    owner: str
    minimum_n: int
    review_by: date | None = None
    counter_metrics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricPolicy:
    """What the gate holds a metric to: its definition, tightened by the workspace.

    Attributes:
        tier: What the metric may be used for.
        minimum_n: Events behind every value that is shown.
        scope_kinds: Kinds of scope that values are shown for.
        required_roles: Roles that sign in every jurisdiction.
        review_by: Last day on which the definition counts as reviewed.
        minimum_team_size: People in every team that is shown.
        counter_metrics: What is shown beside it, so that one number is not bought with another.
        purposes: What an incentive may be paid for by it; none is allowed that is not listed.
        owners: People and teams that answer for it.
        authors: People and teams that wrote the definition.
    """

    tier: str
    minimum_n: int
    scope_kinds: tuple[str, ...]
    required_roles: tuple[str, ...]
    review_by: date | None
    minimum_team_size: int = 0
    counter_metrics: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """All policies of a workspace."""

    document: Document
    metrics: Mapping[str, Mapping[str, Any]]
    configured_witnesses: tuple[Witness, ...] = ()
    operated_by: str | None = None
    timestamping: Timestamping | None = None
    tier_roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

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
        refuse_unknown(document, (), document.value, _TOP_KEYS)
        metrics = document.value.get("metrics") or {}
        if not isinstance(metrics, dict):
            raise PolicyError(f"{document.place('metrics')}: metrics is a mapping from metric to policy")
        for metric, policy in metrics.items():
            if not isinstance(policy, dict):
                raise PolicyError(f"{document.place('metrics', metric)}: the policy of {metric} is a mapping")
            refuse_unknown(document, ("metrics", metric), policy, tuple(_KINDS))
            _check_types(document, metric, policy)
        return cls(
            document,
            metrics,
            configured_witnesses=read_witnesses(document),
            operated_by=read_operator(document),
            timestamping=read_timestamping(document),
            tier_roles=_tier_roles(document),
        )

    def check_known(self, metrics: Iterable[str]) -> None:
        """Refuse a policy or a counter-metric for a metric that does not exist: it would protect nothing.

        Raises:
            PolicyError: the metric is unknown; the nearest name is suggested.
        """
        known = sorted(metrics)
        for metric, policy in self.metrics.items():
            refuse_unnamed(self.document, ("metrics", metric), metric, known, what="metric")
            for counter in policy.get("counter_metrics", ()):
                place = ("metrics", metric, "counter_metrics")
                refuse_unnamed(self.document, place, counter, known, what="metric")
                if counter == metric:
                    raise PolicyError(
                        f"{self.document.place(*place)}: {metric} cannot be its own counter-metric; name one "
                        "that gets worse where this one is bought"
                    )

    def check_purposes(self, purposes: Iterable[str]) -> None:
        """Refuse a purpose that the register of purposes does not know.

        Raises:
            PolicyError: the purpose is unknown; the nearest name is suggested.
        """
        known = sorted(purposes)
        for metric, policy in self.metrics.items():
            for purpose in policy.get("purposes", ()):
                place = ("metrics", metric, "purposes")
                refuse_unnamed(self.document, place, purpose, known, what="purpose")

    def policy_for(self, defaults: MetricDefaults, *, as_tier: str | None = None) -> MetricPolicy:
        """Tighten a definition's defaults.

        Args:
            defaults: What the definition says.
            as_tier: A stricter tier to ask about, whatever the policy says.

        Raises:
            PolicyError: the policy would loosen a default; both values are named.
        """
        given = self.metrics.get(defaults.metric, {})
        tier = str(as_tier or given.get("tier", defaults.tier))
        self._refuse_looser_tier(defaults, tier)
        is_incentive = tier == "incentive"
        review_by = given.get("review_by", defaults.review_by)
        if defaults.review_by is not None and review_by > defaults.review_by:
            raise self._loosened(
                defaults.metric, "review_by", defaults.review_by.isoformat(), review_by.isoformat()
            )
        roles = (
            *(INCENTIVE_ROLES if is_incentive else ()),
            *self.tier_roles.get(tier, ()),
            *given.get("required_roles", ()),
        )
        return MetricPolicy(
            tier,
            self._at_least(defaults, "minimum_n", defaults.minimum_n, INCENTIVE_MINIMUM_N * is_incentive),
            self._scope_kinds(defaults, is_as_given=as_tier is None, is_incentive=is_incentive),
            tuple(dict.fromkeys(roles)),
            review_by,
            minimum_team_size=self._at_least(
                defaults, "minimum_team_size", 0, INCENTIVE_MINIMUM_TEAM_SIZE * is_incentive
            ),
            counter_metrics=tuple(
                dict.fromkeys((*defaults.counter_metrics, *given.get("counter_metrics", ())))
            ),
            purposes=tuple(given.get("purposes", ())),
            owners=tuple(given.get("owners", ())) or (defaults.owner,),
            authors=tuple(given.get("authors", ())),
        )

    def _at_least(self, defaults: MetricDefaults, key: str, by_definition: int, by_tier: int) -> int:
        """Return a limit; below the definition's it is refused, and the tier's own holds in any case."""
        given = int(self.metrics.get(defaults.metric, {}).get(key, by_definition))
        if given < by_definition:
            raise self._loosened(defaults.metric, key, str(by_definition), str(given))
        return max(given, by_tier)

    def _scope_kinds(
        self, defaults: MetricDefaults, *, is_as_given: bool, is_incentive: bool
    ) -> tuple[str, ...]:
        usual = INCENTIVE_SCOPE_KINDS if is_incentive else SCOPE_KINDS
        given = self.metrics.get(defaults.metric, {}).get("scope_kinds", usual) if is_as_given else usual
        allowed = (*usual, PERSON) if is_incentive else usual
        if not set(given) <= set(allowed):
            raise self._loosened(defaults.metric, "scope_kinds", ", ".join(allowed), ", ".join(given))
        return tuple(given)

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


def refuse_unknown(
    document: Document, place: tuple[str, ...], value: Mapping[str, Any], known: tuple[str, ...]
) -> None:
    """Refuse a key that a register does not have.

    Raises:
        PolicyError: naming file, line and the nearest key.
    """
    for key in value:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
            raise PolicyError(f"{document.place(*place, str(key))}: unknown key {key!r}; {hint}")


def refuse_unnamed(
    document: Document, place: tuple[str, ...], name: str, known: Sequence[str], *, what: str
) -> None:
    """Refuse the name of something that does not exist.

    Raises:
        PolicyError: naming file, line and the nearest name.
    """
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; known: {', '.join(known) or 'none'}"
        raise PolicyError(f"{document.place(*place)}: no {what} {name}{hint}")


def refuse_no_names(document: Document, place: tuple[str, ...], value: Any) -> tuple[str, ...]:
    """Return a list of names.

    Raises:
        PolicyError: it is none; file and line are named.
    """
    if not isinstance(value, list) or not all(isinstance(name, str) and name.strip() for name in value):
        raise PolicyError(f"{document.place(*place)}: {place[-1]} is {_NAMES}, not {value!r}")
    return tuple(value)


def _tier_roles(document: Document) -> dict[str, tuple[str, ...]]:
    given = document.value.get("required_roles") or {}
    if not isinstance(given, dict):
        raise PolicyError(
            f"{document.place('required_roles')}: required_roles is a mapping from tier to roles"
        )
    refuse_unknown(document, ("required_roles",), given, TIERS)
    return {tier: refuse_no_names(document, ("required_roles", tier), given[tier]) for tier in given}


def _check_types(document: Document, metric: str, policy: Mapping[str, Any]) -> None:
    for key, value in policy.items():
        kind, meaning = _KINDS[key]
        if not isinstance(value, kind) or isinstance(value, bool | datetime):
            raise PolicyError(f"{document.place('metrics', metric, key)}: {key} is {meaning}, not {value!r}")
        if isinstance(value, list) and not all(isinstance(item, str) and item.strip() for item in value):
            raise PolicyError(f"{document.place('metrics', metric, key)}: {key} is {meaning}, not {value!r}")
