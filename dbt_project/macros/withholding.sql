{#- Numbers of teams below the minimum size are empty in every mart, with the reason beside them (docs/scorecard.md).
    `int_teams_withheld` decides for which teams and periods. -#}

{# The reason beside each row of a relation: `withheld.reason`, empty where its numbers are shown. #}
{% macro join_withheld(relation, period_grain) -%}
left join {{ ref('int_teams_withheld') }} as withheld
    on withheld.scope_kind = {{ relation }}.scope_kind
    and withheld.scope_id = {{ relation }}.scope_id
    and withheld.period_grain = {{ period_grain }}
    and withheld.period_start = {{ relation }}.period_start
{%- endmacro %}

{# A number, where it is not withheld. #}
{% macro unless_withheld(expression) -%}
case when withheld.reason is null then {{ expression }} end
{%- endmacro %}

{# Rows that exist only where something happened would count what is withheld: a team has none of them while it is. #}
{% macro unless_row_withheld(relation) -%}
anti join {{ ref('int_teams_withheld') }} as withheld
    on withheld.scope_kind = {{ relation }}.scope_kind
    and withheld.scope_id = {{ relation }}.scope_id
    and withheld.period_grain = {{ relation }}.period_grain
    and withheld.period_start = {{ relation }}.period_start
{%- endmacro %}

{# Keys of all rows that a team has while it is withheld: with those where something happened, no row tells which. #}
{% macro withheld_rows(columns, period_grains) -%}
select {{ columns | join(', ') }}
from {{ ref('int_teams_withheld') }}
where period_grain in ('{{ period_grains | join("', '") }}')
{%- endmacro %}
