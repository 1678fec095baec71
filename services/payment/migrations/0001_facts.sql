-- What is known. Rows are added; the one thing that changes is where a version ends. Cases are gone through in the order of
-- their bytes, whatever the database's language.

-- One row: the number of the last fact. Whoever assigns numbers updates it, and so waits for whoever did before.
CREATE TABLE fact_counter (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    last_number {int} NOT NULL
);

INSERT INTO fact_counter (id, last_number) VALUES (1, 0);

-- What arrived.
CREATE TABLE fact (
    number {int} PRIMARY KEY,
    case_key TEXT,
    unit_id TEXT,
    placement_id TEXT,
    kind TEXT NOT NULL,
    fact_id TEXT NOT NULL,
    revision {int} NOT NULL,
    withdrawn BOOLEAN NOT NULL,
    recorded_at {instant} NOT NULL,
    author_subject TEXT NOT NULL,
    author_role TEXT NOT NULL
);

CREATE INDEX fact_case ON fact (case_key, number);

-- Who approves a run has told nothing that it pays for the first time.
CREATE INDEX fact_author ON fact (author_subject, number);

CREATE TABLE case_version (
    case_key {key} NOT NULL,
    fact_number {int} NOT NULL,
    until_fact_number {int} NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (case_key, fact_number)
) {by_key};

-- One version stands (`STANDS`). Without it PostgreSQL reads the whole table to find a thousand cases, until it has
-- counted it.
CREATE UNIQUE INDEX case_version_stands ON case_version (case_key) WHERE until_fact_number = 9223372036854775807;

CREATE TABLE unit_version (
    unit_id TEXT NOT NULL,
    fact_number {int} NOT NULL,
    until_fact_number {int} NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (unit_id, fact_number)
) {by_key};

CREATE TABLE placement (
    placement_id TEXT NOT NULL PRIMARY KEY,
    case_key TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    fact_number {int} NOT NULL
) {by_key};

-- What stands now of the facts that payment is told itself; what they say is in their revisions.
CREATE TABLE placement_fact (
    kind TEXT NOT NULL,
    fact_id {key} NOT NULL,
    placement_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    stands BOOLEAN NOT NULL,
    recorded_at {instant} NOT NULL,
    PRIMARY KEY (kind, fact_id)
) {by_key};

CREATE INDEX placement_fact_placement ON placement_fact (placement_id, kind);

CREATE INDEX placement_fact_person ON placement_fact (person_id, kind);
