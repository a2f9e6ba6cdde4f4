{# References to other records, taken from text that goes no further. Lists are sorted and distinct.
   A pattern is sought only where the text holds a needle that every match has: most texts do not, and a plain
   search is cheap. #}

{# owner/repository#number of every issue or pull request that the text mentions; '#12' means its own repository. #}
{% macro issue_references(text, repository) -%}
    {%- set has_url = "contains(" ~ text ~ ", '/issues/') or contains(" ~ text ~ ", '/pull/')" -%}
    {%- set urls = matches(text, '[\\w.-]+/[\\w.-]+/(?:issues|pull)/\\d+\\b') -%}
    case when contains({{ text }}, '#') or {{ has_url }} then list_sort(list_distinct(
            {{ qualified(matches(text, '(?:\\b[\\w.-]+/[\\w.-]+|\\B)#\\d+\\b'), repository) }}
            || case
                when {{ has_url }}
                    then list_transform({{ urls }}, lambda found: regexp_replace(found, '/(?:issues|pull)/', '#'))
                else []
            end
        )) else [] end
{%- endmacro %}

{# The issues that the text says it fixes: "Fixes #12", "closes acme/shop#3". #}
{% macro closing_references(text, repository) -%}
    {{ announced_references(text, repository, '(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?):?\\s+') }}
{%- endmacro %}

{# The pull requests that the text says it reverts: "Reverts acme/shop#12". #}
{% macro reverted_pull_request_references(text, repository) -%}
    {{ announced_references(text, repository, 'reverts? (?:pull request )?') }}
{%- endmacro %}

{# References behind an announcing word. #}
{% macro announced_references(text, repository, announcement) -%}
    {%- set announced = '(?i)\\b' ~ announcement ~ '(?:[\\w.-]+/[\\w.-]+)?#\\d+\\b' -%}
    {%- set found -%}
        list_transform({{ matches(text, announced) }}, lambda found: regexp_replace(found, '(?i)^{{ announcement }}', ''))
    {%- endset -%}
    case when contains({{ text }}, '#') then list_sort(list_distinct(
            {{ qualified(found, repository) }}
        )) else [] end
{%- endmacro %}

{# Commit hashes of 7 to 40 hexadecimal digits; a short run of decimal digits is a number, unless behind an `@`. #}
{% macro sha_references(text) -%}
    list_sort(list_distinct(list_transform(
            list_filter(
                {{ matches("coalesce(" ~ text ~ ", '')", '@?\\b[0-9a-f]{7,40}\\b') }},
                lambda found: length(found) >= 40 or not regexp_full_match(found, '\d+')
            ),
            lambda found: ltrim(found, '@')
        )))
{%- endmacro %}

{# "This reverts commit <sha>." #}
{% macro reverted_sha_references(text) -%}
    {{ captured(text, 'everts commit', '(?i)\\breverts commit ([0-9a-f]{7,40})\\b') }}
{%- endmacro %}

{# "(cherry picked from commit <sha>)" #}
{% macro cherry_picked_sha_references(text) -%}
    {{ captured(text, 'cherry picked from commit', 'cherry picked from commit ([0-9a-f]{7,40})\\b') }}
{%- endmacro %}

{# What trackers and pagers call their own: keys such as SHOP-12, pages and numbers of PagerDuty and Datadog. Many texts
   have words of that form (UTF-8); what exists under such a name is found where it is joined. #}
{% macro key_references(text) -%}
    list_sort(list_distinct(
            case when contains({{ text }}, '-') then {{ matches(text, '\\b[A-Z][A-Z0-9_]{1,19}-[1-9]\\d{0,9}\\b') }} else [] end
            || case
                when contains({{ text }}, 'agerduty') or contains({{ text }}, 'agerDuty')
                    then list_transform(
                        {{ matches(text, '(?i)\\bpagerduty\\.(?:com|eu)/incidents/([0-9A-Z]+)\\b', 1) }},
                        lambda found: 'pagerduty:' || found
                    ) || list_transform(
                        {{ matches(text, '(?i)\\bpagerduty(?: incident)? ?#(\\d+)\\b', 1) }},
                        lambda found: 'pagerduty#' || found
                    )
                else []
            end
            || case
                when contains({{ text }}, 'datadoghq.')
                    then list_transform(
                        {{ matches(text, '\\bdatadoghq\\.[a-z]+/incidents/(\\d+)\\b', 1) }},
                        lambda found: 'datadog#' || found
                    )
                else []
            end
        ))
{%- endmacro %}

{# Identifiers of deployments: "deployment 42", "https://…/deployments/42". #}
{% macro deployment_references(text) -%}
    {{ captured(text, 'eployment', '(?i)\\bdeployments?(?:/|\\s+#?)(\\d+)\\b') }}
{%- endmacro %}

{# owner/repository@tag of every release page that the text links to. #}
{% macro tag_references(text) -%}
    case when contains({{ text }}, '/releases/tag/') then list_sort(list_distinct(list_transform(
            {{ matches(text, '[\\w.-]+/[\\w.-]+/releases/tag/[\\w.+/-]*\\w') }},
            lambda found: replace(found, '/releases/tag/', '@')
        ))) else [] end
{%- endmacro %}

{# What an incident names as its cause, of a tool whose texts belong to no repository: deployments, commits, issues
   and pull requests with their repository, release pages. Four columns, without a comma at the end. #}
{% macro cause_references(text) -%}
    {{ deployment_references(text) }} as referenced_deployment_ids,
        {{ sha_references(text) }} as mentioned_shas,
        list_filter(
            {{ issue_references(text, "''") }}, lambda found: not starts_with(found, '#')
        ) as mentioned_issues,
        {{ tag_references(text) }} as referenced_tags
{%- endmacro %}

{% macro matches(text, pattern, group=0) -%}
    regexp_extract_all({{ text }}, '{{ pattern }}', {{ group }})
{%- endmacro %}

{% macro captured(text, needle, pattern) -%}
    case when contains({{ text }}, '{{ needle }}')
            then list_sort(list_distinct({{ matches(text, pattern, 1) }})) else [] end
{%- endmacro %}

{% macro qualified(references, repository) -%}
    list_transform(
                {{ references }},
                lambda found: case when starts_with(found, '#') then {{ repository }} || found else found end
            )
{%- endmacro %}
