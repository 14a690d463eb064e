//! What is encrypted.

use bytes::Bytes;

/// Bytes that do not compress and are not all alike.
pub fn message(len: usize) -> Bytes {
    // A linear congruence: no library has to be measured for it.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    (0..len)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            state.to_be_bytes()[0]
        })
        .collect()
}
