//! The one encoding of what enters a MAC, an AAD or a derivation of our own: each field after its
//! length as a big-endian u64, the first of them a label (F20). Distinct lists of fields have
//! distinct encodings.

use std::mem;

/// Joins the fields.
pub(crate) fn encode(fields: &[&[u8]]) -> Vec<u8> {
    let length = fields
        .iter()
        .map(|field| field.len().saturating_add(8))
        .sum();
    let mut out = Vec::with_capacity(length);
    for field in fields {
        out.extend_from_slice(&length_prefix(field));
        out.extend_from_slice(field);
    }
    out
}

/// Joins parts of fixed lengths, `N` bytes together.
pub(crate) fn join<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut out = [0; N];
    let mut rest = out.as_mut_slice();
    for part in parts {
        let Some((to, after)) = mem::take(&mut rest).split_at_mut_checked(part.len()) else {
            break;
        };
        to.copy_from_slice(part);
        rest = after;
    }
    debug_assert!(rest.is_empty(), "the parts are not {N} bytes together");
    out
}

/// A field's length as it stands before the field.
pub(crate) fn length_prefix(field: &[u8]) -> [u8; 8] {
    (field.len() as u64).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn fields() -> impl Strategy<Value = Vec<Vec<u8>>> {
        // Few distinct bytes and short fields, so that near collisions are tried.
        vec(vec(0_u8..3, 0..12), 0..5)
    }

    fn encode_owned(fields: &[Vec<u8>]) -> Vec<u8> {
        encode(&fields.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    /// Reads an encoding back: that there is one answer makes the encoding injective.
    fn decode(mut bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let (length, rest) = bytes.split_first_chunk()?;
            let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
            let (field, rest) = rest.split_at_checked(length)?;
            fields.push(field.to_vec());
            bytes = rest;
        }
        Some(fields)
    }

    proptest! {
        #[test]
        fn f20_an_encoding_reads_back_as_its_fields(fields in fields()) {
            prop_assert_eq!(decode(&encode_owned(&fields)), Some(fields));
        }

        #[test]
        fn distinct_fields_have_distinct_encodings(a in fields(), b in fields()) {
            prop_assert_eq!(a == b, encode_owned(&a) == encode_owned(&b));
        }
    }
}
