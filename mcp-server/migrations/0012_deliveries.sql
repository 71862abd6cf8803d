-- What webhooks were called with. A delivery is waiting until a run takes it, and taken from then on, for ever: it is not
-- run a second time. `delivery` is the id that the caller gave it, by which a repetition is known for a day; `input` is
-- gone once it is taken.
CREATE TABLE hook_delivery (
    id           TEXT PRIMARY KEY,
    enclave      TEXT NOT NULL,
    tentacle     TEXT NOT NULL,
    name         TEXT NOT NULL,
    delivery     TEXT NOT NULL,
    input        TEXT NOT NULL,
    state        TEXT NOT NULL,
    received_at  BIGINT NOT NULL,
    UNIQUE (enclave, tentacle, name, delivery),
    FOREIGN KEY (enclave, tentacle) REFERENCES tentacle (enclave, name) ON DELETE CASCADE
);
CREATE INDEX hook_delivery_state ON hook_delivery (state, enclave, tentacle, id);
