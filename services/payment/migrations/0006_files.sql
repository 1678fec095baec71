-- Files of runs that were approved: made once, and never changed. Each row has the hash of all before it.
CREATE TABLE payment_file (
    file_no INTEGER NOT NULL PRIMARY KEY,
    run_no INTEGER NOT NULL REFERENCES payment_run (run_no),
    format TEXT NOT NULL,
    file_name TEXT NOT NULL,
    pay_on DATE,
    records {int} NOT NULL,
    amount {int} NOT NULL,
    size {int} NOT NULL,
    content_sha256 TEXT NOT NULL,
    subject TEXT NOT NULL,
    role TEXT NOT NULL,
    made_at {instant} NOT NULL,
    sha256 TEXT NOT NULL
);

CREATE INDEX payment_file_run ON payment_file (run_no, file_no);

-- Their bytes, in order. They are written before their file, whose size and hash are known at the end.
CREATE TABLE payment_file_part (
    file_no INTEGER NOT NULL,
    part_no INTEGER NOT NULL,
    bytes {blob} NOT NULL,
    PRIMARY KEY (file_no, part_no)
);

-- Which file a bank pays an order by, as it was issued then.
CREATE TABLE payment_file_order (
    order_no INTEGER NOT NULL REFERENCES payment_order (order_no),
    issue INTEGER NOT NULL,
    file_no INTEGER NOT NULL,
    PRIMARY KEY (order_no, issue)
);

INSERT INTO ledger_chain (chain, last_no, sha256) VALUES ('files', 0, '');
