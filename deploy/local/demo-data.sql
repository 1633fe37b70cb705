-- A month of made-up traffic for one organisation: request log, details of the newest, rollups and spend,
-- as the gateways' ledger would have written them. psql variables: org, owner (a member's user id), rows,
-- seed. The catalogue must be there. Nothing here is a secret: the API keys it makes open nothing.
--
-- The month: office hours in Europe with a tail from the west, weekends at a third, slow growth, batches
-- at night; and nine days ago an afternoon in which one provider fails and others take its load.
\set ON_ERROR_STOP on
set client_min_messages = warning;
set synchronous_commit = off;
set work_mem = '64MB';
set jit = off;
select set_config('demo.org', :'org', false), set_config('demo.owner', :'owner', false),
       set_config('demo.rows', :'rows', false) \g /dev/null
select setseed(:seed) \g /dev/null

create function pg_temp.org() returns uuid language sql immutable as
    $$ select current_setting('demo.org')::uuid $$;

-- ---------------------------------------------------------------- people, projects, keys

create temp table demo_people (n integer, email text, name text);
insert into demo_people values (1, 'ada', 'Ada Novak'), (2, 'ben', 'Ben Osei'), (3, 'chiara', 'Chiara Rossi'),
    (4, 'dmitri', 'Dmitri Volkov'), (5, 'elif', 'Elif Kaya');
alter table demo_people add id uuid default gen_random_uuid();
-- Nobody signs in as one of them: this is no password's hash.
insert into users (user_id, email, name, password_hash)
    select id, email || '+' || left(:'org', 8) || '@demo.example', name, '!' from demo_people;
insert into members (organisation_id, user_id, role) select pg_temp.org(), id, 'developer' from demo_people;

create temp table demo_projects (n integer, name text, id uuid default gen_random_uuid());
insert into demo_projects values (1, 'Support assistant'), (2, 'Search'), (3, 'Coding tools'), (4, 'Evaluation');
insert into projects (organisation_id, project_id, name) select pg_temp.org(), id, name from demo_projects;

-- rhythm: 1 office hours, 2 all day (customers), 3 nights
create temp table demo_keys (n integer, project integer, person integer, name text, rhythm integer,
                             id uuid default gen_random_uuid());
insert into demo_keys values
    (1, 1, 1, 'support production', 2), (2, 1, 1, 'support staging', 1), (3, 1, 2, 'mail triage', 1),
    (4, 2, 2, 'search production', 2), (5, 2, 3, 'search indexing', 3), (6, 2, 3, 'search staging', 1),
    (7, 3, 4, 'claude code', 1), (8, 3, 4, 'ci review bot', 1), (9, 3, 5, 'codex', 1),
    (10, 4, 5, 'nightly evaluation', 3), (11, 4, 5, 'notebooks', 1);
insert into api_keys (organisation_id, api_key_id, project_id, owner_id, name, hash, last4)
    select pg_temp.org(), k.id, j.id, p.id, k.name, sha256(gen_random_uuid()::text::bytea),
        substr(md5(k.id::text), 1, 4)
    from demo_keys k join demo_projects j on j.n = k.project join demo_people p on p.n = k.person;

-- ---------------------------------------------------------------- who calls what

-- Per row: share, prompt and answer in tokens (medians), share of the prompt that is cached, time to
-- first token and tokens a second.
create temp table demo_mix (key integer, model text, provider text, weight float, input float, output float,
                            cached float, ttft float, speed float);
insert into demo_mix values
    (1, 'gpt-5.4-mini', 'openai', 22, 2600, 260, .55, 340, 120), (1, 'gpt-5.4-mini', 'azure', 5, 2600, 260, .5, 420, 100),
    (1, 'claude-haiku-4-5', 'anthropic', 11, 3100, 300, .6, 480, 140), (1, 'claude-haiku-4-5', 'aws-bedrock', 3, 3100, 300, .4, 610, 110),
    (1, 'claude-sonnet-5', 'anthropic', 4, 5200, 420, .62, 760, 78), (1, 'claude-sonnet-5', 'aws-bedrock', 1.5, 5200, 420, .4, 920, 66),
    (2, 'gpt-5.4-mini', 'openai', 1.2, 2400, 240, .3, 350, 120), (2, 'gemini-3.8-flash', 'google-ai-studio', .8, 2400, 240, .2, 390, 190),
    (3, 'gemini-3.8-flash', 'google-ai-studio', 3, 1800, 120, .2, 380, 190), (3, 'gpt-5-nano', 'openai', 2, 1500, 60, .2, 260, 180),
    (4, 'gemini-3.1-flash-lite', 'google-ai-studio', 24, 900, 90, .3, 240, 240), (4, 'gpt-5-nano', 'openai', 12, 820, 70, .3, 250, 180),
    (4, 'gpt-oss-120b', 'groq', 8, 1000, 110, 0, 160, 430), (4, 'deepseek-v4-flash', 'deepinfra', 4, 1000, 100, .2, 420, 95),
    (5, 'deepseek-v4-flash', 'deepinfra', 6, 3800, 180, .15, 440, 95), (5, 'llama-4-scout-17b-instruct', 'aws-bedrock', 2, 3500, 160, 0, 380, 130),
    (6, 'gemini-3.1-flash-lite', 'google-ai-studio', .7, 900, 90, .2, 250, 240), (6, 'qwen3.8-27b', 'deepinfra', .5, 1100, 120, .1, 460, 85),
    (7, 'claude-opus-5', 'anthropic', 4, 41000, 900, .88, 1450, 52), (7, 'claude-sonnet-5', 'anthropic', 7, 34000, 700, .9, 880, 78),
    (7, 'claude-sonnet-5', 'aws-bedrock', 1.5, 34000, 700, .7, 1050, 66), (7, 'claude-haiku-4-5', 'anthropic', 3, 9000, 220, .7, 500, 140),
    (8, 'claude-sonnet-5', 'anthropic', 2.5, 16000, 620, .5, 860, 78), (8, 'gpt-5.3-codex', 'openai', 2, 15000, 700, .5, 930, 88),
    (9, 'gpt-5.3-codex', 'openai', 5, 26000, 820, .8, 910, 88), (9, 'gpt-5.6-sol', 'openai', 2, 24000, 900, .8, 1300, 60),
    (9, 'gpt-5.6-luna', 'openai', 1.5, 12000, 500, .7, 420, 150),
    (10, 'gpt-5.6-terra', 'openai', 1.2, 2100, 640, .1, 980, 72), (10, 'claude-opus-5', 'anthropic', .8, 2200, 700, .1, 1400, 52),
    (10, 'gemini-3.1-pro-preview', 'google-ai-studio', 1, 2100, 680, .1, 1600, 90), (10, 'deepseek-v4-pro', 'deepinfra', .9, 2000, 620, .1, 900, 48),
    (10, 'gpt-oss-120b', 'groq', 1, 2000, 600, 0, 170, 430), (10, 'qwen3.8-27b', 'deepinfra', .6, 2000, 600, .1, 460, 85),
    (10, 'claude-sonnet-4-6', 'anthropic', .5, 2200, 600, .1, 800, 74), (10, 'glm-5.3', 'deepinfra', .6, 2100, 640, .1, 720, 70),
    (11, 'gpt-5.6-terra', 'openai', .5, 1600, 500, .1, 990, 72), (11, 'gemini-3.1-pro-preview', 'google-ai-studio', .4, 1800, 560, .1, 1620, 90),
    (11, 'claude-sonnet-4-6', 'anthropic', .3, 1700, 500, .1, 800, 74), (11, 'gemma-4-31b-it', 'deepinfra', .3, 1500, 400, 0, 380, 105);

create temp table demo_calls as
    select row_number() over () as n, m.*, k.id as key_id, k.rhythm, j.id as project_id, p.id as user_id,
        mo.model_id, pr.provider_id, o.offer_id, gen_random_uuid() as provider_key_id, o.provider_model,
        (w.prices ->> 'input')::numeric as price_in, (w.prices ->> 'output')::numeric as price_out,
        coalesce((w.prices ->> 'cached_input')::numeric, (w.prices ->> 'input')::numeric) as price_cached
    from demo_mix m join demo_keys k on k.n = m.key join demo_projects j on j.n = k.project
    join demo_people p on p.n = k.person
    left join models mo on mo.slug = m.model left join providers pr on pr.slug = m.provider
    left join lateral (select * from offers o where o.model_id = mo.model_id
        and o.provider_id = pr.provider_id order by region limit 1) o on true
    left join lateral (select x.prices || coalesce(x.prices #> '{tiers,0}', '{}') as prices
        from prices_in_force x where x.offer_id = o.offer_id order by effective_from desc limit 1) w on true;
do $$
declare
    lost text;
begin
    select string_agg(distinct model || ' at ' || provider, ', ') into lost from demo_calls
        where price_in is null or price_out is null;
    if lost is not null then
        raise exception 'the catalogue lacks offers or prices: %; import it, or mend demo_mix', lost;
    end if;
end $$;
insert into labels (organisation_id, kind, value)
    select pg_temp.org(), 4, model from demo_mix group by model on conflict do nothing;
alter table demo_calls add label_id bigint;
update demo_calls c set label_id = l.label_id from labels l
    where l.organisation_id = pg_temp.org() and l.kind = 4 and l.value = c.model;

-- Tags and sources are the keys' own; end users are customers of two products, some of them far busier than
-- others. The web shop's search is also called by its app, one request in five.
create temp table demo_tags (key integer, tag text);
insert into demo_tags values (1, 'env:production'), (1, 'feature:chat'), (2, 'env:staging'), (2, 'feature:chat'),
    (3, 'env:production'), (3, 'feature:triage'), (4, 'env:production'), (4, 'feature:search'), (5, 'env:production'),
    (5, 'feature:indexing'), (6, 'env:staging'), (6, 'feature:search'), (8, 'team:platform'), (10, 'team:evaluation');
create temp table demo_customers as
    select key, i, case key when 1 then 'customer-' else 'shop-' end || to_char(i, 'FM0000') as name
    from (values (1, 160), (4, 80)) k(key, most), generate_series(1, most) i;
create temp table demo_sources (key integer, i integer, source text, user_agent text);
insert into demo_sources values (1, 0, 'support.demo.example', 'demo/1.0'), (2, 0, 'staging.demo.example', 'demo/1.0'),
    (4, 0, 'shop.demo.example', 'demo/1.0'), (4, 1, 'shop-app', 'demo/1.0'), (6, 0, 'staging.demo.example', 'demo/1.0'),
    (7, 0, 'claude-code', 'claude-cli/2.1.330 (external, cli)'), (8, 0, 'ci.demo.example/review', 'demo/1.0'),
    (9, 0, 'codex', 'codex_exec/0.169.0');
insert into labels (organisation_id, kind, value)
    select pg_temp.org(), 3, tag from demo_tags group by tag union all select pg_temp.org(), 2, name from demo_customers
    union all select pg_temp.org(), 1, source from demo_sources group by source
    on conflict do nothing;
alter table demo_sources add label_id bigint;
update demo_sources s set label_id = l.label_id from labels l
    where l.organisation_id = pg_temp.org() and l.kind = 1 and l.value = s.source;
alter table demo_tags add label_id bigint;
update demo_tags t set label_id = l.label_id from labels l
    where l.organisation_id = pg_temp.org() and l.kind = 3 and l.value = t.tag;
alter table demo_customers add label_id bigint;
update demo_customers c set label_id = l.label_id from labels l
    where l.organisation_id = pg_temp.org() and l.kind = 2 and l.value = c.name;

-- ---------------------------------------------------------------- when

-- Half-hours of the last 30 days, and what the failing provider was like in each.
create temp table demo_grains as
    select t, greatest(0, 1 - abs(h - 13.5) / 7) + .25 * greatest(0, 1 - abs(h - 20) / 4) as office,
        .35 + greatest(0, 1 - abs(h - 15) / 11) as customers,
        case when h < 5 then 1.0 else 0 end as nights,
        case when dow in (0, 6) then .3 else 1 end as weekday,
        .8 + .4 * extract(epoch from t - first) / (30 * 86400) as growth,
        case when t >= bad and t < bad + interval '210 minutes' then 1.0 else 0 end as incident
    from (select t, min(t) over () as first, extract(hour from t at time zone 'UTC')
            + extract(minute from t at time zone 'UTC') / 60 as h,
            extract(dow from t at time zone 'UTC') as dow,
            date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' - interval '9 days' + interval '13 hours' as bad
        from generate_series(date_bin('30 minutes', now(), 'epoch') - interval '30 days' + interval '30 minutes',
            date_bin('30 minutes', now(), 'epoch') - interval '30 minutes', interval '30 minutes') t) x;
create temp table demo_cells as
    select g.t, c.n, g.incident, w * current_setting('demo.rows')::float / sum(w) over () as expected
    from demo_grains g, demo_calls c, lateral (select c.weight * g.growth
        * case c.rhythm when 1 then office * (case when weekday < 1 then .12 else 1 end)
            when 2 then customers * (.6 + .4 * weekday) else nights end
        -- what fails over from the failing provider
        * case when incident > 0 and c.model like 'claude%' and c.provider = 'aws-bedrock' then 3 else 1 end as w) w;
alter table demo_cells add rows integer;
update demo_cells set rows = floor(expected + random());
create index on demo_cells (t);

select ensure_request_partitions(min((t at time zone 'UTC')::date), 32) from demo_grains \g /dev/null

-- ---------------------------------------------------------------- the log, a day at a time

create function pg_temp.normal() returns float language sql volatile as
    $$ select sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) $$;

create procedure pg_temp.add_day(first date) language plpgsql as $$
begin
    create temp table demo_rows on commit drop as
    with drawn as (
        select c.*, e.t, e.incident * (c.provider = 'anthropic')::integer as bad,
            e.t + random() * interval '29 minutes 59 seconds' as at, random() as luck, random() as luck2,
            exp(.7 * pg_temp.normal()) as a, exp(.6 * pg_temp.normal()) as b, exp(.35 * pg_temp.normal()) as s,
            random() as cache_luck
        from demo_cells e join demo_calls c using (n), generate_series(1, e.rows)
        where e.t >= first::timestamp at time zone 'UTC' and e.t < (first + 1)::timestamp at time zone 'UTC'),
    judged as (
        select d.*, case when bad > 0 and luck < .45 then 3 when luck < .003 then 3 when luck < .012 then 1
                when luck < .0135 then 2 when luck < .019 then 4 when luck < .0192 then 5 else 0 end as outcome,
            greatest(20, (input * a))::bigint as tokens_in
        from drawn d),
    counted as (
        select j.*, case when outcome in (1, 2) then 0 when outcome = 3 then 0 else tokens_in end as tin,
            case when outcome = 0 then greatest(1, output * b)::bigint
                when outcome in (4, 5) then greatest(0, output * b * luck2)::bigint else 0 end as tout,
            case when outcome in (1, 2) then 0 else ttft * s * (1 + tokens_in / 60000.0) * (1 + bad * 3.5 * luck2) end as first_ms
        from judged j),
    priced as (
        select c.*, case when cache_luck < .92 then floor(tin * cached * (.7 + .5 * luck2))::bigint else 0 end as raw_cached
        from counted c)
    select p.*, u.label_id as end_user_id, o.label_id as source_id, coalesce(o.user_agent, 'demo/1.0') as user_agent, least(tin, raw_cached) as tcached,
        round((tin - least(tin, raw_cached)) * price_in + least(tin, raw_cached) * price_cached + tout * price_out, 12) as price,
        (case when outcome in (1, 2) then 400 + 2000 * luck2
              else 1000 * (first_ms + 1000 * tout / (speed * greatest(.4, 1.2 - .2 * s))) end)::bigint as took_us,
        case when outcome in (0, 4) then (1000 * first_ms)::bigint end as first_us,
        (lpad(to_hex(floor(extract(epoch from p.at) * 1000)::bigint), 12, '0') || '7'
            || substr(md5(p.n::text || p.luck::text), 1, 3) || 'a' || substr(md5(p.luck2::text || p.at::text), 1, 15))::uuid as request_id,
        (p.at at time zone 'UTC')::date as day
    from priced p left join demo_customers u on u.key = p.key
        and u.i = 1 + floor(case p.key when 1 then 160 else 80 end * p.luck * p.luck2)
    left join demo_sources o on o.key = p.key and o.i = (p.key = 4 and p.cache_luck < .2)::integer;

    insert into requests (organisation_id, retention_days, day, request_id, created_at, project_id, api_key_id, user_id,
        provider_key_id, provider_id, model_id, offer_id, requested_model_id, source_id, end_user_id, endpoint, status, outcome, finish_reason, attempts,
        streamed, estimated, input_tokens, cached_tokens, output_tokens, cost, duration_us, ttft_us, overhead_us, error)
    select pg_temp.org(), 30, day, request_id, at, project_id, key_id, user_id,
        case when outcome not in (1, 2) then provider_key_id end, case when outcome not in (1, 2) then provider_id end, model_id,
        case when outcome not in (1, 2) then offer_id end, label_id, source_id, end_user_id, 1,
        (array[200, 400, 503, 502, 499, 500])[outcome + 1], outcome,
        case when outcome = 0 then case when luck2 < .12 then 3 when luck2 < .15 then 2 else 1 end else 0 end,
        case when outcome in (1, 2) then 0 when bad > 0 and luck2 < .6 then 2 else 1 end, key <> 5, outcome in (4, 5),
        tin, tcached, tout, price, took_us, first_us, 180 + (luck2 * 400)::integer,
        case outcome when 1 then 'invalid_request' when 2 then 'no_provider' when 3 then 'upstream_unavailable' end
    from demo_rows order by at;

    insert into request_details (organisation_id, retention_days, day, request_id, upstream_model, user_agent, tags, cost_lines, attempts)
    select pg_temp.org(), 30, day, request_id, provider_model, user_agent,
        array(select t.tag from demo_tags t where t.key = demo_rows.key order by 1),
        jsonb_build_array(
            jsonb_build_object('kind', 'input', 'quantity', tin - tcached, 'price', price_in::text, 'amount', ((tin - tcached) * price_in)::text),
            jsonb_build_object('kind', 'cached_input', 'quantity', tcached, 'price', price_cached::text, 'amount', (tcached * price_cached)::text),
            jsonb_build_object('kind', 'output', 'quantity', tout, 'price', price_out::text, 'amount', (tout * price_out)::text)),
        jsonb_build_array(jsonb_build_object('offer_id', offer_id, 'provider_id', provider_id, 'provider_key_id', provider_key_id,
            'status', case outcome when 3 then 502 else 200 end, 'error', case outcome when 3 then 'upstream_unavailable' else '' end,
            'start_us', 300, 'first_byte_us', coalesce(first_us, -1), 'duration_us', took_us - 300))
    from demo_rows where outcome not in (1, 2) and at > now() - interval '2 days' order by at desc limit 4000;

    -- Rollups: counts by bucket first, then whole histograms.
    create temp table demo_buckets on commit drop as
        select t, key_id, model_id, pid, i, sum(d) as d, sum(f) as f from (
            select t, key_id, model_id, case when outcome in (1, 2) then 0 else provider_id end as pid,
                floor(2 * log(2.0, greatest(took_us, 1)))::integer as i, 1 as d, 0 as f from demo_rows
            union all select t, key_id, model_id, provider_id, floor(2 * log(2.0, greatest(first_us, 1)))::integer, 0, 1
            from demo_rows where first_us is not null) x group by 1, 2, 3, 4, 5;
    insert into rollup_usage (organisation_id, grain, project_id, api_key_id, user_id, model_id, provider_id, requests, ok,
        client_errors, gateway_errors, upstream_errors, client_gone, interrupted, streamed, input_tokens, cached_tokens,
        output_tokens, cost, duration_us, overhead_us, duration_hist, ttft_hist)
    select pg_temp.org(), s.*, h.d, h.f from (
        select t, project_id, key_id, user_id, model_id, case when outcome in (1, 2) then 0 else provider_id end as pid,
            count(*), count(*) filter (where outcome = 0), count(*) filter (where outcome = 1),
            count(*) filter (where outcome = 2), count(*) filter (where outcome = 3), count(*) filter (where outcome = 4),
            count(*) filter (where outcome = 5), count(*) filter (where key <> 5), sum(tin), sum(tcached), sum(tout), sum(price),
            sum(took_us), sum(180 + (luck2 * 400)::integer)
        from demo_rows group by 1, 2, 3, 4, 5, 6) s
    join (select b.t, b.key_id, b.model_id, b.pid, array_agg(coalesce(x.d, 0) order by g.i) as d, array_agg(coalesce(x.f, 0) order by g.i) as f
        from (select t, key_id, model_id, pid, max(i) as top from demo_buckets group by 1, 2, 3, 4) b
        cross join lateral generate_series(0, b.top) g(i)
        left join demo_buckets x on x.t = b.t and x.key_id = b.key_id and x.model_id = b.model_id and x.pid = b.pid and x.i = g.i
        group by 1, 2, 3, 4) h using (t, key_id, model_id, pid)
    order by s.t, s.project_id, s.key_id, s.user_id, s.model_id, s.pid;  -- as the ledger does

    insert into rollup_tags (organisation_id, grain, project_id, label_id, requests, errors, input_tokens, output_tokens, cost)
    select pg_temp.org(), r.t, r.project_id, g.label_id, count(*), count(*) filter (where outcome <> 0), sum(tin), sum(tout), sum(price)
    from demo_rows r join demo_tags g using (key) group by 2, 3, 4 order by 2, 3, 4;
    insert into rollup_end_users (organisation_id, grain, project_id, label_id, requests, errors, input_tokens, output_tokens, cost)
    select pg_temp.org(), t, project_id, end_user_id, count(*), count(*) filter (where outcome <> 0), sum(tin), sum(tout), sum(price)
    from demo_rows where end_user_id is not null group by 2, 3, 4 order by 2, 3, 4;
    insert into rollup_sources (organisation_id, grain, project_id, label_id, requests, errors, input_tokens, output_tokens, cost)
    select pg_temp.org(), t, project_id, source_id, count(*), count(*) filter (where outcome <> 0), sum(tin), sum(tout), sum(price)
    from demo_rows where source_id is not null group by 2, 3, 4 order by 2, 3, 4;

    insert into rollup_provider_keys (organisation_id, provider_key_id, grain, provider_id, attempts, ok, failed, cost, last_ok_at)
    select pg_temp.org(), provider_key_id, t, provider_id, count(*), count(*) filter (where outcome <> 3),
        count(*) filter (where outcome = 3), sum(price), max(at) filter (where outcome <> 3)
    from demo_rows where outcome not in (1, 2) and provider_key_id is not null group by 2, 3, 4 order by 2, 3;

    insert into spend_windows as w (organisation_id, scope, scope_id, window_kind, window_start, requests, tokens, cost, last_at)
    select pg_temp.org(), scope, id, kind, case kind when 4 then 'epoch' else
            date_trunc((array['hour', 'day', 'month'])[kind], at at time zone 'UTC') at time zone 'UTC' end as start,
        count(*), sum(tin + tout), sum(price), max(at)
    from demo_rows, lateral (values (1, pg_temp.org()), (2, project_id), (3, user_id), (4, key_id)) v(scope, id),
        generate_series(1, 4) kind group by 2, 3, 4, 5
    on conflict (organisation_id, scope, scope_id, window_kind, window_start) do update set requests = w.requests + excluded.requests,
        tokens = w.tokens + excluded.tokens, cost = w.cost + excluded.cost, last_at = greatest(w.last_at, excluded.last_at);
    commit;
end $$;

select format('call pg_temp.add_day(%L)', d::date) from generate_series(
    (select min(t) at time zone 'UTC' from demo_grains)::date, (select max(t) at time zone 'UTC' from demo_grains)::date,
    interval '1 day') d order by d \gexec
\echo rows made:
select sum(requests) from rollup_usage where organisation_id = pg_temp.org();
vacuum analyze rollup_usage;
vacuum analyze rollup_tags;
vacuum analyze rollup_end_users;
vacuum analyze rollup_sources;
analyze rollup_provider_keys;
analyze requests;
analyze request_details;
analyze spend_windows;
analyze labels;
