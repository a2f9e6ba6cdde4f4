{# The team that owned a service at an instant, with its ancestors: joins `owners`. DEFINITIONS §2.14. #}
{% macro join_owners(service_id, instant) -%}
left join {{ ref('int_service_owners_dated') }} as owners
    on owners.service_id = {{ service_id }}
    and owners.valid_from <= {{ instant }}
    and owners.valid_until > {{ instant }}
{%- endmacro %}

{# The day of an instant in the reporting time zone; expects `reporting` in scope. DEFINITIONS §2.15. #}
{% macro reporting_date(instant) -%}
cast(({{ instant }} at time zone reporting.time_zone) as date)
{%- endmacro %}

{# Whole seconds from one instant to another. #}
{% macro seconds_between(start, finish) -%}
date_sub('second', {{ start }}, {{ finish }})
{%- endmacro %}

{# The ends of time, where a span is open. #}
{% macro beginning_of_time() -%} timestamptz '0001-01-01 00:00:00+00' {%- endmacro %}
{% macro end_of_time() -%} timestamptz '9999-12-31 00:00:00+00' {%- endmacro %}

{# Since when a sighted statement holds: since its first sighting, or since ever where the settings reach back.
   Expects `sources` (config.ownership_sources) in scope. #}
{% macro sighted_from(sighting) -%}
case when sources.reaches_back and {{ sighting }}.was_there_from_the_first_reading
            then {{ beginning_of_time() }} else {{ sighting }}.first_seen_at end
{%- endmacro %}

{% macro sighted_until(sighting) -%} coalesce({{ sighting }}.gone_at, {{ end_of_time() }}) {%- endmacro %}

{# The instant at which a day of the reporting time zone begins; expects `reporting` in scope. #}
{% macro day_begins(day) -%}
(cast({{ day }} as timestamp) at time zone reporting.time_zone)
{%- endmacro %}

{# The noon of a day in the reporting time zone, which no change of clocks skips; expects `reporting` in scope. #}
{% macro noon_of(day) -%}
((cast({{ day }} as timestamp) + interval 12 hours) at time zone reporting.time_zone)
{%- endmacro %}

{# The last part of a name: of group:default/payments, acme/payments and payments it is payments. #}
{% macro last_part(name) -%} regexp_extract({{ name }}, '([^/:]*)$', 1) {%- endmacro %}

{# Which team of ours a name of theirs means: by its full name, else by its last part, as the settings say; else that
   part itself, in lower case with dashes. `stated` has `source_kind` and `team_name`. #}
{% macro join_team_names(stated) -%}
left join {{ source('config', 'team_names') }} as full_names
    on full_names.source_kind = {{ stated }}.source_kind
    and full_names.source_name = lower(trim({{ stated }}.team_name))
left join {{ source('config', 'team_names') }} as short_names
    on short_names.source_kind = {{ stated }}.source_kind
    and short_names.source_name = lower(trim({{ last_part(stated ~ '.team_name') }}))
{%- endmacro %}

{% macro named_team(stated) -%}
coalesce(full_names.team_id, short_names.team_id, {{ team_slug(last_part(stated ~ '.team_name')) }})
{%- endmacro %}

{% macro team_slug(name) -%}
nullif(trim(regexp_replace(lower(trim({{ name }})), '[^a-z0-9._-]+', '-', 'g'), '-'), '')
{%- endmacro %}

{# The spans between all beginnings and ends of statements about a subject, without what follows the last. #}
{% macro spans_between(statements, subject) -%}
select
        {{ subject }},
        boundary_at as valid_from,
        lead(boundary_at) over (partition by {{ subject }} order by boundary_at) as valid_until
    from (
        select {{ subject }}, valid_from as boundary_at from {{ statements }}
        union
        select {{ subject }}, valid_until as boundary_at from {{ statements }}
    )
    qualify lead(boundary_at) over (partition by {{ subject }} order by boundary_at) is not null
{%- endmacro %}

{# Spans that follow one another with the same values become one. #}
{% macro merged_spans(relation, subject, values) -%}
select {{ subject }}, {{ values | join(', ') }}, min(valid_from) as valid_from, max(valid_until) as valid_until
    from (
        select *, count_if(is_new) over (partition by {{ subject }} order by valid_from) as standing
        from (
            select
                *,
                lag(({{ values | join(', ') }})) over (partition by {{ subject }} order by valid_from)
                    is distinct from ({{ values | join(', ') }})
                or lag(valid_until) over (partition by {{ subject }} order by valid_from)
                    is distinct from valid_from as is_new
            from {{ relation }}
        )
    )
    group by {{ subject }}, {{ values | join(', ') }}, standing
{%- endmacro %}

{#- A pattern of a CODEOWNERS file as a regular expression over paths. A slash before its end ties it to the top; a
    trailing one means everything below; one without wildcard at its end means a file or everything below a folder. -#}
{% macro codeowners_regex(pattern) -%}
case when contains(rtrim({{ pattern }}, '/'), '/') then '^' else '^(?:.*/)?' end
    || replace(replace(replace(replace(
        regexp_escape(ltrim(case when ends_with({{ pattern }}, '/') then {{ pattern }} || '**' else {{ pattern }} end, '/')),
        '\*\*\/', '(?:.*/)?'), '\*\*', '.*'), '\*', '[^/]*'), '\?', '[^/]')
    || case when regexp_matches({{ pattern }}, '[*/]$') and {{ pattern }} <> '*' then '$' else '(?:/.*)?$' end
{%- endmacro %}
