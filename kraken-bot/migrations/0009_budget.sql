-- How many tokens the model's API has said that it used: in a day (in days since 1970, UTC), for questions of a person
-- (`person/U…`) and of the people of an enclave (`enclave/NAME`).
CREATE TABLE model_use (
    day     INTEGER NOT NULL,
    whose   TEXT NOT NULL,
    tokens  INTEGER NOT NULL,
    PRIMARY KEY (day, whose)
);
