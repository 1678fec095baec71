-- The log of a producer. Rows are added and never changed.
CREATE TABLE feed_event (
    position {position},
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    payload {blob} NOT NULL,
    ignorable BOOLEAN NOT NULL,
    recorded_at {instant} NOT NULL,
    author_subject TEXT NOT NULL,
    author_role TEXT NOT NULL,
    trace_id TEXT NOT NULL
);
