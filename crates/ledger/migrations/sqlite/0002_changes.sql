-- What was changed since a version, for those who wait for changes. docs/ledger.md describes it.

CREATE INDEX aggregates_by_version ON aggregates (version);

CREATE TABLE removals (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX removals_by_version ON removals (version);
