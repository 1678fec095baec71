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
    revision {int} NOT NULL,
    withdrawn BOOLEAN NOT NULL
);
CREATE INDEX grant_by_person ON "grant" (person_id, service);

-- Replaced wishes stay: version and rank tell which.
CREATE TABLE wish (
    grant_id {key} NOT NULL REFERENCES "grant" (grant_id),
    version INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    unit_id {key} NOT NULL REFERENCES unit (unit_id),
    recorded_at {instant} NOT NULL,
    PRIMARY KEY (grant_id, version, rank),
    UNIQUE (grant_id, version, unit_id)
);
CREATE INDEX wish_by_unit ON wish (unit_id);

CREATE TABLE placement (
    placement_id {key} PRIMARY KEY,
    grant_id {key} NOT NULL REFERENCES "grant" (grant_id),
    person_id {key} NOT NULL,
    service TEXT NOT NULL,
    unit_id {key} NOT NULL REFERENCES unit (unit_id),
    state TEXT NOT NULL CHECK (state IN ('ordered', 'withdrawn', 'started', 'no_show', 'ended')),
    ordered_start DATE NOT NULL,
    actual_start DATE,
    notice_date DATE,
    end_date DATE,
    revision {int} NOT NULL,
    CHECK (actual_start >= ordered_start),
    CHECK (notice_date >= ordered_start),
    CHECK (end_date >= actual_start),
    CHECK ((end_date IS NOT NULL) = (state = 'ended'))
);
CREATE INDEX placement_by_unit ON placement (unit_id);
CREATE INDEX placement_by_person ON placement (person_id);
CREATE INDEX placement_by_grant ON placement (grant_id);

CREATE TABLE offer (
    offer_id {key} PRIMARY KEY,
    grant_id {key} NOT NULL REFERENCES "grant" (grant_id),
    person_id {key} NOT NULL,
    service TEXT NOT NULL,
    unit_id {key} NOT NULL REFERENCES unit (unit_id),
    offer_date DATE NOT NULL,
    answer_by DATE NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'declined', 'lapsed')),
    placement_id {key} UNIQUE REFERENCES placement (placement_id),
    CHECK ((placement_id IS NOT NULL) = (state = 'accepted'))
);
CREATE INDEX offer_by_person ON offer (person_id);
CREATE INDEX open_offer_by_unit ON offer (unit_id) WHERE state = 'open';
CREATE INDEX open_offer_by_deadline ON offer (answer_by) WHERE state = 'open';
CREATE UNIQUE INDEX one_open_offer ON offer (grant_id) WHERE state = 'open';
