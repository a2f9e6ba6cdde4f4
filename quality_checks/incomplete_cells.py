"""Values over a gap and their mark: of a gap nothing is known, so a value over one says `incomplete`."""

from quality_checks.comparisons import Comparison
from quality_checks.completeness_comparisons import GAPS
from quality_checks.window_comparisons import STANDING

_CELL = "concat_ws(' ', metric, scope_kind, scope_id, period_grain, period_start) as item"

# What was not read, by three ways to see it. A place counts as never read where its repository is known.
_GAPS = f"""
    select kind, stream, scope, gap.gap_from, gap.gap_until from ({GAPS})
    union all
    select kind, stream, scope, coverage_from, coverage_until
    from quality.expected_places
    semi join config.repositories as known
        on known.source = expected_places.source and known.repository = expected_places.scope
    anti join raw.fetch_windows using (source, kind, stream, scope)
    cross join intermediate.int_reporting
    union all
    select kind, stream, scope, coalesce(requested_from, coverage_from),
        least(coalesce(requested_until, started_at), started_at)
    from ({STANDING})
    cross join intermediate.int_reporting
    where claimed_total - greatest(1, claimed_total // 100) > record_count
        and (parent_key is null or requested_until is not null)
"""

# CircleCI writes the host before a repository. A place that is no service's repository may concern all.
_PLACED = f"""
    select
        kind,
        stream,
        gap_from,
        gap_until,
        list(service_id) filter (where service_id is not null) as service_ids
    from ({_GAPS}) as gaps
    left join intermediate.int_repository_names as names
        on names.name = regexp_replace(gaps.scope, '^(gh|github|bb|bitbucket)/', '')
    left join intermediate.int_services as services
        on lower(services.repository)
            = lower(coalesce(names.repository, regexp_replace(gaps.scope, '^(gh|github|bb|bitbucket)/', '')))
    group by kind, stream, gaps.scope, gap_from, gap_until
"""

_OVER_GAPS = f"""
    with gaps as ({_PLACED}),
    touched as (
        select distinct
            fact_relation, period_grain, period_start, kind, stream, gap_from, gap_until, service_ids
        from gaps
        inner join intermediate.int_metric_streams using (kind, stream)
        inner join intermediate.int_reporting_periods on starts_at < gap_until and ends_at > gap_from
        cross join intermediate.int_reporting
        where greatest(gap_from, coverage_from, starts_at) < least(gap_until, coverage_until, ends_at)
    ),
    owned as (
        select service_id, unnest(team_path) as team_id, valid_from, valid_until
        from intermediate.int_service_owners_dated
    )
    select distinct {_CELL}, 1 as value
    from touched
    inner join marts.dim_metrics using (fact_relation)
    inner join marts.mart_metric_values using (metric, period_grain, period_start)
    where service_ids is null
        or scope_kind = 'organisation'
        or scope_kind = 'service' and list_contains(service_ids, scope_id)
        or scope_kind = 'team' and exists (
            from owned
            where owned.team_id = scope_id
                and list_contains(service_ids, owned.service_id)
                and owned.valid_from < gap_until
                and owned.valid_until > gap_from
        )
"""

_MARKED = Comparison(
    name="cells_over_gaps_are_marked",
    subjects=("marts.mart_metric_values",),
    layer="marts",
    sentence="A value says that it is incomplete exactly where something of its period was not read.",
    left=_OVER_GAPS,
    right=f"""
        select {_CELL}, 1 as value from marts.mart_metric_values where list_contains(flags, 'incomplete')
    """,
    measure="values",
    remedy="A value over a gap looks like a whole one, or a whole one is doubted. Build again; if they still "
    "differ, compare `config.stream_gaps` with `marts.mart_stream_completeness`.",
)

INCOMPLETENESS_COMPARISONS: tuple[Comparison, ...] = (_MARKED,)
