-- What a request has proposed and waits for: `review` names the pull request (`prices#12`), `proposal` is what is known of it, and
-- `review_moved` says that it came further since it was looked at last.
ALTER TABLE event ADD COLUMN review TEXT;
ALTER TABLE event ADD COLUMN proposal TEXT;
ALTER TABLE event ADD COLUMN review_moved INTEGER NOT NULL DEFAULT 0;
