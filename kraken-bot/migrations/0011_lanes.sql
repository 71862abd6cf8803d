-- Facts are read by themselves, each channel's in order. `fact` is 2 for somebody's leaving, which waits for no other fact.
CREATE INDEX event_news ON event (conversation, seq) WHERE fact > 0 AND done_at IS NULL;
