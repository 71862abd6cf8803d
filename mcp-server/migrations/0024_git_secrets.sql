-- The files of secrets that the state repo has beside a version of a tentacle, as they are there: encrypted.
CREATE TABLE git_secret (
    enclave   TEXT NOT NULL,
    tentacle  TEXT NOT NULL,
    version   TEXT NOT NULL,
    service   TEXT NOT NULL,
    file      TEXT NOT NULL,
    PRIMARY KEY (enclave, tentacle, version, service),
    FOREIGN KEY (enclave, tentacle) REFERENCES tentacle (enclave, name) ON DELETE CASCADE
);
