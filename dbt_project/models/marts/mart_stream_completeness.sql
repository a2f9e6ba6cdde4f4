-- Grain: one row per source, stream and place that was read of it; a view, since windows close without a build.
-- Lists that belong to a record of another stream are left out: they are read where that record has changed.
{{ config(materialized='view') }}
with readings as (
    select
        windows.source,
        windows.kind,
        windows.stream,
        windows.scope,
        coalesce(windows.requested_from, {{ beginning_of_time() }}) as read_from,
        least(coalesce(windows.requested_until, windows.started_at), windows.started_at) as read_until,
        windows.requested_until is not null as is_windowed
    from {{ source('raw', 'fetch_windows') }} as windows
    where windows.parent_key is null or windows.requested_until is not null
),

chained as (
    select
        *,
        max(read_until) over (
            partition by source, kind, stream, scope
            order by read_from, read_until
            rows between unbounded preceding and 1 preceding
        ) as read_before
    from readings
),

counted as (
    select
        source,
        kind,
        stream,
        scope,
        count(*) as window_count,
        {{ exact_sum('len(page_indexes)') }} as page_count,
        {{ exact_sum('record_count') }} as record_count,
        {{ exact_sum('claimed_total') }} as claimed_count
    from {{ source('raw', 'fetch_windows') }}
    group by source, kind, stream, scope
),

places as (
    select
        source,
        kind,
        stream,
        scope,
        bool_or(is_windowed) as is_windowed,
        min(read_from) as read_from,
        max(read_until) as read_until,
        coalesce(
            list({'gap_from': read_before, 'gap_until': read_from} order by read_from)
                filter (where read_from > read_before),
            []
        ) as holes
    from chained
    group by source, kind, stream, scope
),

gaps as (
    select
        places.*,
        counted.window_count,
        counted.page_count,
        counted.record_count,
        counted.claimed_count,
        list_filter(
            list_concat(
                [{'gap_from': reporting.coverage_from, 'gap_until': places.read_from}],
                places.holes,
                [{'gap_from': places.read_until, 'gap_until': reporting.coverage_until}]
            ),
            lambda gap: greatest(gap.gap_from, reporting.coverage_from) < least(gap.gap_until, reporting.coverage_until)
        ) as gaps,
        reporting.coverage_from,
        reporting.coverage_until
    from places
    inner join counted using (source, kind, stream, scope)
    cross join {{ ref('int_reporting') }} as reporting
)

select
    source,
    kind,
    stream,
    scope,
    is_windowed,
    window_count,
    page_count,
    record_count,
    claimed_count,
    nullif(read_from, {{ beginning_of_time() }}) as read_from,
    read_until,
    coverage_from,
    coverage_until,
    len(gaps) as gap_count,
    gaps,
    len(gaps) = 0 as is_complete
from gaps
order by source, stream, scope
