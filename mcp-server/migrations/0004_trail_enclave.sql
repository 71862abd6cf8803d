-- Which enclave a record is about: the trail outlives an enclave, and its name may be taken by somebody else, who must not
-- read what was before. Empty where there was none. It stands beside the record, as `enclave` does, not in it.
ALTER TABLE trail ADD COLUMN enclave_id TEXT NOT NULL DEFAULT '';
UPDATE trail SET enclave_id = (SELECT id FROM enclave WHERE name = trail.enclave AND created_at <= trail.at)
    WHERE EXISTS (SELECT id FROM enclave WHERE name = trail.enclave AND created_at <= trail.at);
DROP INDEX trail_enclave;
CREATE INDEX trail_enclave ON trail (enclave_id, at);

ALTER TABLE open_effect ADD COLUMN enclave_id TEXT NOT NULL DEFAULT '';
UPDATE open_effect SET enclave_id = (SELECT id FROM enclave WHERE name = open_effect.enclave)
    WHERE EXISTS (SELECT id FROM enclave WHERE name = open_effect.enclave);
