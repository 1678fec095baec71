-- Who people are. What was told is in fact_revision, encrypted by a key of the person's own (data_key), which is here,
-- encrypted by a key from the service's file (key_id). Without a data key nothing of it can be read any more: it was erased.
CREATE TABLE identity (
    person_id {key} PRIMARY KEY REFERENCES person (person_id),
    key_id TEXT NOT NULL,
    data_key {blob},
    revision {int} NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('stands', 'withdrawn')),
    recorded_at {instant} NOT NULL
);
CREATE INDEX identity_by_key ON identity (key_id);

-- What a person is found by: each number that stands, hashed by each key of the service's file. Nobody else may have one.
CREATE TABLE person_number (
    number_hash {blob} NOT NULL PRIMARY KEY,
    key_id TEXT NOT NULL,
    person_id {key} NOT NULL REFERENCES identity (person_id)
);
CREATE INDEX person_number_by_person ON person_number (person_id);
