-- Legal holds: a step places one or lifts it. Steps are added and never changed, each with the hash of the one before.
CREATE TABLE audit_hold_step (
    step_no {int} PRIMARY KEY CHECK (step_no > 0),
    legal_hold_id {key} NOT NULL,
    lifts BOOLEAN NOT NULL,
    -- Empty: whomever a record is about.
    person_id TEXT NOT NULL,
    since {instant},
    until {instant},
    reason TEXT NOT NULL,
    subject TEXT NOT NULL,
    role TEXT NOT NULL,
    recorded_at {instant} NOT NULL,
    sha256 TEXT NOT NULL
);
CREATE UNIQUE INDEX audit_hold_step_once ON audit_hold_step (legal_hold_id, lifts);

-- Seals of records that a hold on a person keeps, as far as they were looked for: what was found once stays here.
CREATE TABLE audit_kept (
    seal_no {int} NOT NULL,
    legal_hold_id {key} NOT NULL,
    PRIMARY KEY (seal_no, legal_hold_id)
) {by_key};

-- What was removed because it was too old: seals that follow each other, with their records. Checkpoints are chained by
-- their hashes, and each has the place of the chain of seals where it stands.
CREATE TABLE audit_checkpoint (
    checkpoint_no {int} PRIMARY KEY CHECK (checkpoint_no > 0),
    first_seal {int} NOT NULL,
    last_seal {int} NOT NULL,
    after_position {int} NOT NULL,
    last_position {int} NOT NULL,
    records {int} NOT NULL,
    before_sha256 TEXT NOT NULL,
    last_sha256 TEXT NOT NULL,
    -- Of the records, when the first and the last call came; when they were sealed.
    first_at {instant} NOT NULL,
    last_at {instant} NOT NULL,
    sealed_at {instant} NOT NULL,
    years {int} NOT NULL CHECK (years > 0),
    -- The newest step of holds that was known.
    hold_step_no {int} NOT NULL,
    hold_sha256 TEXT NOT NULL,
    removed_at {instant} NOT NULL,
    sha256 TEXT NOT NULL,
    CHECK (first_seal <= last_seal AND after_position < last_position AND first_at <= last_at)
);
CREATE UNIQUE INDEX audit_checkpoint_by_seal ON audit_checkpoint (last_seal);
CREATE UNIQUE INDEX audit_checkpoint_by_position ON audit_checkpoint (last_position);
CREATE UNIQUE INDEX audit_seal_by_position ON audit_seal (last_position);
