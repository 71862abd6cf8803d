-- Which files of secrets serve: those of a version that is only being deployed lie beside them, also where it is the same version with
-- other secrets, and take their place when it has come to run.
CREATE TABLE git_secret_that_serves (
    enclave   TEXT NOT NULL,
    tentacle  TEXT NOT NULL,
    version   TEXT NOT NULL,
    service   TEXT NOT NULL,
    file      TEXT NOT NULL,
    serves    BIGINT NOT NULL,
    PRIMARY KEY (enclave, tentacle, version, service, serves),
    FOREIGN KEY (enclave, tentacle) REFERENCES tentacle (enclave, name) ON DELETE CASCADE
);
INSERT INTO git_secret_that_serves (enclave, tentacle, version, service, file, serves)
    SELECT git_secret.enclave, git_secret.tentacle, git_secret.version, git_secret.service, git_secret.file,
        CASE WHEN tentacle.version = git_secret.version THEN 1 ELSE 0 END
    FROM git_secret JOIN tentacle ON tentacle.enclave = git_secret.enclave AND tentacle.name = git_secret.tentacle;
DROP TABLE git_secret;
ALTER TABLE git_secret_that_serves RENAME TO git_secret;
