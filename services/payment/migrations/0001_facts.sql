-- What is known. Rows are added; the one thing that changes is where a version ends. Cases are gone through in the order of
-- their bytes, whatever the database's language.

-- One row: the number of the last fact. Whoever assigns numbers updates it, and so waits for whoever did before.
CREATE TABLE fact_counter (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    last_number {int} NOT NULL
);

INSERT INTO fact_counter (id, last_number) VALUES (1, 0);

-- Who told: each subject in each role once, numbered as it comes.
CREATE TABLE author (
    author_no INTEGER NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL,
    role TEXT NOT NULL,
    UNIQUE (subject, role)
);

-- Every revision of every fact, once: what arrived by a feed, and what payment was told itself. `case_no` is 0 for a unit's, whose
-- id is the fact's, and for what is of a person in all services (that records were merged), and `placement_no` 0 for what is about no placement. `first_day` and `last_day` are the days that it is
-- found by (NULL for a unit's, which has versions); `touched_first` and `touched_last` those whose payment it may have changed,
-- by what was known when it came. Where these are NULL it says nothing to a case (nor does a unit's, whose versions a run
-- compares): nobody has approved it yet. `content` is the contract's message without what stands in columns, of a feed's fact
-- JSON. A life has a row for each of its days: what is of fixed width comes first, and of those rows nothing is NULL.
CREATE TABLE fact (
    number {int} NOT NULL,
    recorded_at {instant} NOT NULL,
    case_no INTEGER NOT NULL,
    placement_no INTEGER NOT NULL,
    author_no INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    first_day DATE,
    last_day DATE,
    touched_first DATE,
    touched_last DATE,
    withdrawn BOOLEAN NOT NULL,
    kind TEXT NOT NULL,
    fact_id {key} NOT NULL,
    reason TEXT NOT NULL,
    content {blob} NOT NULL,
    PRIMARY KEY (case_no, number)
) {by_key};

-- Rows come in the order of their number.
CREATE INDEX fact_number ON fact {as_it_comes} (number) {as_it_comes_kept};

-- Those that payment is told itself are found by id; the feeds' are kept where they come from.
CREATE UNIQUE INDEX fact_telling ON fact (kind, fact_id, revision)
    WHERE kind NOT IN ('grant', 'level_decision', 'placement', 'placement_of_another', 'unit');

-- Facts of their own days alone: a life has one for each of its days, and few of them are asked for. All others of a case are read
-- together.
CREATE INDEX fact_of_day ON fact (case_no, touched_last) WHERE kind IN ('occasion', 'visit');

CREATE INDEX fact_of_case ON fact (case_no, number) WHERE kind NOT IN ('occasion', 'visit');

-- Placements that were told under another person or service than the one whose id it is: there are hardly any.
CREATE INDEX fact_of_another ON fact (fact_id) WHERE kind = 'placement_of_another';

-- Which records are of one person: there are few, and all are read together.
CREATE INDEX fact_of_merge ON fact (number) WHERE kind = 'person_merge';

-- A person in a service, and what can still matter of it: made from its facts, and made again whenever one arrives. `doc` is bytes,
-- for days from `since` on (NULL: for all), without the facts of days; `last_day` is the last on which anything can be owed or
-- held by itself (NULL: there is none), `day_through` the last that a fact of days is about.
CREATE TABLE care_case (
    case_key {key} NOT NULL PRIMARY KEY,
    case_no INTEGER NOT NULL,
    service TEXT NOT NULL,
    fact_number {int} NOT NULL,
    since DATE,
    last_day DATE,
    day_through DATE,
    doc {blob} NOT NULL
) {by_key};

CREATE UNIQUE INDEX care_case_no ON care_case (case_no);

CREATE TABLE unit_version (
    unit_id TEXT NOT NULL,
    fact_number {int} NOT NULL,
    until_fact_number {int} NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (unit_id, fact_number)
) {by_key};

-- `placement_no` names a placement in the rows of its facts.
CREATE TABLE placement (
    placement_id TEXT NOT NULL PRIMARY KEY,
    placement_no INTEGER NOT NULL,
    case_key {key} NOT NULL,
    unit_id TEXT NOT NULL,
    fact_number {int} NOT NULL
) {by_key};

CREATE UNIQUE INDEX placement_number ON placement (placement_no);

CREATE INDEX placement_unit ON placement (unit_id);
