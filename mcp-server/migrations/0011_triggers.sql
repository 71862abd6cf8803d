-- What makes tentacles run by itself.

-- A trigger of the version that is deployed. `kind` is cron or webhook, `spec` the rest as JSON. For cron `due_at` is the
-- next moment that is due and not settled, and `fire_at` when that is to be done: a little later where there is a jitter.
-- `running` is the id of its last run, `told_at` when its channel last heard that it fails.
CREATE TABLE tentacle_trigger (
    enclave   TEXT NOT NULL,
    tentacle  TEXT NOT NULL,
    name      TEXT NOT NULL,
    kind      TEXT NOT NULL,
    spec      TEXT NOT NULL,
    due_at    BIGINT,
    fire_at   BIGINT,
    running   TEXT NOT NULL DEFAULT '',
    told_at   BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (enclave, tentacle, name),
    FOREIGN KEY (enclave, tentacle) REFERENCES tentacle (enclave, name) ON DELETE CASCADE
);
CREATE INDEX tentacle_trigger_fire ON tentacle_trigger (fire_at);

-- Moments at which a trigger was due and was settled. Whoever writes one has the moment; there is no second.
CREATE TABLE trigger_tick (
    enclave   TEXT NOT NULL,
    tentacle  TEXT NOT NULL,
    name      TEXT NOT NULL,
    due_at    BIGINT NOT NULL,
    PRIMARY KEY (enclave, tentacle, name, due_at),
    FOREIGN KEY (enclave, tentacle) REFERENCES tentacle (enclave, name) ON DELETE CASCADE
);
