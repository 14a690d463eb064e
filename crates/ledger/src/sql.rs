//! The statements, in the words that SQLite and PostgreSQL share. What differs is in the
//! migrations and in each database's own module.

pub(crate) const LAYOUT: &str =
    "SELECT type, name, tbl_name, sql, rootpage FROM main.sqlite_master";
pub(crate) const MIGRATIONS: &str =
    "SELECT version, description, success, checksum FROM main._sqlx_migrations ORDER BY version";
/// Needs what a statement needs that writes.
pub(crate) const WRITES_NOTHING: &str = "DELETE FROM main._sqlx_migrations WHERE 0";

pub(crate) const COUNTER: &str = "SELECT last_version FROM ledger_counter WHERE only_row = 1";
pub(crate) const SET_COUNTER: &str =
    "UPDATE ledger_counter SET last_version = $1 WHERE only_row = 1";

pub(crate) const LOAD: &str = "SELECT version, revision, state FROM aggregates WHERE id = $1";
pub(crate) const VERSION: &str = "SELECT version FROM aggregates WHERE id = $1";
pub(crate) const REVISION: &str = "SELECT revision FROM aggregates WHERE id = $1";
pub(crate) const PUT: &str = "INSERT INTO aggregates (id, version, revision, state) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE \
     SET version = excluded.version, revision = excluded.revision, state = excluded.state";
pub(crate) const REMOVE: &str = "DELETE FROM aggregates WHERE id = $1";
pub(crate) const REMOVAL: &str = "SELECT revision, tag FROM removals WHERE id = $1";
pub(crate) const REMOVED: &str = "INSERT INTO removals (id, version, revision, tag) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE \
     SET version = excluded.version, revision = excluded.revision, tag = excluded.tag";
pub(crate) const BACK_AGAIN: &str = "DELETE FROM removals WHERE id = $1";
pub(crate) const IS_REMOVED: &str = "SELECT count(*) FROM removals WHERE id = $1";
pub(crate) const CHANGES: &str = "SELECT id, version, 1 FROM aggregates WHERE version > $1 \
     UNION ALL SELECT id, version, 0 FROM removals WHERE version > $1 ORDER BY 2 LIMIT $2";

/// What is stored of each record: its state, or the tag of its removal.
pub(crate) const REVISIONS: &str = "SELECT id, version, revision, 0, state FROM aggregates \
     WHERE id > $1 UNION ALL SELECT id, version, revision, 1, tag FROM removals WHERE id > $1 \
     ORDER BY 1, 4 LIMIT $2";

pub(crate) const INDEX_OF: &str = "SELECT name, key, is_unique FROM index_rows WHERE id = $1";
pub(crate) const INDEX_PUT: &str =
    "INSERT INTO index_rows (name, key, id, is_unique) VALUES ($1, $2, $3, $4)";
pub(crate) const INDEX_DROP: &str =
    "DELETE FROM index_rows WHERE name = $1 AND key = $2 AND id = $3";
/// The others that hold a key.
pub(crate) const INDEX_OTHERS: &str =
    "SELECT id FROM index_rows WHERE name = $1 AND key = $2 AND id <> $3 LIMIT $4";
/// The others that hold a key alone. The literal `1` lets the partial index answer.
pub(crate) const INDEX_OTHERS_UNIQUE: &str = "SELECT id FROM index_rows \
     WHERE name = $1 AND key = $2 AND is_unique = 1 AND id <> $3 LIMIT $4";
pub(crate) const FIND_EXACT: &str = "SELECT key, id FROM index_rows \
     WHERE name = $1 AND key = $2 AND id > $3 ORDER BY id LIMIT $4";
pub(crate) const FIND: &str = "SELECT key, id FROM index_rows \
     WHERE name = $1 AND (key, id) > ($2, $3) ORDER BY key, id LIMIT $4";
pub(crate) const FIND_UNTIL: &str = "SELECT key, id FROM index_rows \
     WHERE name = $1 AND (key, id) > ($2, $3) AND key < $5 ORDER BY key, id LIMIT $4";

pub(crate) const CLAIM: &str = "SELECT owner, expires_ms FROM claims WHERE name = $1";
pub(crate) const CLAIM_PUT: &str = "INSERT INTO claims (name, owner, expires_ms) VALUES ($1, $2, $3) \
     ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires_ms = excluded.expires_ms";
pub(crate) const CLAIM_DROP: &str = "DELETE FROM claims WHERE name = $1 AND owner = $2";

pub(crate) const HEADS: &str = "SELECT chain, sequence, tag FROM audit_heads ORDER BY chain";
pub(crate) const HEAD: &str = "SELECT sequence, tag FROM audit_heads WHERE chain = $1";
pub(crate) const HEAD_PUT: &str = "INSERT INTO audit_heads (chain, sequence, tag) VALUES ($1, $2, $3) \
     ON CONFLICT (chain) DO UPDATE SET sequence = excluded.sequence, tag = excluded.tag";
pub(crate) const ENTRIES: &str = "SELECT sequence, record, phase, at_ms, body, tag, \
     aggregate, version, revision, removed, state_tag FROM audit_entries \
     WHERE chain = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
pub(crate) const ENTRY_PHASES: &str =
    "SELECT phase FROM audit_entries WHERE record = $1 AND chain = $2 AND phase < 4";
pub(crate) const ENTRY_PUT: &str = "INSERT INTO audit_entries \
     (chain, sequence, record, phase, at_ms, body, tag, aggregate, version, revision, removed, \
     state_tag) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

pub(crate) const KEY: &str = "SELECT sealed FROM sealed_keys WHERE id = $1";
pub(crate) const KEY_PUT: &str = "INSERT INTO sealed_keys (id, sealed) VALUES ($1, $2)";
/// By the table itself: an index that lacks the row does not hide it.
pub(crate) const KEY_COUNT: &str = "SELECT count(*) FROM sealed_keys NOT INDEXED WHERE id = $1";
pub(crate) const KEY_ERASE: &str = "DELETE FROM sealed_keys WHERE id = $1";
pub(crate) const KEY_IDS: &str = "SELECT id FROM sealed_keys WHERE id > $1 ORDER BY id LIMIT $2";

/// For files of the form before records had revisions.
pub(crate) const OLD_STATES: &str =
    "SELECT id, version, state FROM aggregates WHERE id > $1 ORDER BY id LIMIT $2";
pub(crate) const SET_STATE: &str = "UPDATE aggregates SET state = $2 WHERE id = $1";
pub(crate) const OLD_REMOVALS: &str =
    "SELECT id, version FROM removals WHERE id > $1 ORDER BY id LIMIT $2";
pub(crate) const SET_REMOVAL: &str = "UPDATE removals SET tag = $2 WHERE id = $1";
