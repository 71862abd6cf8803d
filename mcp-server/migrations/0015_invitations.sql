-- Who is invited to an enclave, by the e-mail address that the issuer must have verified for them. It is used up when they ask
-- to be let in.
CREATE TABLE invitation (
    enclave     TEXT NOT NULL REFERENCES enclave (name) ON DELETE CASCADE,
    email       TEXT NOT NULL,
    invited_by  TEXT NOT NULL,
    expires_at  BIGINT NOT NULL,
    PRIMARY KEY (enclave, email)
);
