-- Requests that were claimed, and what they were answered.
CREATE TABLE request (
    request_id TEXT PRIMARY KEY,
    method TEXT NOT NULL,
    caller TEXT NOT NULL,
    content_hash {blob} NOT NULL,
    response {blob},
    recorded_at {instant} NOT NULL
);
