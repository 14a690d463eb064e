-- The key file's first schema. docs/ledger.md describes it, and why `lead` stands before `sealed`.

CREATE TABLE sealed_keys (
    id TEXT NOT NULL PRIMARY KEY,
    lead BLOB NOT NULL DEFAULT (zeroblob(4096)) CHECK (length(lead) = 4096),
    sealed BLOB NOT NULL
) STRICT;
