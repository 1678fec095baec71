-- Requests that were claimed, and what they were answered. Each caller's ids are its own in each method: the key is half a SHA-256
-- of caller, method and request id, and half a SHA-256 of what it said tells whether it says the same when it comes again. The
-- answer is deflated, after what it said.
CREATE TABLE request (
    request_key {blob} NOT NULL PRIMARY KEY,
    recorded_at {instant} NOT NULL,
    content_hash {blob} NOT NULL,
    response {blob}
) {by_key};

-- Keys that the service made for itself: they make ids and sign page tokens.
CREATE TABLE secret (
    name TEXT PRIMARY KEY,
    secret {blob} NOT NULL
);
