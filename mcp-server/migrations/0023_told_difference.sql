-- What a channel was told of a tentacle that is not as it should be, so that it hears of each difference once: `about` is `hand`
-- for what somebody changed where it runs, and `git` for what came into the state repo; `what` names the difference.
CREATE TABLE told_difference (
    enclave      TEXT NOT NULL REFERENCES enclave (name) ON DELETE CASCADE,
    tentacle     TEXT NOT NULL,
    about        TEXT NOT NULL,
    what         TEXT NOT NULL,
    PRIMARY KEY (enclave, tentacle, about)
);

-- What becomes of what somebody changed where tentacles run: `report` tells it, `repair` puts it back and tells that.
ALTER TABLE enclave ADD COLUMN drift TEXT NOT NULL DEFAULT 'report';
