//! Ids that no other room has: drawn at creation, never reused, kept for life.

use strongroom_base::ids;

ids! {
    /// The client id of an application. It is not the object id of its principal.
    pub AppId = "client id", Hyphenated;
    /// A resource group for as long as it lives. Resources and vaults name their group by it, so
    /// that a group moves in one row.
    pub GroupUid = "group uid", Simple;
    /// A vault for as long as it lives. Vault names are used again after a purge: rights bound to a
    /// name would pass to a stranger, rights bound to a uid do not.
    pub VaultUid = "vault uid", Simple;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_round_trip_and_a_bad_uid_is_refused_by_kind() {
        let uid = GroupUid::from_bytes([0xab; 16]);
        assert_eq!(uid.to_string(), "ab".repeat(16));
        assert_eq!(uid.to_string().parse(), Ok(uid));
        let error = "default".parse::<VaultUid>().unwrap_err().to_string();
        assert_eq!(
            error,
            "`default` is not a vault uid: expected 32 hexadecimal digits, with or without hyphens"
        );
    }
}
