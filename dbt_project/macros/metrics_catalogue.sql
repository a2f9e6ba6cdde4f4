{#- The metrics as the semantic models define them, resolved to SQL over their facts. Everything that needs a metric's
    definition (its values, `dim_metrics`, a trace's inverse query, the documentation) takes it from here. -#}

{% macro metric_catalogue() %}
    {% set catalogue = [] %}
    {% if execute %}
        {% for metric in graph.metrics.values() | sort(attribute='name') %}
            {% do catalogue.append(resolve_metric(metric)) %}
        {% endfor %}
    {% endif %}
    {{ return(catalogue) }}
{% endmacro %}

{% macro resolve_metric(metric) %}
    {% set meta = metric.config.meta %}
    {% set is_ratio = metric.type == 'ratio' %}
    {% set counted = metric_named(metric.type_params.denominator.name) if is_ratio else metric %}
    {% set fact = fact_of_measure(counted.type_params.measure.name) %}
    {% set filters = filter_texts(counted.filter, fact) + (filter_texts(metric.filter, fact) if is_ratio else []) %}
    {% set resolved = {
        'metric': metric.name, 'metric_version': meta.version, 'profile': meta.profile, 'title': metric.label,
        'description': metric.description | trim, 'sentence': meta.sentence, 'tier': meta.tier, 'owner': meta.owner,
        'unit': meta.unit, 'direction': meta.direction, 'comparison': meta.comparison, 'exactness': meta.exactness,
        'minimum_n': meta.minimum_n, 'interval_kind': meta.interval, 'is_maturing': meta.is_maturing,
        'reads_dispositions': meta.reads_dispositions or false,
        'counter_metrics': meta.counter_metrics, 'review_by': meta.review_by, 'retire_on': meta.retire_on,
        'indicator': meta.indicator, 'work_stage': meta.work_stage, 'objective': meta.objective,
        'audience': meta.audience, 'distortions': meta.distortions,
        'fact_model': fact.model, 'fact_relation': fact.relation, 'fact_key': fact.key,
        'filter_sql': filters | join(' and ') if filters else 'true', 'event_at_column': fact.event_column,
        'service_scope_sql': 'list_contains(' ~ fact.scopes.service ~ ', $scope_id)'
            if fact.scopes.service.endswith('_ids') else fact.scopes.service ~ ' = $scope_id',
        'team_scope_sql': 'list_contains(' ~ fact.scopes.team ~ ', $scope_id)',
        'organisation_scope_sql': fact.scopes.organisation ~ ' = $scope_id',
        'person_scope_sql': person_scope(fact.own), 'scopes': fact.scopes,
    } %}
    {% if is_ratio %}
        {% set narrowed = filter_texts(metric.type_params.numerator.filter, fact) | join(' and ') %}
        {% do resolved.update(ratio_formulas(narrowed, fact.measure)) %}
    {% else %}
        {% do resolved.update(measure_formulas(fact.measure)) %}
    {% endif %}
    {{ return(resolved) }}
{% endmacro %}

{# Whether a fact is a person's own, by the account that its token names and whose that account was then: the semantic
   model's `own_facts`. None where facts are nobody's: what came of incidents never enters a person's number. It is no
   scope of the marts: such a number is formed when the person asks for it, and published nowhere. #}
{% macro person_scope(own) %}
    {% if not own %}
        {{ return(none) }}
    {% endif %}
    {{ return(
        'exists (select 1 from intermediate.int_people as people where people.account_token = ' ~ own.account
        ~ ' and people.person_token = $scope_id and people.valid_from <= ' ~ own.at
        ~ ' and people.valid_until > ' ~ own.at ~ ')'
    ) }}
{% endmacro %}

{% macro metric_named(name) %}
    {% for metric in graph.metrics.values() if metric.name == name %}
        {{ return(metric) }}
    {% endfor %}
    {{ exceptions.raise_compiler_error("No metric is named " ~ name) }}
{% endmacro %}

{# The fact behind a measure: relation, key, the day that counts, scope columns, and its dimensions' expressions. #}
{% macro fact_of_measure(measure_name) %}
    {% for model in graph.semantic_models.values() %}
        {% for measure in model.measures if measure.name == measure_name %}
            {% set primary = model.entities | selectattr('type', 'equalto', 'primary') | first %}
            {% set expressions = {} %}
            {% for dimension in model.dimensions %}
                {% do expressions.update({primary.name ~ '__' ~ dimension.name: dimension.expr or dimension.name}) %}
            {% endfor %}
            {% set event = measure.agg_time_dimension or model.defaults.agg_time_dimension %}
            {{ return({
                'model': model.node_relation.alias, 'measure': measure,
                'relation': model.node_relation.schema_name ~ '.' ~ model.node_relation.alias,
                'key': primary.expr or primary.name, 'expressions': expressions,
                'event_column': expressions[primary.name ~ '__' ~ event],
                'scopes': model.config.meta.scope_columns, 'own': model.config.meta.own_facts,
            }) }}
        {% endfor %}
    {% endfor %}
    {{ exceptions.raise_compiler_error("No semantic model has the measure " ~ measure_name) }}
{% endmacro %}

{# A metric's filters with `{{ Dimension('entity__name') }}` replaced by the dimension's expression. #}
{% macro filter_texts(filter, fact) %}
    {% set texts = [] %}
    {% for where in (filter.where_filters if filter else []) %}
        {% set pieces = [] %}
        {% for piece in modules.re.split("\\{\\{\\s*Dimension\\('(\\w+)'\\)\\s*\\}\\}", where.where_sql_template) %}
            {% do pieces.append(fact.expressions[piece] if loop.index0 % 2 else piece) %}
        {% endfor %}
        {% do texts.append('(' ~ pieces | join('') ~ ')') %}
    {% endfor %}
    {{ return(texts) }}
{% endmacro %}

{% macro ratio_formulas(narrowed, measure) %}
    {% set numerator = 'count(' ~ measure.expr ~ ') filter (where ' ~ narrowed ~ ')' %}
    {% set denominator = 'count(' ~ measure.expr ~ ')' %}
    {{ return({
        'measure_kind': 'ratio', 'measure_sql': measure.expr, 'percent': none,
        'numerator_sql': numerator, 'denominator_sql': denominator, 'n_sql': denominator,
        'value_sql': one_line(exact_ratio(numerator, denominator)),
    }) }}
{% endmacro %}

{% macro measure_formulas(measure) %}
    {% set percent = percent_of(measure) %}
    {% set counted = 'count(' ~ ('distinct ' if measure.agg == 'count_distinct' else '') ~ measure.expr ~ ')' %}
    {% if measure.agg in ['count', 'count_distinct'] %}
        {% set value = exact_count(measure.expr, measure.agg == 'count_distinct') %}
    {% elif percent %}
        {% set value = exact_quantile(measure.expr, percent) %}
    {% else %}
        {{ exceptions.raise_compiler_error("There is no exact formula for the aggregation " ~ measure.agg) }}
    {% endif %}
    {{ return({
        'measure_kind': {50: 'median', 75: 'p75', 90: 'p90'}.get(percent, measure.agg), 'measure_sql': measure.expr,
        'percent': percent, 'numerator_sql': none if percent else counted, 'denominator_sql': none,
        'n_sql': 'count(' ~ measure.expr ~ ')' if percent else counted, 'value_sql': one_line(value),
    }) }}
{% endmacro %}

{# The quantile of a measure in percent; none for a count. #}
{% macro percent_of(measure) %}
    {% if measure.agg == 'median' %}
        {{ return(50) }}
    {% elif measure.agg == 'percentile' %}
        {{ return((measure.agg_params.percentile * 100) | round | int) }}
    {% endif %}
    {{ return(none) }}
{% endmacro %}

{% macro one_line(text) %}
    {{ return(modules.re.sub('\\s+', ' ', text) | trim) }}
{% endmacro %}

{# A value as an SQL literal. #}
{% macro sql_text(value) %}
    {{ return("null" if value is none else "'" ~ (value | string | replace("'", "''")) ~ "'") }}
{% endmacro %}
