{# References to other records, taken from text that goes no further. Lists are sorted and distinct. #}

{# owner/repository#number of every issue or pull request that the text mentions; '#12' means its own repository. #}
{% macro issue_references(text, repository) -%}
    list_sort(list_distinct(
            {{ qualified(matches(text, '#', '(?:\\b[\\w.-]+/[\\w.-]+|\\B)#\\d+\\b'), repository) }}
            || list_transform(
                {{ matches(text, '://', '[\\w.-]+/[\\w.-]+/(?:issues|pull)/\\d+\\b') }},
                lambda found: regexp_replace(found, '/(?:issues|pull)/', '#')
            )
        ))
{%- endmacro %}

{# The issues that the text says it fixes: "Fixes #12", "closes acme/shop#3". #}
{% macro closing_references(text, repository) -%}
    {%- set pattern = '(?i)\\b(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?):?\\s+([\\w.-]+/[\\w.-]+)?(#\\d+)\\b' -%}
    {{ sorted_references(text, '#', pattern, "(?i)^(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?):?\\s+", repository) }}
{%- endmacro %}

{# The pull requests that the text says it reverts: "Reverts acme/shop#12". #}
{% macro reverted_pull_request_references(text, repository) -%}
    {%- set pattern = '(?i)\\breverts? (?:pull request )?(?:[\\w.-]+/[\\w.-]+)?#\\d+\\b' -%}
    {{ sorted_references(text, '#', pattern, "(?i)^reverts? (?:pull request )?", repository) }}
{%- endmacro %}

{% macro sorted_references(text, needle, pattern, prefix, repository) -%}
    {%- set found %}list_transform({{ matches(text, needle, pattern) }}, lambda found: regexp_replace(found, '{{ prefix }}', '')){% endset -%}
    list_sort(list_distinct({{ qualified(found, repository) }}))
{%- endmacro %}

{# Commit hashes of 7 to 40 hexadecimal digits; a short run of decimal digits is a number. #}
{% macro sha_references(text) -%}
    list_sort(list_distinct(list_filter(
            regexp_extract_all(coalesce({{ text }}, ''), '\b[0-9a-f]{7,40}\b'),
            lambda found: length(found) = 40 or not regexp_full_match(found, '\d+')
        )))
{%- endmacro %}

{# "This reverts commit <sha>." #}
{% macro reverted_sha_references(text) -%}
    {{ captured(text, 'reverts commit', '(?i)\\breverts commit ([0-9a-f]{7,40})\\b') }}
{%- endmacro %}

{# "(cherry picked from commit <sha>)" #}
{% macro cherry_picked_sha_references(text) -%}
    {{ captured(text, 'cherry picked from commit', 'cherry picked from commit ([0-9a-f]{7,40})\\b') }}
{%- endmacro %}

{# Identifiers of deployments: "deployment 42", "https://…/deployments/42". #}
{% macro deployment_references(text) -%}
    {{ captured(text, 'eployment', '(?i)\\bdeployments?(?:/|\\s+#?)(\\d+)\\b') }}
{%- endmacro %}

{# owner/repository@tag of every release page that the text links to. #}
{% macro tag_references(text) -%}
    list_sort(list_distinct(list_transform(
            {{ matches(text, '/releases/tag/', '[\\w.-]+/[\\w.-]+/releases/tag/[\\w.+/-]*\\w') }},
            lambda found: replace(found, '/releases/tag/', '@')
        )))
{%- endmacro %}

{# All matches, sought only where the text holds the needle: most texts do not, and a plain search is cheap. #}
{% macro matches(text, needle, pattern, group=0) -%}
    case when contains({{ text }}, '{{ needle }}') then regexp_extract_all({{ text }}, '{{ pattern }}', {{ group }}) else [] end
{%- endmacro %}

{% macro captured(text, needle, pattern) -%}
    list_sort(list_distinct({{ matches(text, needle, pattern, 1) }}))
{%- endmacro %}

{% macro qualified(references, repository) -%}
    list_transform({{ references }}, lambda found: case when starts_with(found, '#') then {{ repository }} || found else found end)
{%- endmacro %}

{# Whether any text of a list matches a pattern. #}
{% macro any_matches(texts, pattern) -%}
    len(list_filter({{ texts }}, lambda found: regexp_matches(found, {{ pattern }}))) > 0
{%- endmacro %}
