-- The ledger's first schema. docs/ledger.md describes every table.
-- Texts compare by their bytes everywhere: here by BINARY, the default.

CREATE TABLE ledger_counter (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    last_version INTEGER NOT NULL CHECK (last_version >= 0)
) STRICT;

INSERT INTO ledger_counter (only_row, last_version) VALUES (1, 0);

CREATE TABLE aggregates (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    state BLOB NOT NULL
) STRICT;

CREATE TABLE index_rows (
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    id TEXT NOT NULL REFERENCES aggregates (id),
    is_unique INTEGER NOT NULL CHECK (is_unique IN (0, 1)),
    PRIMARY KEY (name, key, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX index_rows_by_id ON index_rows (id);
CREATE UNIQUE INDEX index_rows_unique ON index_rows (name, key) WHERE is_unique = 1;

CREATE TABLE claims (
    name TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_entries (
    chain TEXT NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    record BLOB NOT NULL CHECK (length(record) = 16),
    phase INTEGER NOT NULL CHECK (phase IN (1, 2, 3)),
    at_ms INTEGER NOT NULL,
    body BLOB NOT NULL,
    tag BLOB NOT NULL CHECK (length(tag) = 32),
    PRIMARY KEY (chain, sequence)
) STRICT;

CREATE UNIQUE INDEX audit_entries_by_record ON audit_entries (record, chain, phase);

CREATE TABLE audit_heads (
    chain TEXT NOT NULL PRIMARY KEY,
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    tag BLOB NOT NULL CHECK (length(tag) = 32)
) STRICT, WITHOUT ROWID;
