-- What has been asked: so that nothing is done twice and nothing is half-done for ever.

-- One request of the Kraken: a Slack event, a tool and its arguments. A repetition gets the stored answer.
CREATE TABLE request (
    key         TEXT PRIMARY KEY,
    answer      TEXT,
    expires_at  BIGINT NOT NULL
);

-- Assertions that have been used.
CREATE TABLE used_assertion (
    jti         TEXT PRIMARY KEY,
    expires_at  BIGINT NOT NULL
);

-- Allowed and not yet finished: what a restart looks for.
CREATE TABLE open_effect (
    id       TEXT PRIMARY KEY,
    writer   TEXT NOT NULL,
    action   TEXT NOT NULL,
    enclave  TEXT NOT NULL,
    since    BIGINT NOT NULL
);

-- What a channel must hear; gone once the relay says that it stands there.
CREATE TABLE notice (
    id       TEXT PRIMARY KEY,
    team     TEXT NOT NULL,
    channel  TEXT NOT NULL,
    enclave  TEXT NOT NULL,
    told     TEXT NOT NULL,
    at       BIGINT NOT NULL
);

-- The trail. `record` is the canonical JSON that the hashes are made of.
CREATE TABLE trail (
    writer   TEXT NOT NULL,
    seq      BIGINT NOT NULL,
    enclave  TEXT NOT NULL,
    at       BIGINT NOT NULL,
    record   TEXT NOT NULL,
    PRIMARY KEY (writer, seq)
);
CREATE INDEX trail_enclave ON trail (enclave, at);
CREATE INDEX trail_at ON trail (at);
