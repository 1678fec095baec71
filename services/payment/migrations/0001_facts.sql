-- What is known. Rows are added; the one thing that changes is where a version ends. Cases are gone through in the order of
-- their bytes, whatever the database's language.

-- One row: the number of the last fact. Whoever assigns numbers updates it, and so waits for whoever did before.
CREATE TABLE fact_counter (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    last_number {int} NOT NULL
);

INSERT INTO fact_counter (id, last_number) VALUES (1, 0);

-- What arrived: each revision of each fact once, with what it says. `first_day` and `last_day` are the days whose payment it
-- may have changed, by what was known when it came; a unit's are found where a run compares its versions.
CREATE TABLE fact (
    number {int} PRIMARY KEY,
    case_no {int},
    unit_id TEXT,
    placement_id TEXT,
    kind TEXT NOT NULL,
    fact_id TEXT NOT NULL,
    revision {int} NOT NULL,
    withdrawn BOOLEAN NOT NULL,
    first_day DATE,
    last_day DATE,
    content TEXT NOT NULL,
    recorded_at {instant} NOT NULL,
    author_subject TEXT NOT NULL
);

CREATE INDEX fact_of_case ON fact (case_no, number) WHERE kind NOT IN ('occasion', 'visit');

-- Placements that were told under another person or service than the one whose id it is: there are hardly any.
CREATE INDEX fact_of_another ON fact (fact_id) WHERE kind = 'placement_of_another';

-- Facts of their own days alone: a life has one for each of its days, and few of them are asked for.
CREATE INDEX fact_of_day ON fact (case_no, last_day) WHERE kind IN ('occasion', 'visit');

CREATE INDEX fact_of_day_number ON fact (case_no, number) WHERE kind IN ('occasion', 'visit');

-- A person in a service, and what can still matter of it: made from its facts, and made again whenever one arrives. `doc` is
-- for days from `since` on (NULL: for all), without the facts of days; `last_day` is the last on which anything can be owed or
-- held by itself (NULL: there is none), `day_through` the last that a fact of days is about.
CREATE TABLE care_case (
    case_key {key} NOT NULL PRIMARY KEY,
    case_no {int} NOT NULL,
    service TEXT NOT NULL,
    fact_number {int} NOT NULL,
    since DATE,
    last_day DATE,
    day_through DATE,
    doc TEXT NOT NULL
) {by_key};

CREATE UNIQUE INDEX care_case_no ON care_case (case_no);

CREATE TABLE unit_version (
    unit_id TEXT NOT NULL,
    fact_number {int} NOT NULL,
    until_fact_number {int} NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (unit_id, fact_number)
) {by_key};

CREATE TABLE placement (
    placement_id TEXT NOT NULL PRIMARY KEY,
    case_key {key} NOT NULL,
    unit_id TEXT NOT NULL,
    fact_number {int} NOT NULL
) {by_key};

CREATE INDEX placement_unit ON placement (unit_id);

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
