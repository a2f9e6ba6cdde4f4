{# The columns of facts that a correction may overlay, with types: those of governance/cases/correctable.py. #}
{% macro correctable_columns() -%}
    {{ return({
        'outcome': 'varchar', 'environment': 'varchar', 'is_production': 'boolean', 'finished_at': 'timestamptz',
        'started_at': 'timestamptz', 'resolved_at': 'timestamptz', 'severity': 'varchar', 'issue_type': 'varchar',
    }) }}
{%- endmacro %}

{# A column as it is in truth: the correction's value where there is one, else what the source says. #}
{% macro corrected(name, otherwise) -%}
    case when corrections.has_corrected_{{ name }} then corrections.{{ name }} else {{ otherwise }} end
{%- endmacro %}

{# Joins the corrections of one kind of fact, as `corrections`. #}
{% macro join_corrections(fact, part_id, service_id=none) -%}
    left join (select * from {{ ref('int_fact_corrections') }} where fact = '{{ fact }}') as corrections
        on corrections.fact_part_id = {{ part_id }}
        {%- if service_id %} and corrections.service_id = {{ service_id }}{% endif %}
{%- endmacro %}
