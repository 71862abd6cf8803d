-- Who may do what: the authority for every decision.
-- Written for SQLite and PostgreSQL alike. Times are milliseconds since 1970, flags 0 or 1.

-- One row: counts up with every change of rights, so that a reader knows whether what it holds is current.
CREATE TABLE generation (
    one    BIGINT PRIMARY KEY CHECK (one = 1),
    number BIGINT NOT NULL
);
INSERT INTO generation (one, number) VALUES (1, 1);

-- `changed` is the generation of the last change, `mirror_wanted` that of the last one that the backend shows or
-- enforces, and `mirror_made` the one up to which it does.
CREATE TABLE enclave (
    name             TEXT PRIMARY KEY,
    id               TEXT NOT NULL UNIQUE,
    changed          BIGINT NOT NULL,
    mirror_wanted    BIGINT NOT NULL,
    mirror_made      BIGINT NOT NULL,
    state            TEXT NOT NULL,
    frozen_owner     BIGINT NOT NULL,
    frozen_archive   BIGINT NOT NULL,
    frozen_operator  BIGINT NOT NULL,
    mode             TEXT NOT NULL,
    enrollment       TEXT NOT NULL,
    quota            TEXT NOT NULL,
    owner_issuer     TEXT NOT NULL,
    owner_subject    TEXT NOT NULL,
    team             TEXT,
    channel          TEXT,
    channel_name     TEXT,
    channel_creator  TEXT,
    observed_at      BIGINT,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    UNIQUE (team, channel)
);
CREATE INDEX enclave_owner ON enclave (owner_issuer, owner_subject);

-- Who is in the enclave's channel now, as the relay reported it.
CREATE TABLE channel_person (
    enclave  TEXT NOT NULL REFERENCES enclave (name) ON DELETE CASCADE,
    account  TEXT NOT NULL,
    class    TEXT NOT NULL,
    shown    TEXT NOT NULL,
    PRIMARY KEY (enclave, account)
);

-- Members that the record of an enclave without a channel names.
CREATE TABLE named_member (
    enclave  TEXT NOT NULL REFERENCES enclave (name) ON DELETE CASCADE,
    issuer   TEXT NOT NULL,
    subject  TEXT NOT NULL,
    PRIMARY KEY (enclave, issuer, subject)
);

-- The owner's yes (allowed = 1) or no (allowed = 0) to one person: it holds the account and the identity bound at the
-- time, and either of them suffices. The empty text stands for "not known at the time".
CREATE TABLE verdict (
    enclave  TEXT NOT NULL REFERENCES enclave (name) ON DELETE CASCADE,
    allowed  BIGINT NOT NULL,
    account  TEXT NOT NULL,
    issuer   TEXT NOT NULL,
    subject  TEXT NOT NULL,
    PRIMARY KEY (enclave, allowed, account, issuer, subject)
);

-- `version` is empty until the first deploy has come to its end.
CREATE TABLE tentacle (
    enclave         TEXT NOT NULL REFERENCES enclave (name) ON DELETE CASCADE,
    name            TEXT NOT NULL,
    owner_issuer    TEXT NOT NULL,
    owner_subject   TEXT NOT NULL,
    mode            TEXT NOT NULL,
    description     TEXT NOT NULL,
    version         TEXT NOT NULL,
    deployed_by     TEXT NOT NULL,
    deployed_via    TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    deployed_at     BIGINT NOT NULL,
    PRIMARY KEY (enclave, name)
);

-- The last run of each tentacle. Not a right: it does not count as a change of them.
CREATE TABLE last_run (
    enclave      TEXT NOT NULL,
    tentacle     TEXT NOT NULL,
    started_at   BIGINT NOT NULL,
    duration_ms  BIGINT NOT NULL,
    success      BIGINT NOT NULL,
    asked_by     TEXT NOT NULL,
    PRIMARY KEY (enclave, tentacle),
    FOREIGN KEY (enclave, tentacle) REFERENCES tentacle (enclave, name) ON DELETE CASCADE
);

-- A Slack account and the identity that signed in with it.
CREATE TABLE binding (
    team      TEXT NOT NULL,
    account   TEXT NOT NULL,
    issuer    TEXT NOT NULL,
    subject   TEXT NOT NULL,
    bound_at  BIGINT NOT NULL,
    PRIMARY KEY (team, account),
    UNIQUE (team, issuer, subject)
);

-- What to show for an identity. It grants nothing.
CREATE TABLE identity (
    issuer   TEXT NOT NULL,
    subject  TEXT NOT NULL,
    shown    TEXT NOT NULL,
    email    TEXT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
