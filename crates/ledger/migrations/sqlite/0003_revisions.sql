-- Each record counts its own changes, and an audit entry says each of them. docs/ledger.md describes it.
-- No new column has a default: a program that does not know them cannot write.

CREATE TABLE aggregates_new (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL CHECK (revision > 0),
    state BLOB NOT NULL
) STRICT;

INSERT INTO aggregates_new (id, version, revision, state) SELECT id, version, 1, state FROM aggregates;

CREATE TABLE index_rows_new (
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    id TEXT NOT NULL REFERENCES aggregates_new (id),
    is_unique INTEGER NOT NULL CHECK (is_unique IN (0, 1)),
    PRIMARY KEY (name, key, id)
) STRICT, WITHOUT ROWID;

INSERT INTO index_rows_new (name, key, id, is_unique) SELECT name, key, id, is_unique FROM index_rows;

DROP TABLE index_rows;
DROP TABLE aggregates;
ALTER TABLE aggregates_new RENAME TO aggregates;
ALTER TABLE index_rows_new RENAME TO index_rows;

CREATE INDEX aggregates_by_version ON aggregates (version);
CREATE INDEX index_rows_by_id ON index_rows (id);
CREATE UNIQUE INDEX index_rows_unique ON index_rows (name, key) WHERE is_unique = 1;

CREATE TABLE removals_new (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL CHECK (revision > 0),
    tag BLOB NOT NULL CHECK (length(tag) = 32)
) STRICT, WITHOUT ROWID;

INSERT INTO removals_new (id, version, revision, tag) SELECT id, version, 1, zeroblob(32) FROM removals;

DROP TABLE removals;
ALTER TABLE removals_new RENAME TO removals;

CREATE INDEX removals_by_version ON removals (version);

CREATE TABLE audit_entries_new (
    chain TEXT NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    record BLOB NOT NULL CHECK (length(record) = 16),
    phase INTEGER NOT NULL CHECK (phase IN (1, 2, 3, 4)),
    at_ms INTEGER NOT NULL,
    body BLOB NOT NULL,
    aggregate TEXT NOT NULL,
    version INTEGER,
    revision INTEGER,
    removed INTEGER CHECK (removed IN (0, 1)),
    state_tag BLOB CHECK (length(state_tag) = 32),
    tag BLOB NOT NULL CHECK (length(tag) = 32),
    PRIMARY KEY (chain, sequence)
) STRICT;

INSERT INTO audit_entries_new (chain, sequence, record, phase, at_ms, body, aggregate, tag)
    SELECT chain, sequence, record, phase, at_ms, body, '', tag FROM audit_entries;

DROP TABLE audit_entries;
ALTER TABLE audit_entries_new RENAME TO audit_entries;

CREATE UNIQUE INDEX audit_entries_by_record ON audit_entries (record, chain, phase) WHERE phase < 4;
