{#- The team that a work item belonged to at an instant: the owner of its service, else the team that its project or
    component was given to. Joins `owners` and `item_teams`; `items` has service_id, project_key and component_key. -#}
{% macro join_item_owners(items, instant) -%}
{{ join_owners(items ~ '.service_id', instant) }}
left join {{ ref('int_work_item_teams') }} as item_teams
    on item_teams.project_key = {{ items }}.project_key
    and item_teams.component_key = {{ items }}.component_key
    and item_teams.valid_from <= {{ instant }}
    and item_teams.valid_until > {{ instant }}
{%- endmacro %}

{% macro item_team_id() -%} coalesce(owners.team_id, item_teams.team_id) {%- endmacro %}
{% macro item_team_path() -%} coalesce(owners.team_path, item_teams.team_path, []) {%- endmacro %}

{#- The calendar of the team that `team_id` names at an instant; joins `calendars`. -#}
{% macro join_team_calendar(team_id, instant) -%}
left join {{ ref('int_business_team_calendars') }} as calendars
    on calendars.team_id = {{ team_id }}
    and calendars.valid_from <= {{ instant }}
    and calendars.valid_until > {{ instant }}
{%- endmacro %}

{#- The sum of a column of whole numbers: in DECIMAL, so that the order in which threads add does not matter. -#}
{% macro whole_sum(column) -%}
cast(sum(cast({{ column }} as decimal(28, 0))) as bigint)
{%- endmacro %}
