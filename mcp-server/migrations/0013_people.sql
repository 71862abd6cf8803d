-- A notice may be for one person alone, in a direct message: `account` is their Slack user, empty for all in the channel.
-- `question` is what it asks besides an approval, as JSON; empty for nothing.
ALTER TABLE notice ADD COLUMN account TEXT NOT NULL DEFAULT '';
ALTER TABLE notice ADD COLUMN question TEXT NOT NULL DEFAULT '';

-- An enclave that is offered to another owner: one offer at a time. `by_operator` is 1 where no owner vouches for it.
CREATE TABLE offer (
    id             TEXT PRIMARY KEY,
    enclave        TEXT NOT NULL UNIQUE REFERENCES enclave (name) ON DELETE CASCADE,
    owner_issuer   TEXT NOT NULL,
    owner_subject  TEXT NOT NULL,
    issuer         TEXT NOT NULL,
    subject        TEXT NOT NULL,
    by_operator    BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL
);

-- Who asked to be let in, and since when. `refused` is 1 where the owner said no; the row then only keeps them from asking
-- again at once.
CREATE TABLE join_request (
    id        TEXT PRIMARY KEY,
    enclave   TEXT NOT NULL REFERENCES enclave (name) ON DELETE CASCADE,
    issuer    TEXT NOT NULL,
    subject   TEXT NOT NULL,
    account   TEXT NOT NULL,
    shown     TEXT NOT NULL,
    asked_at  BIGINT NOT NULL,
    refused   BIGINT NOT NULL,
    UNIQUE (enclave, issuer, subject)
);

-- Who may make a channel their enclave although somebody else made the channel: an operator says so, they do it.
CREATE TABLE founder (
    team        TEXT NOT NULL,
    channel     TEXT NOT NULL,
    account     TEXT NOT NULL,
    expires_at  BIGINT NOT NULL,
    PRIMARY KEY (team, channel)
);
