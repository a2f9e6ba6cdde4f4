{#- Cells over a gap. Of a gap in what was read nothing is known, so every value of a period that it touches may be too
    small, too large or missing, and says `incomplete`. Gaps are whole days of the reporting time zone here, as periods
    are. -#}

{# Facts and the streams that they are made of: pairs of a fact's relation and `kind__stream`. #}
{% macro fact_streams() %}
    {% set found = [] %}
    {% if execute %}
        {% for relation in graph.semantic_models.values() | map(attribute='node_relation') | map(attribute='alias') | unique | sort %}
            {% for model in graph.nodes.values() if model.resource_type == 'model' and model.name == relation %}
                {% set reached = {} %}
                {% do walk_up(model.unique_id, reached) %}
                {% for stream in reached | sort if reached[stream] %}
                    {% do found.append((model.schema ~ '.' ~ relation, stream)) %}
                {% endfor %}
            {% endfor %}
        {% endfor %}
    {% endif %}
    {{ return(found) }}
{% endmacro %}

{# Collect what a model reads: streams are true, models false. #}
{% macro walk_up(unique_id, reached) %}
    {% for parent in graph.nodes[unique_id].depends_on.nodes %}
        {% if parent in graph.sources %}
            {% set stream = graph.sources[parent].name %}
            {% if graph.sources[parent].source_name == 'raw' and '__' in stream %}
                {% do reached.update({stream | replace('__new', ''): true}) %}
            {% endif %}
        {% elif parent in graph.nodes and parent not in reached and not only_places(graph.nodes[parent].name) %}
            {% do reached.update({parent: false}) %}
            {% do walk_up(parent, reached) %}
        {% endif %}
    {% endfor %}
{% endmacro %}

{# Models that say whose a fact is and what it is called, not that it happened: they hold at any time what stands last. #}
{% macro only_places(model) %}
    {{ return(modules.re.match(
        'dim_|int_(services$|people$|person_|service_owner|service_names|team_|repository_|reporting|business_team)', model
    ) is not none) }}
{% endmacro %}

{# The gaps of these facts that concern a row's scope, as `gaps_of_scope`, and those that concern all, as the one row
   `gaps_of_all`. #}
{% macro join_gaps(relation, facts) -%}
{%- set gaps -%}
    flatten(list(gaps order by fact_relation)) as gaps
    from {{ ref('int_metric_gaps') }}
    where fact_relation in ('{{ facts | join("', '") }}')
{%- endset -%}
left join (
    select scope_kind, scope_id, {{ gaps }}
    group by scope_kind, scope_id
) as gaps_of_scope
    on gaps_of_scope.scope_kind = {{ relation }}.scope_kind and gaps_of_scope.scope_id = {{ relation }}.scope_id
cross join (
    select {{ gaps }} and scope_kind = ''
) as gaps_of_all
{%- endmacro %}

{# Whether a period of whole days meets one of the joined gaps. #}
{% macro is_over_gap(period_start, period_end) -%}
(
    coalesce(gaps_of_scope.gaps, gaps_of_all.gaps) is not null
    and len(list_filter(
        list_concat(coalesce(gaps_of_scope.gaps, []), coalesce(gaps_of_all.gaps, [])),
        lambda gap: gap.first_date < {{ period_end }} and gap.last_date >= {{ period_start }}
    )) > 0
)
{%- endmacro %}
