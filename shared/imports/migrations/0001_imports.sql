CREATE TABLE import (
    import_id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    request_id TEXT,
    content_hash {blob},
    validate_only BOOLEAN NOT NULL,
    author_subject TEXT NOT NULL,
    author_role TEXT NOT NULL,
    reason TEXT NOT NULL,
    recorded_at {instant} NOT NULL,
    started_at {instant},
    ended_at {instant},
    records {int} NOT NULL,
    created {int} NOT NULL,
    corrected {int} NOT NULL,
    unchanged {int} NOT NULL,
    refused {int} NOT NULL,
    error TEXT NOT NULL,
    feed_position {int} NOT NULL,
    UNIQUE (author_subject, request_id)
);
CREATE INDEX import_by_state ON import (state, recorded_at);

CREATE INDEX import_by_author ON import (author_subject, recorded_at);

-- Who wants an import to stop. Whoever lets it take effect holds the import's own row until it ends.
CREATE TABLE import_cancel (
    import_id TEXT PRIMARY KEY,
    author_subject TEXT NOT NULL,
    author_role TEXT NOT NULL,
    recorded_at {instant} NOT NULL
);

-- Entries that are set aside until all of an import is here.
CREATE TABLE import_entry (
    import_id TEXT NOT NULL REFERENCES import (import_id),
    rank INTEGER NOT NULL,
    number {int} NOT NULL,
    origin TEXT NOT NULL,
    content {blob} NOT NULL,
    PRIMARY KEY (import_id, rank, number)
);

-- What is wrong with an import, in the order of its entries.
CREATE TABLE import_error (
    import_id TEXT NOT NULL REFERENCES import (import_id),
    place {int} NOT NULL,
    number {int} NOT NULL,
    origin TEXT NOT NULL,
    field TEXT NOT NULL,
    reason TEXT NOT NULL,
    description TEXT NOT NULL,
    PRIMARY KEY (import_id, place)
);
