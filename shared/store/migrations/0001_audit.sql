-- One row a call that showed or changed something of a person, changed anything else, or was refused. Rows are added,
-- never changed, and removed by a checkpoint alone. Persons and placements are lists of ids, as JSON.
CREATE TABLE audit_record (
    position {position},
    recorded_at {instant} NOT NULL,
    subject TEXT NOT NULL,
    role TEXT NOT NULL,
    scope TEXT NOT NULL,
    method TEXT NOT NULL,
    purpose TEXT NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    calls {int} NOT NULL CHECK (calls > 0),
    persons TEXT NOT NULL,
    placements TEXT NOT NULL,
    left_out {int} NOT NULL
);
CREATE INDEX audit_record_by_time ON audit_record (recorded_at, position);
CREATE INDEX audit_record_by_subject ON audit_record (subject, position);

-- By whom a record is found.
CREATE TABLE audit_about (
    kind TEXT NOT NULL CHECK (kind IN ('person', 'placement')),
    id {key} NOT NULL,
    position {int} NOT NULL,
    PRIMARY KEY (kind, id, position)
) {by_key};
CREATE INDEX audit_about_by_position ON audit_about (position);

-- Batches of records in order, each with the hash of what it holds and of the batch before it.
CREATE TABLE audit_seal (
    seal_no {int} PRIMARY KEY,
    last_position {int} NOT NULL,
    records {int} NOT NULL,
    sealed_at {instant} NOT NULL,
    sha256 TEXT NOT NULL
);

-- The newest seal, kept a second time: a seal that is gone is missed.
CREATE TABLE audit_head (
    head_no {int} PRIMARY KEY CHECK (head_no = 1),
    seal_no {int} NOT NULL,
    sha256 TEXT NOT NULL
);
