{# What every source can tell of an incident, in the order of a union's columns, with types. #}
{% macro incident_columns() -%}
    {{ return({
        'incident_id': 'varchar', 'source_kind': 'varchar', 'source_rank': 'integer', 'source': 'varchar',
        'reference': 'varchar', 'names': 'varchar[]', 'repository': 'varchar', 'number': 'bigint',
        'service_ids': 'varchar[]', 'service_names': 'varchar[]', 'severity_text': 'varchar',
        'is_severity_configured': 'boolean', 'impact_started_at': 'timestamptz', 'declared_at': 'timestamptz',
        'acknowledged_at': 'timestamptz', 'mitigated_at': 'timestamptz', 'resolved_at': 'timestamptz',
        'referenced_deployment_ids': 'varchar[]', 'mentioned_shas': 'varchar[]', 'mentioned_issues': 'varchar[]',
        'referenced_tags': 'varchar[]', 'mentioned_keys': 'varchar[]', 'record_ids': 'bigint[]',
        'cause_record_ids': 'bigint[]',
    }) }}
{%- endmacro %}

{# Every column, by what one source gives for it; what it does not tell is empty. Record ids default to the record. #}
{% macro incident_telling(given) -%}
    {%- for name, type in incident_columns().items() %}
    {%- set expression = given.get(name, '[record_id]' if type == 'bigint[]' else 'null') %}
    cast({{ expression }} as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
