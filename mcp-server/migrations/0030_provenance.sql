-- What a tentacle says of itself to be found by, as JSON; which agent had its version deployed, empty where none said that it did; and
-- who changed its mode or its owner last and through what, as JSON, empty while nobody has.
ALTER TABLE tentacle ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';
ALTER TABLE tentacle ADD COLUMN deployed_agent TEXT NOT NULL DEFAULT '';
ALTER TABLE tentacle ADD COLUMN updated TEXT NOT NULL DEFAULT '';

-- The agent that chose what is being carried out, where one did.
ALTER TABLE open_effect ADD COLUMN agent TEXT NOT NULL DEFAULT '';
