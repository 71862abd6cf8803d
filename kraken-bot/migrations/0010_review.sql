-- The review that a request waits for: `review` names the pull request (`prices#12`), and `review_moved` says that it came further
-- since it was looked at last.
ALTER TABLE event ADD COLUMN review TEXT;
ALTER TABLE event ADD COLUMN review_moved INTEGER NOT NULL DEFAULT 0;
