-- How providers are paid: what stands now, for queries. What was told, and when, is in fact_revision.
CREATE TABLE payee (
    payee_id {key} PRIMARY KEY,
    provider_id TEXT NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE NOT NULL CHECK (last_day >= first_day),
    state TEXT NOT NULL CHECK (state IN ('stands', 'withdrawn')),
    recorded_at {instant} NOT NULL
);

CREATE INDEX payee_provider ON payee (provider_id);

-- What a run owes each payee, made with its approval and never changed. Each row has the hash of all before it.
CREATE TABLE payment_order (
    order_no INTEGER NOT NULL PRIMARY KEY,
    run_no INTEGER NOT NULL REFERENCES payment_run (run_no),
    payer_district TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    payee_district TEXT NOT NULL,
    settlement TEXT NOT NULL,
    amount {int} NOT NULL,
    lines {int} NOT NULL,
    made_at {instant} NOT NULL,
    sha256 TEXT NOT NULL
);

CREATE UNIQUE INDEX payment_order_relation ON payment_order (run_no, provider_id, payer_district, payee_district, settlement);

CREATE INDEX payment_order_credit ON payment_order (order_no) WHERE amount < 0 AND settlement = 'outgoing';

-- What has happened to orders, in order: an order is what its steps make of it. `state` is what it is after the step. What a kind
-- of step does not say is 0 or empty. Each row has the hash of all before it.
CREATE TABLE payment_order_step (
    step_no {int} NOT NULL PRIMARY KEY,
    order_no INTEGER NOT NULL REFERENCES payment_order (order_no),
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    issue INTEGER NOT NULL,
    amount {int} NOT NULL,
    other_order_no INTEGER NOT NULL,
    word TEXT NOT NULL,
    payee_id TEXT NOT NULL,
    payee_revision {int} NOT NULL,
    payee_name TEXT NOT NULL,
    account_kind TEXT NOT NULL,
    account TEXT NOT NULL,
    supplier_number TEXT NOT NULL,
    account_changed BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    reference TEXT NOT NULL,
    subject TEXT NOT NULL,
    role TEXT NOT NULL,
    recorded_at {instant} NOT NULL,
    sha256 TEXT NOT NULL
);

CREATE UNIQUE INDEX payment_order_step_of ON payment_order_step (order_no, step_no);

CREATE INDEX payment_order_step_open ON payment_order_step (order_no, step_no) WHERE state IN ('held', 'waiting');

-- One row: where both chains end. Whoever adds to them updates it, and so waits for whoever did before.
CREATE TABLE payment_order_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    order_no INTEGER NOT NULL,
    order_sha256 TEXT NOT NULL,
    step_no {int} NOT NULL,
    step_sha256 TEXT NOT NULL
);

INSERT INTO payment_order_head (id, order_no, order_sha256, step_no, step_sha256) VALUES (1, 0, '', 0, '');
