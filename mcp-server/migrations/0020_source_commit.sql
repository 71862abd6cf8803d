-- The commit of the state repo that a version was deployed from, as JSON: id, time, summary and author. Empty where the source
-- came with the call.
ALTER TABLE tentacle ADD COLUMN source_commit TEXT NOT NULL DEFAULT '';
ALTER TABLE deploy_history ADD COLUMN source_commit TEXT NOT NULL DEFAULT '';
