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

-- Where chains of rows end, by what the rows are. Whoever adds to one updates its row, and so waits for whoever did before.
CREATE TABLE ledger_chain (
    chain TEXT NOT NULL PRIMARY KEY,
    last_no {int} NOT NULL,
    sha256 TEXT NOT NULL
);

INSERT INTO ledger_chain (chain, last_no, sha256) VALUES ('postings', 0, '');
