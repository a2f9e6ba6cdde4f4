-- One row per changed field of an entry of an issue's changelog, from Cloud and Data Center alike.
{{ config(materialized='view') }}

select * from {{ ref('stg_jira__changelogs') }}
union all by name
select * from {{ ref('stg_jira__histories') }}
