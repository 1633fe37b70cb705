-- What demo-data.sql made for the organisation :org, to the last row; the organisation stays.
\set ON_ERROR_STOP on
begin;
delete from request_details where organisation_id = :'org';
delete from requests where organisation_id = :'org';
delete from rollup_usage where organisation_id = :'org';
delete from rollup_provider_keys where organisation_id = :'org';
delete from span_sets where organisation_id = :'org';
delete from spend_windows where organisation_id = :'org';
delete from labels where organisation_id = :'org';
delete from api_keys where organisation_id = :'org' and owner_id in (select user_id from users where password_hash = '!');
delete from projects j where organisation_id = :'org' and name in ('Support assistant', 'Search', 'Coding tools', 'Evaluation')
    and not exists (select from api_keys k where k.organisation_id = j.organisation_id and k.project_id = j.project_id);
delete from users where email like '%+' || left(:'org', 8) || '@demo.example' and password_hash = '!';
commit;
vacuum requests, request_details, rollup_usage;
