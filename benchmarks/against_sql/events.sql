-- A year of events in the shape of a delivery tool's domain layer, the same in every run; $factor is their number.
-- Numbers are drawn by hashing: a few services have most of the events, and most times are short.
create macro draw(number, what, below) as
    cast(md5_number_lower(what || ':' || number) % cast(below as ubigint) as bigint);
create macro service_of(number, what) as
    draw(number, what, 1000000) * draw(number, what, 1000000) * 20 * $factor // 1000000000000;
create macro mostly_short(number, what, below) as
    draw(number, what, 1000000) * draw(number, what, 1000000) * below // 1000000000000;
create macro instant(seconds) as timestamptz '2025-07-01 00:00:00+00' + to_seconds(seconds);

create table services as
select range as service, 'service:' || lpad(cast(range as varchar), 5, '0') as project_name
from range(20 * $factor);

-- one project per service, and one that holds them all
create table profile.int_domain__project_mapping as
select projects.project_name, members."table", members.kind || ':' || services.service as row_id
from services
cross join (
    values ('cicd_scopes', 'jenkins:JenkinsJob:1'), ('repos', 'github:GithubRepo:1'), ('boards', 'jira:JiraBoard:1')
) as members ("table", kind)
cross join lateral (
    select services.project_name union all select 'organisation:all'
) as projects (project_name);

-- every tenth deployment rolls out a second repository's commit a minute later
create table rollouts as
select
    range as deployment,
    service_of(range, 'deploying service') as service,
    draw(range, 'finished', 365 * 86400) as finished,
    120 + draw(range, 'duration', 1200) as seconds,
    case when draw(range, 'environment', 100) < 85 then 'PRODUCTION' else 'STAGING' end as environment,
    case when draw(range, 'result', 100) < 90 then 'SUCCESS' else 'FAILURE' end as result,
    unnest(case when range % 10 = 0 then ['main', 'library'] else ['main'] end) as repository
from range(5000 * $factor);

create table profile.int_domain__cicd_deployment_commits as
with commits as (
    select
        'jenkins:JenkinsBuild:1:' || deployment || ':' || repository as id,
        'jenkins:JenkinsJob:1:' || service as cicd_scope_id,
        'jenkins:JenkinsBuild:1:' || deployment as cicd_deployment_id,
        'github:GithubRepo:1:' || case repository when 'main' then '' else 'library-' end || service as repo_id,
        'https://github.com/acme/' || repository || '-' || service as repo_url,
        sha1(repository || deployment) as commit_sha,
        result,
        environment,
        instant(finished - seconds) as started_date,
        instant(finished + case repository when 'main' then 0 else 60 end) as finished_date
    from rollouts
)
select
    commits.*,
    case when result = 'SUCCESS' then lag(id) over (
        partition by cicd_scope_id, repo_url, environment, result order by finished_date, id
    ) end as prev_success_deployment_commit_id
from commits;

create table profile.int_domain__pull_requests as
with opened as (
    select
        range as number,
        service_of(range, 'changed service') as service,
        draw(range, 'opened', 360 * 86400) as opened
    from range(10000 * $factor)
)
select
    'github:GithubPullRequest:1:' || number as id,
    'github:GithubRepo:1:' || service as base_repo_id,
    'github:GithubAccount:1:' || draw(number, 'author', 60 * $factor) as author_id,
    instant(opened) as created_date,
    case when draw(number, 'merged', 100) < 92 then
        instant(opened + 600 + mostly_short(number, 'open for', 5 * 86400))
    end as merged_date,
    case when merged_date is not null then sha1('merge' || number) else '' end as merge_commit_sha
from opened;

create table profile.int_domain__pull_request_commits as
select
    id as pull_request_id,
    sha1(id || place) as commit_sha,
    created_date + to_seconds(3600 - mostly_short(id || place, 'authored', 3 * 86400)) as commit_authored_date
from (
    select id, created_date, unnest(range(1 + draw(id, 'commits', 4))) as place
    from profile.int_domain__pull_requests
);

create table profile.int_domain__pull_request_comments as
select
    'github:GithubPrComment:1:' || id || ':' || place as id,
    id as pull_request_id,
    'github:GithubAccount:1:' || draw(id || place, 'commenter', 60 * $factor) as account_id,
    created_date + to_seconds(mostly_short(id || place, 'commented', 2 * 86400)) as created_date
from (
    select id, created_date, unnest(range(draw(id, 'comments', 5))) as place
    from profile.int_domain__pull_requests
);

-- a merge is rolled out by the next successful production deployment of its repository
create table profile.int_domain__commits_diffs as
with successes as (
    select commits.repo_id, commits.commit_sha, commits.started_date, previous.commit_sha as old_commit_sha
    from profile.int_domain__cicd_deployment_commits as commits
    inner join profile.int_domain__cicd_deployment_commits as previous
        on previous.id = commits.prev_success_deployment_commit_id
    where commits.environment = 'PRODUCTION'
),
rolled_out as (
    select
        pull_requests.id,
        pull_requests.merge_commit_sha,
        successes.commit_sha as new_commit_sha,
        successes.old_commit_sha
    from profile.int_domain__pull_requests as pull_requests
    asof join successes
        on successes.repo_id = pull_requests.base_repo_id
        and successes.started_date >= pull_requests.merged_date
)
select new_commit_sha, old_commit_sha, merge_commit_sha as commit_sha from rolled_out
union
select new_commit_sha, old_commit_sha, new_commit_sha from rolled_out
union
select rolled_out.new_commit_sha, rolled_out.old_commit_sha, own.commit_sha
from rolled_out
inner join profile.int_domain__pull_request_commits as own on own.pull_request_id = rolled_out.id;

create table profile.int_domain__incidents as
select
    'jira:JiraIssue:1:' || range as id,
    'boards' as "table",
    'jira:JiraBoard:1:' || service_of(range, 'ailing service') as scope_id,
    instant(draw(range, 'began', 365 * 86400)) as created_date,
    case when draw(range, 'resolved', 100) < 90 then
        created_date + to_seconds(600 + mostly_short(range, 'lasted', 3 * 86400))
    end as resolution_date
from range(500 * $factor);

-- the periods that values are published for
create table profile.int_domain__ranges as
select
    grain || ':' || strftime(starts_on, '%Y-%m-%d') as range_id,
    timezone('UTC', cast(starts_on as timestamp)) as from_at,
    timezone('UTC', cast(starts_on + step as timestamp)) as until_at,
    'UTC' as time_zone
from (
    select 'week' as grain, unnest(range(date '2025-06-30', date '2026-06-29', interval 7 day)) as starts_on, interval 7 day as step
    union all
    select 'month', unnest(range(date '2025-07-01', date '2026-07-01', interval 1 month)), interval 1 month
    union all
    select 'quarter', unnest(range(date '2025-07-01', date '2026-07-01', interval 3 month)), interval 3 month
);

drop table rollouts;
drop table services;
