-- Records that are of one person, as now known: what was told is in fact_revision, or came by a feed.
CREATE TABLE person_merge (
    person_merge_id {key} PRIMARY KEY,
    from_person_id {key} NOT NULL,
    into_person_id {key} NOT NULL,
    revision {int} NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('stands', 'withdrawn')),
    recorded_at {instant} NOT NULL,
    CHECK (from_person_id <> into_person_id)
);
CREATE UNIQUE INDEX person_merge_once ON person_merge (from_person_id) WHERE state = 'stands';
CREATE INDEX person_merge_into ON person_merge (into_person_id);

-- What follows from those that stand, for queries: which ids are of one person with an id, and whether it is the one that
-- stays. Nobody has a row but who was merged.
CREATE TABLE same_person (
    person_id {key} NOT NULL,
    other_id {key} NOT NULL,
    stays BOOLEAN NOT NULL,
    PRIMARY KEY (person_id, other_id)
) {by_key};
