-- Since when it waits for the server or the issuer: `waits_for` says which of the two.
ALTER TABLE event ADD COLUMN away_since INTEGER;
