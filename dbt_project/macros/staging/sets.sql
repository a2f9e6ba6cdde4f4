{# Streams whose newest complete set wins: a pull request's commits after a force push, a team's members.
   A set is what one closed fetch window of (source, scope, parent key) returned; the newest window is the set as it
   stands, however its pages came to be known. #}

{# The newest window of every set that has changed since the last build. #}
{% macro newest_windows_of_changed_sets(kind, stream) %}
    select arg_max(page_indexes, window_index) as page_indexes
    from {{ source('raw', 'fetch_windows') }} as windows
    where kind = '{{ kind }}' and stream = '{{ stream }}' and {{ is_in_changed_set('windows', kind, stream) }}
    group by source, scope, parent_key
{%- endmacro %}

{% macro is_in_changed_set(windows, kind, stream) -%}
    (source, scope, coalesce(parent_key, '')) in (
        select (source, scope, coalesce(parent_key, ''))
        from {{ source('raw', 'fetch_windows') }}
        where kind = '{{ kind }}' and stream = '{{ stream }}' and is_new and coalesce(is_changed, true)
    )
{%- endmacro %}

{# The pages of these windows, each with its place in the set. #}
{% macro pages_of_changed_sets(kind, stream) %}
    select pages.source, pages.scope, pages.parent_key, pages.log_index, pages.body, used.page_position
    from {{ source('raw', kind ~ '__' ~ stream ~ '__new') }} as pages
    inner join (
        select log_index, min(page_position) as page_position
        from (
            select unnest(page_indexes) as log_index, generate_subscripts(page_indexes, 1) as page_position
            from ({{ newest_windows_of_changed_sets(kind, stream) }})
        )
        group by log_index
    ) as used using (log_index)
{%- endmacro %}

{# Every page that any window of the changed sets has ever used: what staging holds of these sets goes. #}
{% macro pages_ever_in_changed_sets(kind, stream) %}
    select distinct unnest(page_indexes) as log_index
    from {{ source('raw', 'fetch_windows') }} as windows
    where kind = '{{ kind }}' and stream = '{{ stream }}' and {{ is_in_changed_set('windows', kind, stream) }}
{%- endmacro %}

{# Every record of the sets that have changed, as `records_in` gives them, with `page_position` beside. #}
{% macro records_of_changed_sets(kind, stream, structure, wrapped_in=none) -%}
    {{ records_in('(' ~ pages_of_changed_sets(kind, stream) ~ ')', structure, wrapped_in, ['page_position']) }}
{%- endmacro %}

{# Items move between pages while they are fetched: the first place that a key has in its set counts. #}
{% macro once_in_its_set(set, key) -%}
    qualify row_number() over (
        partition by source, {{ set }}, {{ each_key(key) }}
        order by page_position, ordinal
    ) = 1
{%- endmacro %}
