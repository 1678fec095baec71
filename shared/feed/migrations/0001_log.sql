-- The log of a producer. Rows are added and never changed.
CREATE TABLE feed_event (
    position {position},
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    payload {blob} NOT NULL,
    recorded_at {instant} NOT NULL
);
