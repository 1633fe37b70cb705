-- Accounts that their owners delete. The row stays for what points to it (keys, invitations, versions of the
-- catalogue), without anything about the person: address and name are made up, nothing opens it.
alter table users
    add column deleted_at timestamptz,
    add constraint users_deleted_check check (deleted_at is null or (disabled_at is not null and not is_operator));

-- What the operator does to an organisation is in its own log, too, without who of them did it.
alter table audit_log drop constraint audit_log_actor_kind_check,
    add constraint audit_log_actor_kind_check check (actor_kind in ('user', 'token', 'cli', 'operator'));
