//! What an object is bound to besides its resource, and how that enters the derivation.

use strongroom_base::ResourceUid;

use super::HEADER_LEN;
use crate::encoding::length_prefix;

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
        let mut fixed = [0; FIXED_LEN];
        let parts: [&[u8]; 5] = [
            &length_prefix(header),
            header,
            &length_prefix(uid),
            uid,
            &length_prefix(location),
        ];
        for (to, from) in fixed.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        Self { fixed, location }
    }

    pub(super) fn pieces(&self) -> [&[u8]; 2] {
        [&self.fixed, self.location]
    }
}
