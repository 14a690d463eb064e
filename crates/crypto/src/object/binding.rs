//! What an object is bound to besides its resource, and how that enters the derivation.

use strongroom_base::ResourceUid;

use super::HEADER_LEN;
use crate::encoding::{join, length_prefix};

/// Whether the objects of a resource are bound to their place. Fixed when the resource is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "each has its own byte in the header"
)]
pub enum BindingMode {
    /// An object opens only at the place it was sealed for.
    Location,
    /// An object opens anywhere in its resource.
    Resource,
}

impl BindingMode {
    /// The mode's name, as it is written in configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Location => "location",
            Self::Resource => "resource",
        }
    }
}

/// What one object is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "follows BindingMode")]
pub enum Binding<'a> {
    /// The bytes of the object's path, relative to its resource.
    Location(&'a [u8]),
    /// The resource alone.
    Resource,
}

impl<'a> Binding<'a> {
    /// The mode that the header states.
    #[must_use]
    pub fn mode(self) -> BindingMode {
        match self {
            Self::Location(_) => BindingMode::Location,
            Self::Resource => BindingMode::Resource,
        }
    }

    /// The location bytes; none for a whole resource. The mode, in the header, tells the two apart.
    fn location(self) -> &'a [u8] {
        match self {
            Self::Location(location) => location,
            Self::Resource => &[],
        }
    }
}

/// Bytes of the context before the location.
const FIXED_LEN: usize = 8 + HEADER_LEN + 8 + 16 + 8;

/// The Cobblestone context of an object (F9): header, uid and location, each after its length as a
/// big-endian u64. In two pieces, so that the location is not copied.
pub(super) struct Context<'a> {
    fixed: [u8; FIXED_LEN],
    location: &'a [u8],
}

impl<'a> Context<'a> {
    pub(super) fn new(header: &[u8; HEADER_LEN], uid: ResourceUid, binding: Binding<'a>) -> Self {
        let location = binding.location();
        let uid = uid.as_bytes();
        let fixed = join(&[
            &length_prefix(header),
            header,
            &length_prefix(uid),
            uid,
            &length_prefix(location),
        ]);
        Self { fixed, location }
    }

    pub(super) fn pieces(&self) -> [&[u8]; 2] {
        [&self.fixed, self.location]
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    type Inputs = ([u8; HEADER_LEN], [u8; 16], Vec<u8>);

    fn encoded((header, uid, location): &Inputs) -> Vec<u8> {
        let uid = ResourceUid::from_bytes(*uid);
        Context::new(header, uid, Binding::Location(location))
            .pieces()
            .concat()
    }

    /// Reads a context back: that there is one answer makes the encoding injective.
    fn decoded(bytes: &[u8]) -> Option<Inputs> {
        fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
            let (length, rest) = bytes.split_first_chunk()?;
            rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)
        }
        let (header, rest) = field(bytes)?;
        let (uid, rest) = field(rest)?;
        let (location, rest) = field(rest)?;
        let inputs = (
            header.try_into().ok()?,
            uid.try_into().ok()?,
            location.to_vec(),
        );
        rest.is_empty().then_some(inputs)
    }

    proptest! {
        #[test]
        fn f9_a_context_reads_back_as_what_it_binds(
            inputs in (any::<[u8; HEADER_LEN]>(), any::<[u8; 16]>(), vec(any::<u8>(), 0..300)),
        ) {
            prop_assert_eq!(decoded(&encoded(&inputs)), Some(inputs));
        }
    }

    #[test]
    fn f9_a_whole_resource_has_no_location() {
        let uid = ResourceUid::from_bytes([7; 16]);
        let context = Context::new(&[1; HEADER_LEN], uid, Binding::Resource);
        let expected = ([1; HEADER_LEN], [7; 16], Vec::new());
        assert_eq!(decoded(&context.pieces().concat()), Some(expected));
    }
}
