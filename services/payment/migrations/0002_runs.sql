-- Runs and what they pay. Lines and holds are added and never changed. They have no foreign key to their run, which costs
-- a look for every row: they are written in the transaction that moves the run on, and not without it.

-- `unsettled` is 1 while the run waits for calculation, approval or discard, else NULL: at most one run waits.
CREATE TABLE payment_run (
    run_no INTEGER PRIMARY KEY,
    payment_run_id TEXT NOT NULL UNIQUE,
    month INTEGER NOT NULL,
    state TEXT NOT NULL,
    unsettled INTEGER UNIQUE CHECK (unsettled = 1),
    maker TEXT NOT NULL,
    maker_role TEXT NOT NULL,
    create_time {instant} NOT NULL,
    -- The calculation: when a process set to work on it, who wanted it to stop, when it ended.
    start_time {instant},
    canceller TEXT,
    cancel_time {instant},
    end_time {instant},
    approver TEXT,
    approve_time {instant},
    discarder TEXT,
    discard_reason TEXT,
    discard_time {instant},
    opening_month INTEGER NOT NULL,
    frozen_fact_number {int} NOT NULL,
    baseline_run_no INTEGER REFERENCES payment_run (run_no),
    models_fingerprint TEXT NOT NULL,
    engine_version INTEGER NOT NULL,
    cursor_case_key TEXT NOT NULL,
    tally TEXT NOT NULL,
    placements_total {int} NOT NULL,
    error TEXT,
    -- How far the run knows each feed.
    feeds TEXT NOT NULL,
    -- Of an approved run: over all that it is, its lines and holds, the facts it knows, and the approved run before it.
    run_sha256 TEXT
);

CREATE TABLE payment_line (
    run_no INTEGER NOT NULL,
    line_no {int} NOT NULL,
    case_key {key} NOT NULL,
    placement_id TEXT NOT NULL,
    component TEXT NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    model_id TEXT NOT NULL,
    level INTEGER,
    variant TEXT NOT NULL,
    regime TEXT NOT NULL,
    unit TEXT NOT NULL,
    quantity {int} NOT NULL,
    unit_price {int} NOT NULL,
    amount {int} NOT NULL,
    payer_district TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    payee_district TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    settlement TEXT NOT NULL,
    reversal BOOLEAN NOT NULL,
    corrects_run_no INTEGER,
    corrects_line_no {int},
    cause TEXT NOT NULL,
    stands_on TEXT NOT NULL,
    PRIMARY KEY (run_no, line_no)
) {by_key};

-- By run first: a run adds its entries after all others, however long the history.
CREATE INDEX payment_line_case ON payment_line (run_no, case_key);

CREATE TABLE payment_hold (
    run_no INTEGER NOT NULL,
    hold_no {int} NOT NULL,
    case_key {key} NOT NULL,
    placement_id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    -- The board that would pay; empty where no grant says which.
    payer_district TEXT NOT NULL,
    component TEXT NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (run_no, hold_no)
) {by_key};

CREATE INDEX payment_hold_case ON payment_hold (run_no, case_key);

-- The models that runs were calculated with: each content once.
CREATE TABLE archived_text (
    sha256 TEXT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL
);

-- `files`: JSON, a list of the ids of the models' files, each with the SHA-256 of its text; the empty id is the city's services.
CREATE TABLE archived_models (
    fingerprint TEXT NOT NULL PRIMARY KEY,
    files TEXT NOT NULL
);
