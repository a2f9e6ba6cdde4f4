{# The record ids among some columns, without the empty ones, in order. #}
{% macro ordered_ids(columns) -%}
list_sort(list_distinct(list_filter([{{ columns | join(', ') }}], lambda record_id: record_id is not null)))
{%- endmacro %}

{# The name of a pull request across sources. #}
{% macro pull_request_key(relation) -%}
'github:' || {{ relation }}.source || ':pull_request:' || {{ relation }}.pull_request_id
{%- endmacro %}

{# owner/repository#number by the name under which the repository's records are kept; after `join_kept_names`. #}
{% macro by_kept_name(reference) -%}
coalesce(kept_names.repository || '#' || split_part({{ reference }}, '#', 2), {{ reference }})
{%- endmacro %}

{# The other names of repositories, for a reference such as owner/repository#number. #}
{% macro join_kept_names(reference) -%}
left join {{ ref('int_repository_names') }} as kept_names on kept_names.name = split_part({{ reference }}, '#', 1)
{%- endmacro %}

{# Whether a review is by another than the author. Of two deleted accounts nobody knows whether they were one person's,
   but nobody can approve or refuse what is their own. #}
{% macro is_of_another(reviews, pull_requests) -%}
(
            {{ reviews }}.reviewer_token is distinct from {{ pull_requests }}.author_token
            or ({{ reviews }}.reviewer_token is null and upper({{ reviews }}.state) in ('APPROVED', 'CHANGES_REQUESTED'))
        )
{%- endmacro %}
