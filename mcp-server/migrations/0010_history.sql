-- What ran and what was deployed: kept by count and by age, and gone with the tentacle.

-- One run, or one stretch of moments at which a trigger was due and nothing ran. `id` is that of the decision, or a new
-- one where nothing was decided. `cause` is the trigger's name, empty where a person asked; `due_at` the moment at which
-- the trigger was due, 0 where there is none; `outcome` running, succeeded, failed, interrupted, missed or skipped;
-- `moments` for how many moments it stands; `nodes` how long each node took, as JSON.
CREATE TABLE run_history (
    id           TEXT PRIMARY KEY,
    enclave      TEXT NOT NULL,
    tentacle     TEXT NOT NULL,
    version      TEXT NOT NULL,
    cause        TEXT NOT NULL,
    asked_by     TEXT NOT NULL,
    due_at       BIGINT NOT NULL,
    started_at   BIGINT NOT NULL,
    duration_ms  BIGINT NOT NULL,
    outcome      TEXT NOT NULL,
    moments      BIGINT NOT NULL,
    nodes        TEXT NOT NULL,
    error        TEXT NOT NULL,
    FOREIGN KEY (enclave, tentacle) REFERENCES tentacle (enclave, name) ON DELETE CASCADE
);
CREATE INDEX run_history_of ON run_history (enclave, tentacle, id);

-- One deploy that was begun. `reach` is the digest of all that the version reaches, `source` where its source is kept,
-- `outcome` deployed or failed, `step` the one that failed.
CREATE TABLE deploy_history (
    id           TEXT PRIMARY KEY,
    enclave      TEXT NOT NULL,
    tentacle     TEXT NOT NULL,
    version      TEXT NOT NULL,
    reach        TEXT NOT NULL,
    source       TEXT NOT NULL,
    asked_by     TEXT NOT NULL,
    client       TEXT NOT NULL,
    started_at   BIGINT NOT NULL,
    duration_ms  BIGINT NOT NULL,
    outcome      TEXT NOT NULL,
    step         TEXT NOT NULL,
    error        TEXT NOT NULL,
    FOREIGN KEY (enclave, tentacle) REFERENCES tentacle (enclave, name) ON DELETE CASCADE
);
CREATE INDEX deploy_history_of ON deploy_history (enclave, tentacle, id);

-- The source of the last versions that were deployed, as JSON: text by path.
CREATE TABLE version_source (
    enclave      TEXT NOT NULL,
    tentacle     TEXT NOT NULL,
    version      TEXT NOT NULL,
    files        TEXT NOT NULL,
    deployed_at  BIGINT NOT NULL,
    PRIMARY KEY (enclave, tentacle, version),
    FOREIGN KEY (enclave, tentacle) REFERENCES tentacle (enclave, name) ON DELETE CASCADE
);
