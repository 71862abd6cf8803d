-- What Slack sent, written down before it is acknowledged. Times are seconds since 1970.
CREATE TABLE event (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Slack's own id: a repetition is the same event.
    id            TEXT NOT NULL UNIQUE,
    channel       TEXT NOT NULL,
    -- What is answered in order: a thread, or a channel's facts.
    conversation  TEXT NOT NULL,
    -- A fact about the channel: messages that come after it wait for it.
    fact          INTEGER NOT NULL,
    -- What was asked; empty once it is done.
    content       TEXT NOT NULL,
    -- The Slack account whose sign-in it waits for.
    waits_for     TEXT,
    received_at   INTEGER NOT NULL,
    done_at       INTEGER
);
CREATE INDEX event_open ON event (seq) WHERE done_at IS NULL;

-- What has been said, by what it answers: nothing is said twice. Without `ts` it was about to be said when the
-- process ended, and is looked for in Slack before it is said again.
CREATE TABLE post (
    key      TEXT PRIMARY KEY,
    ts       TEXT,
    made_at  INTEGER NOT NULL
);

-- Sign-ins that are going on, and who is signed in. `sealed` is encrypted with the key from the key file.
CREATE TABLE sign_in (
    account     TEXT PRIMARY KEY,
    sealed      BLOB NOT NULL,
    expires_at  INTEGER NOT NULL
);
CREATE TABLE session (
    account  TEXT PRIMARY KEY,
    sealed   BLOB NOT NULL,
    used_at  INTEGER NOT NULL
);
