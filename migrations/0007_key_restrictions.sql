-- What an API key may be used for. Empty: no restriction. The gateways refuse what they cannot
-- read, so a row written by hand can close a key but never open it.

alter table api_keys
    add column models text[] not null default '{}',    -- ids, aliases, provider/model; 'claude-*' for all that begin so
    add column providers text[] not null default '{}', -- slugs
    add column ip_ranges text[] not null default '{}', -- 10.0.0.0/8, 2001:db8::/32, 192.0.2.1
    add constraint api_keys_restrictions_check check (
        cardinality(models) <= 100 and cardinality(providers) <= 100 and cardinality(ip_ranges) <= 100
        and octet_length(array_to_string(models || providers || ip_ranges, ',', '-')) <= 24000
        and array_position(models, null) is null and array_position(providers, null) is null
        and array_position(ip_ranges, null) is null
        and array_position(models || providers || ip_ranges, '') is null
        and strpos(array_to_string(models || providers || ip_ranges, ','), E'\n') = 0);
