{# Fails for every key that stands in more than one row, and for every row whose key is incomplete. #}
{% test unique_together(model, columns) %}
    select {{ columns | join(', ') }}, count(*) as row_count
    from {{ model }}
    group by all
    having count(*) > 1 {%- for column in columns %} or {{ column }} is null {%- endfor %}
{% endtest %}

{# Fails for every key that stands in more than one row; parts of it may be empty, which is a value like any other. #}
{% test unique_by(model, columns) %}
    select {{ columns | join(', ') }}, count(*) as row_count from {{ model }} group by all having count(*) > 1
{% endtest %}

{# Fails for every row that meets the condition. #}
{% test no_rows_where(model, condition) %}
    select * from {{ model }} where {{ condition }}
{% endtest %}
