-- What went between the Kraken and the model about one request, until that is answered: so that it goes on after a restart
-- where it was, and nothing is done twice.
CREATE TABLE model_turn (
    event    TEXT NOT NULL,
    number   INTEGER NOT NULL,
    content  TEXT NOT NULL,
    PRIMARY KEY (event, number)
);
