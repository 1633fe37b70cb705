-- A request is found by the id that its client gave it. Only those that have one are in the index.
create index request_details_client_id_idx on request_details (organisation_id, client_request_id)
    where client_request_id is not null;
