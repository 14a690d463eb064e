//! Ids of the vault: drawn by a driver, printed and read as 32 lower-case hexadecimal digits, since a
//! key version stands in an address.

use strongroom_base::ids;

ids! {
    /// One version of a key: the last segment of its URI.
    pub KeyVersion = "key version", Digits;
    /// The operation of another machine that a grant was made for, so that an undo finds it again.
    pub OpId = "operation id", Digits;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_round_trip_and_either_letter_case_is_read() {
        let version = KeyVersion::from_bytes([0xab; 16]);
        assert_eq!(version.to_string(), "ab".repeat(16));
        assert_eq!("AB".repeat(16).parse(), Ok(version));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for bad in [
            "",
            "0a",
            &"+a".repeat(16),
            &"0g".repeat(16),
            &"é".repeat(16),
        ] {
            let error = bad.parse::<KeyVersion>().unwrap_err();
            assert!(error.to_string().contains("is not a key version"), "{bad}");
        }
    }
}
