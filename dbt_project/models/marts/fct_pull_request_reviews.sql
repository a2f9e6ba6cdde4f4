-- Grain: one row per pull request and service that it touches (without service where there is none): how it was reviewed.
with pull_requests as (
    select
        services.pull_request_id,
        services.service_id,
        pull_requests.repository,
        pull_requests.number,
        pull_requests.merged_at is not null as is_merged,
        pull_requests.author_token,
        coalesce(pull_requests.is_author_bot, false) as is_bot,
        pull_requests.created_at,
        pull_requests.merged_at,
        reviews.* exclude (pull_request_id),
        -- it belongs to whom it belonged to when it was merged
        coalesce(pull_requests.merged_at, pull_requests.created_at) as owned_at
    from {{ ref('int_pull_request_services') }} as services
    inner join {{ ref('stg_github__pull_requests') }} as pull_requests
        on {{ pull_request_key('pull_requests') }} = services.pull_request_id
    inner join {{ ref('int_pull_request_reviews') }} as reviews
        on reviews.pull_request_id = services.pull_request_id
)

select
    pull_requests.pull_request_id || coalesce(':' || pull_requests.service_id, '') as pull_request_service_id,
    pull_requests.pull_request_id,
    pull_requests.service_id,
    owners.team_id,
    coalesce(owners.team_path, []) as team_path,
    reporting.organisation,
    pull_requests.repository,
    pull_requests.number,
    pull_requests.author_token,
    pull_requests.is_bot,
    pull_requests.is_merged,
    pull_requests.review_count > 0 as is_reviewed,
    pull_requests.is_approved,
    pull_requests.is_linked,
    pull_requests.created_at,
    pull_requests.first_review_at,
    pull_requests.merged_at,
    {{ reporting_date('pull_requests.merged_at') }} as merged_date,
    pull_requests.review_count,
    pull_requests.review_round_count,
    case
        when pull_requests.first_review_at >= pull_requests.created_at
            then {{ seconds_between('pull_requests.created_at', 'pull_requests.first_review_at') }}
    end as first_review_seconds,
    case
        when pull_requests.first_review_at >= pull_requests.created_at
            then {{ working_position('ending', 'pull_requests.first_review_at') }}
                - {{ working_position('beginning', 'pull_requests.created_at') }}
    end as first_review_business_seconds,
    coalesce(pull_requests.first_review_at < pull_requests.created_at, false) as has_time_fault,
    pull_requests.added_line_count,
    pull_requests.deleted_line_count,
    pull_requests.changed_line_count,
    pull_requests.changed_file_count,
    pull_requests.record_ids,
    cast([] as bigint[]) as context_record_ids
from pull_requests
cross join {{ ref('int_reporting') }} as reporting
{{ join_owners('pull_requests.service_id', 'pull_requests.owned_at') }}
{{ join_team_calendar('owners.team_id', 'pull_requests.owned_at') }}
{{ join_working_days('beginning', "coalesce(calendars.calendar_id, 'default')", 'pull_requests.created_at') }}
{{ join_working_days('ending', "coalesce(calendars.calendar_id, 'default')", 'pull_requests.first_review_at') }}
order by pull_request_service_id
