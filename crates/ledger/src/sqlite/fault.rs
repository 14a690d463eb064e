//! What SQLite says, in the ledger's words.

use std::io;
use std::sync::Arc;

use crate::runtime::CutOff;
use crate::{Cause, Damage, Hindrance, LedgerError};

/// A failure of the database, not of the request.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    Damaged {
        damage: Damage,
        cause: Option<Cause>,
    },
    Unavailable {
        hindrance: Hindrance,
        cause: Option<Cause>,
    },
    /// A newer program has brought the schema further than this one knows.
    Newer {
        found: u64,
        known: u64,
    },
    Closed,
    Unexpected {
        cause: Cause,
    },
}

// The primary result codes of SQLite: https://www.sqlite.org/rescode.html
const PERM: i32 = 3;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const NOMEM: i32 = 7;
const READONLY: i32 = 8;
const IOERR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const PROTOCOL: i32 = 15;
const CONSTRAINT: i32 = 19;
const MISMATCH: i32 = 20;
const AUTH: i32 = 23;
const NOTADB: i32 = 26;

impl Fault {
    pub(crate) const fn damaged(damage: Damage) -> Self {
        Self::Damaged {
            damage,
            cause: None,
        }
    }

    /// A value in a row that is not what it should be is damage; all else is what it is.
    pub(crate) fn reading(error: sqlx::Error, damage: Damage) -> Self {
        match error {
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Damaged {
                damage,
                cause: Some(Arc::new(error)),
            },
            other => other.into(),
        }
    }

    /// What of the operating system's errors is in the way.
    pub(crate) fn hindrance_of(error: &io::Error) -> Hindrance {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Hindrance::Full,
            io::ErrorKind::PermissionDenied
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory => Hindrance::Permission,
            _ => Hindrance::Device,
        }
    }

    pub(crate) const fn is_busy(&self) -> bool {
        matches!(
            self,
            Self::Unavailable {
                hindrance: Hindrance::Busy,
                ..
            }
        )
    }

    /// The same, said of a commit that may have reached the disk.
    pub(crate) fn in_doubt(self) -> LedgerError {
        match self {
            // A busy commit has not begun, and its transaction is rolled back.
            Self::Unavailable {
                hindrance: Hindrance::Busy,
                ..
            } => self.into(),
            Self::Damaged { cause, .. } | Self::Unavailable { cause, .. } => {
                LedgerError::InDoubt { cause }
            }
            Self::Newer { .. } | Self::Closed => LedgerError::InDoubt { cause: None },
            Self::Unexpected { cause } => LedgerError::InDoubt { cause: Some(cause) },
        }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        let primary = match &error {
            sqlx::Error::Database(said) => said
                .code()
                .and_then(|code| code.parse::<i32>().ok())
                .map(|code| code & 0xff),
            _ => None,
        };
        let hindrance = match (&error, primary) {
            // Nothing is written that a constraint forbids, nor of another type, where the rows are as
            // they were found.
            (_, Some(CORRUPT | NOTADB | CONSTRAINT | MISMATCH))
            | (sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_), _) => {
                return Self::Damaged {
                    damage: Damage::Database,
                    cause: Some(Arc::new(error)),
                };
            }
            (sqlx::Error::PoolClosed, _) => return Self::Closed,
            (_, Some(BUSY | LOCKED | PROTOCOL)) | (sqlx::Error::PoolTimedOut, _) => Hindrance::Busy,
            (_, Some(FULL)) => Hindrance::Full,
            (_, Some(PERM | READONLY | CANTOPEN | AUTH)) => Hindrance::Permission,
            (_, Some(IOERR | NOMEM)) | (sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed, _) => {
                Hindrance::Device
            }
            _ => {
                return Self::Unexpected {
                    cause: Arc::new(error),
                };
            }
        };
        Self::Unavailable {
            hindrance,
            cause: Some(Arc::new(error)),
        }
    }
}

impl From<Hindrance> for Fault {
    fn from(hindrance: Hindrance) -> Self {
        let cause = None;
        Self::Unavailable { hindrance, cause }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Unavailable {
            hindrance: Self::hindrance_of(&error),
            cause: Some(Arc::new(error)),
        }
    }
}

/// The runtime lasts as long as what is carried out on it: it was a panic.
impl From<CutOff> for Fault {
    fn from(cut_off: CutOff) -> Self {
        Self::Unexpected {
            cause: Arc::new(cut_off),
        }
    }
}

impl From<Fault> for LedgerError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Damaged { damage, cause } => Self::Damaged { damage, cause },
            Fault::Unavailable { hindrance, cause } => Self::Unavailable { hindrance, cause },
            Fault::Newer { found, known } => Self::NewerSchema { found, known },
            Fault::Closed => Self::Closed,
            Fault::Unexpected { cause } => Self::Unexpected { cause },
        }
    }
}

/// What a row that cannot be read as what it should be is taken for.
pub(crate) fn damaged(damage: Damage) -> impl FnOnce(sqlx::Error) -> Fault {
    move |error| Fault::reading(error, damage)
}
