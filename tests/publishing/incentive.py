"""A release of which one metric pays: its values follow from facts, and all that the gate asks is there."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from governance.circumstances import CellKey
from governance.clock import ClockFloor
from governance.jurisdictions import JurisdictionBook
from governance.policies import PolicyBook
from governance.purposes import PurposeBook
from governance.sign_offs import RecordedSignOff, sign_off, sign_off_statement
from governance.signers import RegisteredSigner, Signer, SignerRegister
from tests.publishing.release import AT, CONTEXT, Check, Release

METRIC = "change_lead_time"
OWNER, PEOPLE = (Signer(name, name.encode().ljust(32)) for name in ("olga", "pia"))
REGISTER = SignerRegister.of(
    [
        RegisteredSigner("olga", OWNER.public_key, ("metric_owner",), ("platform",)),
        RegisteredSigner("pia", PEOPLE.public_key, ("people_operations",), ()),
    ]
)
LAYERS = ("extraction", "landing", "staging", "facts", "marts")
# each value of the mart is that of n equal facts, so that a formula finds it again
SCHEMA = """
alter table marts.mart_metric_values add column dispositions_unknown_share decimal(28, 9);
update marts.mart_metric_values set numerator = null, denominator = null where metric = 'change_lead_time';
create table marts.fct_waits as
select scope_id as team_id, [scope_id] as team_path, period_start + 3 as waited_date, value as waited_seconds,
       false as is_author_settable
from marts.mart_metric_values, unnest(range(n))
where metric = 'change_lead_time' and scope_kind = 'team' and value is not null;
alter table marts.dim_metrics add column exactness varchar;
alter table marts.dim_metrics add column reads_dispositions boolean;
alter table marts.dim_metrics add column counter_metrics varchar[];
alter table marts.dim_metrics add column fact_relation varchar;
alter table marts.dim_metrics add column filter_sql varchar;
alter table marts.dim_metrics add column event_at_column varchar;
alter table marts.dim_metrics add column measure_kind varchar;
alter table marts.dim_metrics add column measure_sql varchar;
alter table marts.dim_metrics add column numerator_sql varchar;
alter table marts.dim_metrics add column denominator_sql varchar;
alter table marts.dim_metrics add column n_sql varchar;
alter table marts.dim_metrics add column value_sql varchar;
alter table marts.dim_metrics add column team_scope_sql varchar;
update marts.dim_metrics set
    exactness = 'exact', reads_dispositions = false, counter_metrics = ['change_fail_rate'],
    fact_relation = 'marts.fct_waits', filter_sql = 'waited_seconds >= 0', event_at_column = 'waited_date',
    measure_kind = 'median', measure_sql = 'waited_seconds', n_sql = 'count(waited_seconds)',
    value_sql = 'max(waited_seconds)', team_scope_sql = 'list_contains(team_path, $scope_id)'
where metric = 'change_lead_time';
create schema intermediate;
create table intermediate.int_team_exposure_periods as
select distinct scope_id as team_id, 'month' as period_grain, period_start, 8 as team_size
from marts.mart_metric_values where scope_kind = 'team';
"""
CLOCKS = {"marts.fct_waits.waited_date": "server", "marts.fct_waits.waited_seconds": "server"}


def signed(signer: Signer, role: str) -> RecordedSignOff:
    statement = sign_off_statement(
        metric=METRIC,
        definition_hash=CONTEXT.definition_hashes[METRIC],
        role=role,
        scope="*",
        valid_from=date(2026, 1, 1),
        valid_until=date(2027, 1, 1),
    )
    return RecordedSignOff(sign_off(signer, statement), AT - timedelta(days=20))


def paying(release: Release, **policy: Any) -> dict[str, Any]:
    """Change the release's warehouse so that the metric can pay, and return the context that lets it."""
    release.change(SCHEMA)
    return paying_context(release.folder, **policy)


def paying_context(folder: Path, *, head: str = "witnesses: [audit]\n", **policy: Any) -> dict[str, Any]:
    """`head` stands at the beginning of the policies."""
    lines = {
        "tier": "incentive",
        "minimum_n": 18,
        "review_by": "2026-12-31",
        "purposes": "[team_bonus]",
        "authors": "[ada]",
        **policy,
    }
    text = ", ".join(f"{name}: {value}" for name, value in lines.items())
    return {
        "policies": PolicyBook.load(
            _written(folder, "policies", f"{head}metrics: {{{METRIC}: {{{text}}}}}\n")
        ),
        "purposes": PurposeBook.load(
            _written(
                folder,
                "purposes",
                "publication: team_bonus\n"
                "purposes: {team_bonus: {owner: people, tiers: [incentive], forbidden_uses: [ranking]}}\n",
            )
        ),
        "jurisdictions": JurisdictionBook.load(
            _written(folder, "jurisdictions", "jurisdictions: {de: {teams: '*'}}\n")
        ),
        "register": REGISTER,
        "sign_offs": (signed(OWNER, "metric_owner"), signed(PEOPLE, "people_operations")),
        "cosigned_by": ("audit",),
        "checks": tuple(replace(Check(), layer=layer) for layer in LAYERS),
        "clock_floors": (ClockFloor(AT - timedelta(hours=1), "the newest fetch"),),
        "restricted_cells": frozenset[CellKey](),
        "track_crossings": {METRIC: ()},
        "column_clocks": CLOCKS,
        "dispositions_unknown_percent": 5,
    }


def _written(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.yml"
    path.write_text(text)
    return path
