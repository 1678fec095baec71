-- What stands now, for queries, locks and constraints. What was told, and when, is in fact_revision.
CREATE TABLE provider (
    provider_id {key} PRIMARY KEY,
    name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('stands', 'withdrawn')),
    recorded_at {instant} NOT NULL
);

CREATE TABLE unit (
    unit_id {key} PRIMARY KEY,
    name TEXT NOT NULL,
    service TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('stands', 'withdrawn')),
    recorded_at {instant} NOT NULL
);

-- What a unit is like by day, without gaps; the last period has no last day.
CREATE TABLE unit_period (
    unit_id {key} NOT NULL REFERENCES unit (unit_id),
    valid_from DATE NOT NULL,
    last_day DATE CHECK (last_day >= valid_from),
    provider_id {key} NOT NULL REFERENCES provider (provider_id),
    district TEXT NOT NULL,
    regime TEXT NOT NULL,
    capacity {int} NOT NULL CHECK (capacity >= 0),
    orientation TEXT NOT NULL,
    PRIMARY KEY (unit_id, valid_from)
);
CREATE INDEX unit_period_by_provider ON unit_period (provider_id);

-- What the feed of assessment told: no key to a person, who is another service's.
CREATE TABLE "grant" (
    grant_id {key} PRIMARY KEY,
    person_id {key} NOT NULL,
    service TEXT NOT NULL,
    district TEXT NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE,
    state TEXT NOT NULL CHECK (state IN ('stands', 'withdrawn')),
    revision {int} NOT NULL
);
CREATE INDEX grant_by_person ON "grant" (person_id, service);

CREATE TABLE wish (
    wish_id {key} PRIMARY KEY,
    grant_id {key} NOT NULL REFERENCES "grant" (grant_id),
    person_id {key} NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('stands', 'withdrawn')),
    recorded_at {instant} NOT NULL
);
CREATE INDEX wish_by_person ON wish (person_id);
CREATE UNIQUE INDEX one_wish ON wish (grant_id) WHERE state = 'stands';

CREATE TABLE wish_unit (
    wish_id {key} NOT NULL REFERENCES wish (wish_id),
    rank INTEGER NOT NULL,
    unit_id {key} NOT NULL REFERENCES unit (unit_id),
    PRIMARY KEY (wish_id, rank),
    UNIQUE (wish_id, unit_id)
);
CREATE INDEX wish_unit_by_unit ON wish_unit (unit_id);

-- `stage`: what has happened to it. `last_day`: the last day on which it holds a place; none: nobody knows yet.
CREATE TABLE placement (
    placement_id {key} PRIMARY KEY,
    grant_id {key} NOT NULL REFERENCES "grant" (grant_id),
    person_id {key} NOT NULL,
    service TEXT NOT NULL,
    unit_id {key} NOT NULL REFERENCES unit (unit_id),
    stage TEXT NOT NULL CHECK (stage IN ('ordered', 'started', 'no_show', 'ended')),
    ordered_start DATE NOT NULL,
    actual_start DATE CHECK (actual_start >= ordered_start),
    notice_date DATE CHECK (notice_date >= ordered_start),
    end_date DATE CHECK (end_date >= actual_start),
    last_day DATE,
    beside TEXT NOT NULL CHECK (beside IN ('alone', 'switch', 'trial', 'exception')),
    beside_reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('stands', 'withdrawn')),
    recorded_at {instant} NOT NULL,
    CHECK ((end_date IS NOT NULL) = (stage = 'ended'))
);
CREATE INDEX placement_by_unit ON placement (unit_id);
CREATE INDEX placement_by_person ON placement (person_id, service);
CREATE INDEX placement_by_grant ON placement (grant_id);

CREATE TABLE offer (
    offer_id {key} PRIMARY KEY,
    grant_id {key} NOT NULL REFERENCES "grant" (grant_id),
    person_id {key} NOT NULL,
    service TEXT NOT NULL,
    unit_id {key} NOT NULL REFERENCES unit (unit_id),
    offer_date DATE NOT NULL,
    answer_by DATE NOT NULL,
    answer TEXT NOT NULL CHECK (answer IN ('open', 'accepted', 'declined', 'lapsed')),
    placement_id {key} UNIQUE REFERENCES placement (placement_id),
    state TEXT NOT NULL CHECK (state IN ('stands', 'withdrawn')),
    recorded_at {instant} NOT NULL,
    CHECK ((placement_id IS NOT NULL) = (answer = 'accepted'))
);
CREATE INDEX offer_by_person ON offer (person_id, service);
CREATE INDEX open_offer_by_unit ON offer (unit_id) WHERE answer = 'open' AND state = 'stands';
CREATE INDEX open_offer_by_deadline ON offer (answer_by) WHERE answer = 'open' AND state = 'stands';
CREATE UNIQUE INDEX one_open_offer ON offer (grant_id) WHERE answer = 'open' AND state = 'stands';
