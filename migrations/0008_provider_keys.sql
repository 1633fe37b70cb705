-- Which models a provider key may serve, by model_id. None: every one that its provider offers.
alter table provider_keys add column models integer[] not null default '{}';
