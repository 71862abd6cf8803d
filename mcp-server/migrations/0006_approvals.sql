-- What a tentacle's running version reaches, as JSON: a later version that reaches more needs an approval.
ALTER TABLE tentacle ADD COLUMN reach TEXT NOT NULL DEFAULT '[]';

-- Approvals of new reach. `running` is the version that ran when it was asked for, empty for none; `version` the one that
-- is to run, `reach` the digest of all that it reaches, and `changes` what of that is new, as JSON. `state` is waiting,
-- approved, refused or used.
CREATE TABLE approval (
    id          TEXT PRIMARY KEY,
    enclave     TEXT NOT NULL REFERENCES enclave (name) ON DELETE CASCADE,
    tentacle    TEXT NOT NULL,
    running     TEXT NOT NULL,
    version     TEXT NOT NULL,
    reach       TEXT NOT NULL,
    changes     TEXT NOT NULL,
    issuer      TEXT NOT NULL,
    subject     TEXT NOT NULL,
    asked_by    TEXT NOT NULL,
    state       TEXT NOT NULL,
    decided_by  TEXT NOT NULL DEFAULT '',
    expires_at  BIGINT NOT NULL
);
CREATE INDEX approval_tentacle ON approval (enclave, tentacle);

-- A notice may carry a question: the approval that it asks for, else empty.
ALTER TABLE notice ADD COLUMN approval TEXT NOT NULL DEFAULT '';

-- Secrets of an enclave, encrypted with a key that is not in the store. `name` is `service.key`.
CREATE TABLE secret (
    enclave     TEXT NOT NULL REFERENCES enclave (name) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    sealed      TEXT NOT NULL,
    set_by      TEXT NOT NULL,
    set_at      BIGINT NOT NULL,
    PRIMARY KEY (enclave, name)
);
