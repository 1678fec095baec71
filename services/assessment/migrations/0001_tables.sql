-- What stands now, as far as queries, locks and constraints need it. What was told, by whom and when is in fact_revision.

CREATE TABLE person (
    person_id {key} PRIMARY KEY,
    revision {int} NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('stands', 'withdrawn')),
    recorded_at {instant} NOT NULL
);

-- Without a first day: as far back as is known. Without a district: outside the city.
CREATE TABLE residence (
    person_id {key} NOT NULL REFERENCES person (person_id),
    number INTEGER NOT NULL,
    first_day DATE,
    last_day DATE,
    district TEXT,
    PRIMARY KEY (person_id, number)
);
CREATE INDEX residence_by_district ON residence (district);

CREATE TABLE application (
    application_id {key} PRIMARY KEY,
    person_id {key} NOT NULL REFERENCES person (person_id),
    service TEXT NOT NULL,
    district TEXT NOT NULL,
    outcome TEXT CHECK (outcome IN ('granted', 'partly_granted', 'refused')),
    appealed BOOLEAN NOT NULL,
    revision {int} NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('stands', 'withdrawn')),
    recorded_at {instant} NOT NULL
);
CREATE INDEX application_by_person ON application (person_id);

CREATE TABLE "grant" (
    grant_id {key} PRIMARY KEY,
    person_id {key} NOT NULL REFERENCES person (person_id),
    service TEXT NOT NULL,
    district TEXT NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE,
    application_id {key} REFERENCES application (application_id),
    revision {int} NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('stands', 'withdrawn')),
    recorded_at {instant} NOT NULL,
    CHECK (last_day >= first_day)
);
CREATE INDEX grant_by_person ON "grant" (person_id);
CREATE INDEX grant_by_application ON "grant" (application_id);

CREATE TABLE measurement (
    measurement_id {key} PRIMARY KEY,
    person_id {key} NOT NULL REFERENCES person (person_id),
    service TEXT NOT NULL,
    visit_date DATE NOT NULL,
    revision {int} NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('stands', 'withdrawn')),
    recorded_at {instant} NOT NULL
);
CREATE INDEX measurement_by_person ON measurement (person_id);

CREATE TABLE level_decision (
    level_decision_id {key} PRIMARY KEY,
    decision_number {int} NOT NULL UNIQUE,
    person_id {key} NOT NULL REFERENCES person (person_id),
    service TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('measured', 'stated', 'preliminary', 'conversion')),
    valid_from DATE NOT NULL,
    measurement_id {key} REFERENCES measurement (measurement_id),
    revision {int} NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('stands', 'withdrawn')),
    recorded_at {instant} NOT NULL,
    CHECK ((measurement_id IS NOT NULL) = (kind IN ('measured', 'conversion')))
);
CREATE INDEX level_decision_by_person ON level_decision (person_id, decision_number);
CREATE INDEX level_decision_by_measurement ON level_decision (measurement_id);
CREATE UNIQUE INDEX level_decision_once ON level_decision (measurement_id) WHERE kind = 'measured' AND state = 'stands';

-- One row. Whoever updates it holds it to the end of the transaction: numbers ascend in order of commit.
CREATE TABLE decision_counter (counter INTEGER PRIMARY KEY, newest {int} NOT NULL);
INSERT INTO decision_counter (counter, newest) VALUES (1, 0);
