-- How far a consumer has come in each feed.
CREATE TABLE feed_cursor (
    feed TEXT PRIMARY KEY,
    position {int} NOT NULL,
    updated_at {instant} NOT NULL
);
