-- The key file's first schema. docs/ledger.md describes it.

CREATE TABLE sealed_keys (
    id TEXT NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT;
