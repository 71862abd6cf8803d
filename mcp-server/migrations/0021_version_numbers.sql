-- Versions by number: each deploy that was carried out is the next of its tentacle, from 1. The count outlives the records, which are
-- kept for a time.
ALTER TABLE tentacle ADD COLUMN deploys BIGINT NOT NULL DEFAULT 0;
ALTER TABLE deploy_history ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
UPDATE deploy_history SET number = (SELECT COUNT(*) FROM deploy_history AS earlier
    WHERE earlier.enclave = deploy_history.enclave AND earlier.tentacle = deploy_history.tentacle
    AND earlier.outcome = 'deployed' AND earlier.id <= deploy_history.id)
    WHERE outcome = 'deployed';
UPDATE tentacle SET deploys = (SELECT COUNT(*) FROM deploy_history
    WHERE deploy_history.enclave = tentacle.enclave AND deploy_history.tentacle = tentacle.name
    AND deploy_history.outcome = 'deployed');
