-- Requests that were claimed, and what they were answered. Each caller's ids are its own in each method.
CREATE TABLE request (
    caller TEXT NOT NULL,
    method TEXT NOT NULL,
    request_id TEXT NOT NULL,
    content_hash {blob} NOT NULL,
    response {blob},
    recorded_at {instant} NOT NULL,
    PRIMARY KEY (caller, method, request_id)
);

-- Keys that the service made for itself: they make ids and sign page tokens.
CREATE TABLE secret (
    name TEXT PRIMARY KEY,
    secret {blob} NOT NULL
);
