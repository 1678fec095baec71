-- Every telling of every fact. Rows are added and never changed.
CREATE TABLE fact_revision (
    kind TEXT NOT NULL,
    fact_id {key} NOT NULL,
    revision {int} NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('stands', 'withdrawn')),
    content {blob} NOT NULL,
    recorded_at {instant} NOT NULL,
    author_subject TEXT NOT NULL,
    author_role TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (kind, fact_id, revision)
);
