{# When a present state was seen: sources that only say what is so now become dated by the readings that showed it.
   A reading is a closed window over a whole set (a team's members); it stands for the instant at which it was complete.
   What a reading shows holds from then until the first reading that no longer shows it. Nothing is claimed for the time
   before the first one. Readings that found nothing new change nothing and are passed over. #}

{# The readings of a stream's sets, numbered in each set. #}
{% macro readings_of_sets(kind, stream) -%}
    -- depends_on: {{ source('raw', kind ~ '__' ~ stream ~ '__new') }}
    select
        source, scope, coalesce(parent_key, '') as parent_key, closed_at as read_at, page_indexes,
        row_number() over (partition by source, scope, coalesce(parent_key, '') order by window_index) as reading
    from {{ source('raw', 'fetch_windows') }}
    where kind = '{{ kind }}' and stream = '{{ stream }}' and coalesce(is_changed, true)
{%- endmacro %}

{# Every record of every reading; each page is parsed once. Expects `readings` in scope. #}
{% macro records_of_every_reading(kind, stream, structure, wrapped_in=none) -%}
    select
        found.source, found.scope, coalesce(found.parent_key, '') as parent_key, found.record_id, found.record,
        used.reading, used.page_position, found.ordinal
    from ({{ records_in(source('raw', kind ~ '__' ~ stream), structure, wrapped_in) }}) as found
    inner join (
        select source, scope, parent_key, reading, log_index, min(page_position) as page_position
        from (
            select
                source, scope, parent_key, reading,
                unnest(page_indexes) as log_index, generate_subscripts(page_indexes, 1) as page_position
            from readings
        )
        group by source, scope, parent_key, reading, log_index
    ) as used
        on used.log_index = found.log_index
        and used.source = found.source
        and used.scope = found.scope
        and used.parent_key = coalesce(found.parent_key, '')
    where found.record is not null
{%- endmacro %}

{# Items move between pages while they are fetched: the first place that a key has in a reading counts. #}
{% macro once_in_its_reading(key) -%}
    qualify row_number() over (
        partition by source, scope, parent_key, reading, {{ key | join(', ') }} order by page_position, ordinal
    ) = 1
{%- endmacro %}

{# The unbroken times in which readings showed the same values of these columns. `stated` has a row for every reading
   that showed them, with `source`, `scope`, `parent_key`, `reading` and `record_id`. #}
{% macro sighted(columns) -%}
    select
        runs.*,
        began.read_at as first_seen_at,
        ended.read_at as gone_at,
        runs.first_reading = 1 as was_there_from_the_first_reading
    from (
        select
            source, scope, parent_key, {{ columns | join(', ') }},
            min(record_id) as record_id, min(reading) as first_reading, max(reading) as last_reading
        from (
            select
                *,
                reading - dense_rank() over (
                    partition by source, scope, parent_key, {{ columns | join(', ') }} order by reading
                ) as island
            from stated
        )
        group by source, scope, parent_key, {{ columns | join(', ') }}, island
    ) as runs
    inner join readings as began
        on began.source = runs.source and began.scope = runs.scope and began.parent_key = runs.parent_key
        and began.reading = runs.first_reading
    left join readings as ended
        on ended.source = runs.source and ended.scope = runs.scope and ended.parent_key = runs.parent_key
        and ended.reading = runs.last_reading + 1
{%- endmacro %}

{# The last columns of every model of sightings. #}
{% macro sighting_columns() -%}
    first_seen_at, gone_at, was_there_from_the_first_reading,
    record_id, null::timestamptz as source_updated_at, 0 as cast_loss_count
{%- endmacro %}
