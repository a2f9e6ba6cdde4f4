"""A world in which an incentive metric passes everything, to be broken in one place at a time."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from governance.cell_gate import CellDecision, decide_cells, summarise_cells
from governance.circumstances import (
    CellKey,
    CellSummary,
    CellUnderReview,
    Circumstances,
    ClockReading,
    MetricUnderReview,
    Recomputation,
)
from governance.clock import ClockFloor
from governance.gate import Decision, decide
from governance.jurisdictions import Jurisdiction, JurisdictionBook
from governance.policies import MetricPolicy
from governance.purposes import Purpose
from governance.sign_offs import RecordedSignOff, SignOff, sign_off, sign_off_statement
from governance.signers import RegisteredSigner, Signer, SignerRegister
from governance.yaml_documents import Document

AT = datetime(2026, 7, 1, 3, tzinfo=UTC)
HASH = "ab" * 32
METRIC_NAME = "change_fail_rate"
ROLES = ("metric_owner", "people_operations", "finance")
COUNCIL = "works_council"
OLGA, PIA, FINN, WANDA = (
    Signer(name, bytes([number]) * 32) for number, name in enumerate(("Olga", "Pia", "Finn", "Wanda"), 1)
)
HOLDERS = {"metric_owner": OLGA, "people_operations": PIA, "finance": FINN, COUNCIL: WANDA}
TEAMS = {"metric_owner": ("delivery-metrics",), "people_operations": ("people",), "finance": (), COUNCIL: ()}


@dataclass(frozen=True)
class Check:
    """A result as the gate sees it."""

    name: str = "conserves_deployments"
    subject: str = "fct_deployments"
    severity: str = "blocking"
    is_passed: bool = True
    layer: str = "facts"


def registered(role: str, **changes: Any) -> RegisteredSigner:
    holder = HOLDERS[role]
    return replace(RegisteredSigner(holder.person, holder.public_key, (role,), TEAMS[role]), **changes)


def register(**changed: RegisteredSigner) -> SignerRegister:
    return SignerRegister.of(changed.get(role) or registered(role) for role in HOLDERS)


def signed(role: str, **changes: Any) -> SignOff:
    signer = changes.pop("signer", HOLDERS[role])
    statement = {
        "metric": METRIC_NAME,
        "definition_hash": HASH,
        "role": role,
        "scope": "jurisdiction:de" if role == COUNCIL else "*",
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2027, 1, 1),
    }
    return sign_off(signer, sign_off_statement(**{**statement, **changes}))


def recorded(one: SignOff, **changes: Any) -> RecordedSignOff:
    return replace(RecordedSignOff(one, AT - timedelta(days=30)), **changes)


def sign_offs(**changed: RecordedSignOff | None) -> tuple[RecordedSignOff, ...]:
    """All sign-offs, those of some roles changed or (None) left out."""
    all_of_them = {role: recorded(signed(role)) for role in HOLDERS} | changed
    return tuple(one for one in all_of_them.values() if one is not None)


POLICY = MetricPolicy(
    "incentive",
    20,
    ("team",),
    ROLES,
    date(2026, 12, 31),
    minimum_team_size=5,
    counter_metrics=("deployment_frequency",),
    purposes=("team_bonus",),
    owners=("delivery-metrics",),
    authors=("Ada",),
)
PURPOSE = Purpose("team_bonus", "The bonus of teams", "people-operations", ("incentive",), None, ())
BOOK = JurisdictionBook(
    Document(Path("jurisdictions.yml"), {}),
    {
        "de": Jurisdiction("de", "Germany", ("payments",), (COUNCIL,)),
        "us": Jurisdiction("us", "United States", ("search",)),
    },
)
METRIC = MetricUnderReview(
    metric=METRIC_NAME,
    metric_version=1,
    owner="delivery-metrics",
    definition_hash=HASH,
    policy=POLICY,
    cells=CellSummary(0, 0, (), None, teams=frozenset({"payments", "search"})),
    exactness="exact",
    reads_dispositions=True,
    bounds=(METRIC_NAME, f"{METRIC_NAME}_explicit"),
    known_metrics=frozenset({METRIC_NAME, f"{METRIC_NAME}_explicit", "deployment_frequency"}),
    clocks=ClockReading(),
    recomputation=Recomputation(2, {1: 0, 8: 0}),
    track_crossings=(),
)
CIRCUMSTANCES = Circumstances(
    at=AT,
    checks=(
        *(Check(layer=layer) for layer in ("extraction", "landing", "staging", "facts", "marts")),
        Check("warned", severity="warning", is_passed=False),
    ),
    register=register(),
    sign_offs=sign_offs(),
    jurisdictions=BOOK,
    purpose=PURPOSE,
    witnesses=("internal-audit",),
    cosigned_by=("internal-audit", "somebody-else"),
    clock_floors=(ClockFloor(AT - timedelta(hours=1), "the newest event of the governance log"),),
    restricted_cells=frozenset(),
    dispositions_unknown_percent=5,
)


def cell(**changes: Any) -> CellUnderReview:
    return replace(
        CellUnderReview(
            key=CellKey(METRIC_NAME, "team", "payments", "month", date(2026, 5, 1)),
            n=40,
            flags=frozenset(),
            team_size=8,
            jurisdictions=frozenset({"de"}),
            dispositions_unknown_share=Decimal("0.05"),
            missing_bounds=(),
            missing_counters=(),
        ),
        **changes,
    )


SEARCH = cell(
    key=CellKey(METRIC_NAME, "team", "search", "month", date(2026, 5, 1)), jurisdictions=frozenset({"us"})
)
CELLS = (cell(), SEARCH)


def decided(
    metric: MetricUnderReview = METRIC,
    circumstances: Circumstances = CIRCUMSTANCES,
    cells: tuple[CellUnderReview, ...] = CELLS,
) -> tuple[Decision, tuple[CellDecision, ...]]:
    """Ask about every cell and then about the metric, as a publication does."""
    by_cell = decide_cells(metric, circumstances, cells)
    return decide(replace(metric, cells=summarise_cells(metric.cells, by_cell)), circumstances), by_cell


def failing(decision: Decision | CellDecision) -> list[str]:
    return [result.name for result in decision.predicates if not result.is_passed]
