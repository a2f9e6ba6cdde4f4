{# Where a run, a job or a deployment stands, in one vocabulary: queued, running, success, failure, cancelled, skipped,
   blocked (waits for somebody), and unknown for words that no vendor documents. Words are compared in lower case.

   github      workflow runs, jobs and deployments: docs.github.com, REST, "Workflow runs", "Deployment statuses"
   gitlab      pipelines, jobs and deployments: docs.gitlab.com, "Pipelines API", "Jobs API", "Deployments API"
   circleci    workflows, jobs and pipelines' states: circleci.com/docs/api/v2
   jenkins     results of builds (`hudson.model.Result`) and of stages (pipeline-rest-api-plugin, `StatusExt`)
   argocd      phases of an operation: argo-cd, `OperationPhase`
   reported    what endpoints take and what files usually say #}
{% macro status_words() %}
    {% do return({
        'github': {
            'queued': ['queued', 'requested', 'pending'],
            'running': ['in_progress'],
            'success': ['success'],
            'failure': ['failure', 'timed_out', 'startup_failure', 'error'],
            'cancelled': ['cancelled', 'stale', 'inactive'],
            'skipped': ['skipped', 'neutral'],
            'blocked': ['action_required', 'waiting'],
        },
        'gitlab': {
            'queued': [
                'created', 'waiting_for_resource', 'waiting_for_callback', 'preparing', 'pending', 'scheduled',
            ],
            'running': ['running', 'canceling'],
            'success': ['success'],
            'failure': ['failed'],
            'cancelled': ['canceled'],
            'skipped': ['skipped'],
            'blocked': ['manual', 'blocked'],
        },
        'circleci': {
            'queued': ['queued', 'not_running', 'pending', 'setup', 'setup-pending'],
            'running': ['running', 'failing'],
            'success': ['success'],
            'failure': ['failed', 'error', 'errored', 'infrastructure_fail', 'timedout', 'unauthorized'],
            'cancelled': ['canceled', 'retried', 'terminated-unknown'],
            'skipped': ['not_run', 'created'],
            'blocked': ['on_hold', 'blocked'],
        },
        'jenkins': {
            'queued': [],
            'running': ['in_progress'],
            'success': ['success'],
            'failure': ['failure', 'failed', 'unstable'],
            'cancelled': ['aborted'],
            'skipped': ['not_built', 'not_executed'],
            'blocked': ['paused_pending_input'],
        },
        'argocd': {
            'queued': [],
            'running': ['running', 'terminating'],
            'success': ['succeeded'],
            'failure': ['failed', 'error'],
            'cancelled': [],
            'skipped': [],
            'blocked': [],
        },
        'reported': {
            'queued': ['queued', 'pending', 'scheduled'],
            'running': ['running', 'in_progress', 'started'],
            'success': ['success', 'succeeded', 'successful', 'ok', 'passed', 'completed', 'done'],
            'failure': ['failure', 'failed', 'error'],
            'cancelled': ['cancelled', 'canceled', 'aborted'],
            'skipped': ['skipped'],
            'blocked': ['blocked', 'waiting', 'on_hold'],
        },
    }) %}
{% endmacro %}

{# The vendor's word in the vocabulary; a missing word is unknown too. #}
{% macro common_status(vendor, word) -%}
    case
        {%- for status, words in status_words()[vendor].items() if words %}
        when lower({{ word }}) in ('{{ words | join("', '") }}') then '{{ status }}'
        {%- endfor %}
        else 'unknown'
    end
{%- endmacro %}

{# Whether a status is an end. #}
{% macro has_ended(status) -%}
    {{ status }} in ('success', 'failure', 'cancelled', 'skipped')
{%- endmacro %}

{# The name of a run across sources, from the parts that tell it from the others of its source. #}
{% macro run_key(kind, parts) -%}
    '{{ kind }}:' || source || ':run:' || {{ parts }}
{%- endmacro %}

{# A Jenkins job in names that leave the warehouse: its full name may hold a branch, which is free text. #}
{% macro jenkins_job(relation) -%}
    substring(md5({{ relation }}.job_full_name), 1, 12) || '#' || {{ relation }}.build_number
{%- endmacro %}

{# The build of a Jenkins job: its number begins again where a job is made anew, so its start belongs to it. #}
{% macro jenkins_build(relation) -%}
    {{ jenkins_job(relation) }} || '@' || epoch_ms({{ relation }}.started_at)
{%- endmacro %}

{# The synchronisation of an Argo CD application. #}
{% macro argocd_operation() -%}
    application_uid || '@' || epoch_ms(started_at)
{%- endmacro %}

{# The repository of a CircleCI project; none where the slug is made of ids, as of projects of GitHub Apps. #}
{% macro circleci_repository(slug) -%}
    case when not starts_with({{ slug }}, 'circleci/') then regexp_replace({{ slug }}, '^[^/]+/', '') end
{%- endmacro %}

{# A repository as host/owner/name by its full name. #}
{% macro without_host(repository) -%}
    regexp_replace({{ repository }}, '^[^/]+/', '')
{%- endmacro %}

{# The repository of the commit that an application was synchronised to. #}
{% macro argocd_repository() -%}
    {{ without_host('repositories[list_position(revisions, commit_sha)]') }}
{%- endmacro %}

{# The folder that a Jenkins job stands in. #}
{% macro jenkins_folder(job='job_full_name') -%}
    regexp_replace({{ job }}, '/[^/]+$', '')
{%- endmacro %}
