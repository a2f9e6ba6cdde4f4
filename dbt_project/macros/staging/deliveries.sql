{# What tools that build and roll out tell of repositories. #}

{# A repository's address without what differs between ways of reaching the same one: scheme, user, password, port and
   ending. `git@host:acme/shop.git` and `https://token@host/acme/shop` are both `host/acme/shop`. #}
{% macro git_remote(url) -%}
    lower(regexp_replace(regexp_replace(regexp_replace({{ url }},
                '^([A-Za-z+]+://)?([^/]*@)?', ''), '^([^/:]+):(\d+/|/)?', '\1/'), '(\.git)?/*$', ''))
{%- endmacro %}

{# A full hash, which chart versions, tags and revisions of other systems are not. #}
{% macro full_sha(revision) -%}
    case when regexp_full_match({{ revision }}, '[0-9a-f]{40}') then {{ revision }} end
{%- endmacro %}

{# The value that a list holds, once or several times; null where it holds more than one. #}
{% macro only_value(list) -%}
    case when len(list_distinct({{ list }})) = 1 then ({{ list }})[1] end
{%- endmacro %}

{# What Argo CD rolled out, of one source or of several alike: revisions, their repositories and charts. #}
{% macro rolled_out_columns(rolled_out) -%}
    case when len({{ rolled_out }}.revisions) > 0 then {{ rolled_out }}.revisions
            else list_filter([{{ rolled_out }}.revision], lambda revision: revision <> '') end as revisions,
        list_transform(
            {{ argo_sources(rolled_out) }}, lambda each: {{ git_remote('each.repoURL') }}
        ) as repositories,
        list_filter(
            list_transform({{ argo_sources(rolled_out) }}, lambda each: each.chart), lambda chart: chart <> ''
        ) as charts,
{%- endmacro %}

{% macro argo_sources(rolled_out) -%}
    case when len({{ rolled_out }}.sources) > 0 then {{ rolled_out }}.sources
                else list_filter([{{ rolled_out }}.source], lambda each: each.repoURL is not null) end
{%- endmacro %}

{# The commit among the revisions, the others being versions of charts; null where there are several. #}
{% macro commit_of_revisions() -%}
    {{ only_value("list_filter(revisions, lambda revision: regexp_full_match(revision, '[0-9a-f]{40}'))") }}
{%- endmacro %}
