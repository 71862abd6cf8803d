-- The records of enclaves in the state repo. Whatever changes a right counts up `number`, so that `recorded`, the number up to which
-- all records were made, is behind: nothing has to remember to ask for a record.
ALTER TABLE generation ADD COLUMN recorded BIGINT NOT NULL DEFAULT 0;

-- The newest record of each enclave: it outlives the enclave, so that the next one of the same name is known to be another. `content`
-- is the digest of what it says, `digest` that of what is signed, `text` the file; `removed_on` the day on which the enclave was
-- removed, empty while it is there; `published` the generation that the state repo has; `team` and `channel` its channel, empty where
-- it has none.
CREATE TABLE enclave_record (
    enclave     TEXT PRIMARY KEY,
    enclave_id  TEXT NOT NULL,
    generation  BIGINT NOT NULL,
    content     TEXT NOT NULL,
    digest      TEXT NOT NULL,
    text        TEXT NOT NULL,
    removed_on  TEXT NOT NULL,
    published   BIGINT NOT NULL,
    team        TEXT NOT NULL,
    channel     TEXT NOT NULL
);
