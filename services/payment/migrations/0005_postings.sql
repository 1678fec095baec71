-- How runs that are approved are booked: debit is more than nothing, credit less. Each row has the hash of all before it.
CREATE TABLE payment_posting (
    posting_no {int} NOT NULL PRIMARY KEY,
    run_no INTEGER NOT NULL REFERENCES payment_run (run_no),
    account TEXT NOT NULL,
    cost_centre TEXT NOT NULL,
    activity TEXT NOT NULL,
    counterpart TEXT NOT NULL,
    vat TEXT NOT NULL,
    amount {int} NOT NULL,
    sha256 TEXT NOT NULL
);

CREATE INDEX payment_posting_run ON payment_posting (run_no);

-- One row: where the chain ends. Whoever adds to it updates it, and so waits for whoever did before.
CREATE TABLE payment_posting_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    posting_no {int} NOT NULL,
    sha256 TEXT NOT NULL
);

INSERT INTO payment_posting_head (id, posting_no, sha256) VALUES (1, 0, '');
