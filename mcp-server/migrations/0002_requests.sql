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

-- Allowed and not yet finished: what a restart looks for. `issuer`, `subject`, `client` and `shown` say for whom it is
-- done, empty where it is nobody; `payload` is what it takes to finish it, for a deploy its source. `interrupted` is 1
-- once a restart has found it.
CREATE TABLE open_effect (
    id           TEXT PRIMARY KEY,
    writer       TEXT NOT NULL,
    action       TEXT NOT NULL,
    enclave      TEXT NOT NULL,
    object       TEXT NOT NULL,
    issuer       TEXT NOT NULL,
    subject      TEXT NOT NULL,
    client       TEXT NOT NULL,
    shown        TEXT NOT NULL,
    payload      TEXT NOT NULL,
    interrupted  BIGINT NOT NULL,
    since        BIGINT NOT NULL
);
CREATE INDEX open_effect_enclave ON open_effect (enclave);

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
