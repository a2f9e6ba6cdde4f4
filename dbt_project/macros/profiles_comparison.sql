{#- The comparison of profiles, from the data that each states under `config.meta.profile` of its values. -#}

{% macro profile_catalogue() %}
    {% set catalogue = [] %}
    {% if execute %}
        {% for node in graph.nodes.values() | sort(attribute='name') if node.resource_type == 'model' %}
            {% set profile = (node.config.meta or {}).get('profile') %}
            {% if profile %}
                {% do catalogue.append(profile) %}
            {% endif %}
        {% endfor %}
    {% endif %}
    {{ return(catalogue) }}
{% endmacro %}

{# A reason's sentence as an expression: {a} is a number, {a:deployment} the number with the word in its own number. #}
{% macro profile_sentence(template) -%}
{%- set parts = [] -%}
{%- for part in modules.re.split('([{][ab](?::[^}]*)?[}])', template | trim) if part -%}
    {%- if part[0] == '{' and ':' in part -%}
        {%- set word = part[3:-1] -%}
        {%- do parts.append(
            part[1] ~ " || case when " ~ part[1] ~ " = 1 then " ~ sql_text(' ' ~ word) ~ " else " ~ sql_text(' ' ~ word ~ 's') ~ " end"
        ) -%}
    {%- elif part[0] == '{' -%}
        {%- do parts.append(part[1]) -%}
    {%- else -%}
        {%- do parts.append(sql_text(part)) -%}
    {%- endif -%}
{%- endfor -%}
{{ parts | join(' || ') }}
{%- endmacro %}
