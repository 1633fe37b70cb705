-- Rows of the log that a page asks for by what few of them have: of one API key, all that did not end well, of one
-- end user. Each index is in the order of the id, which is a UUIDv7 and so the order of time: within a key rows are
-- only ever added at the end. The list of everything goes by the primary key.
create index requests_key_idx on requests (organisation_id, api_key_id, request_id);
create index requests_not_ok_idx on requests (organisation_id, request_id) where outcome <> 0;
create index requests_end_user_idx on requests (organisation_id, end_user_id, request_id) where end_user_id is not null;
