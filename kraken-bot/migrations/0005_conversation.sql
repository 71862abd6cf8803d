-- When work on it began: until then a message that is taken back is not worked on at all.
ALTER TABLE event ADD COLUMN begun_at INTEGER;

-- Threads that the Kraken was asked in: replies there need no second mention.
CREATE TABLE thread (
    channel   TEXT NOT NULL,
    thread    TEXT NOT NULL,
    asked_at  INTEGER NOT NULL,
    PRIMARY KEY (channel, thread)
);

-- Cards that ask for an approval: all of them ask no longer once it is decided.
CREATE TABLE card (
    approval  TEXT NOT NULL,
    channel   TEXT NOT NULL,
    ts        TEXT NOT NULL,
    made_at   INTEGER NOT NULL,
    PRIMARY KEY (approval, channel, ts)
);

-- Buttons that do something dangerous: good for one person, for some minutes, once. `used_by` is the event that used it.
CREATE TABLE button (
    id       TEXT PRIMARY KEY,
    account  TEXT NOT NULL,
    about    TEXT NOT NULL,
    made_at  INTEGER NOT NULL,
    used_by  TEXT
);
