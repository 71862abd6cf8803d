-- Where a request was made, so that its answer can go when the enclave of that channel goes. An answer that is the empty
-- text has gone: that the request was made is still known, and it is not done again.
ALTER TABLE request ADD COLUMN team TEXT NOT NULL DEFAULT '';
ALTER TABLE request ADD COLUMN channel TEXT NOT NULL DEFAULT '';
CREATE INDEX request_place ON request (team, channel);
