//! Leases of a real installation, by a clock that is set by hand.
