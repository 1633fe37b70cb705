-- The operator lends its provider keys (the platform's) to other organisations: to none by itself,
-- since signing up may be open to everybody.
alter table organisations add column platform_keys boolean not null default false; -- it may use them
alter table instance add column lend_to_new boolean not null default false;        -- so may new ones
