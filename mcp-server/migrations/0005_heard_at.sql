-- When Slack said the newest that is known of who is in the channel. `observed_at` is when it last gave the whole list: a
-- join or a leave is news, but confirms nobody else.
ALTER TABLE enclave ADD COLUMN heard_at BIGINT NOT NULL DEFAULT 0;
UPDATE enclave SET heard_at = observed_at WHERE observed_at IS NOT NULL;
