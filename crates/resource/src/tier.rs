//! Pricing tiers and what they allow (R10).

/// Something that a tier allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Capability {
    /// A customer-managed key, and the managed identity that it needs.
    CustomerManagedKey,
}

/// A pricing tier, by its SKU name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Tier {
    /// The enterprise tier.
    E0,
    /// The free tier.
    F0,
    /// The former standard tier.
    S,
    /// The standard tier.
    #[default]
    S0,
}

/// A text that is not the name of a tier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a pricing tier: expected E0, F0, S or S0")]
pub struct UnknownTier {
    text: String,
}

impl Tier {
    /// What the tier allows.
    #[must_use]
    pub const fn capabilities(self) -> &'static [Capability] {
        match self {
            Self::E0 | Self::S | Self::S0 => &[Capability::CustomerManagedKey],
            Self::F0 => &[],
        }
    }

    /// Whether a customer-managed key, and the managed identity that it needs, are to be had (R10).
    #[must_use]
    pub fn allows_customer_keys(self) -> bool {
        self.capabilities()
            .contains(&Capability::CustomerManagedKey)
    }

    /// The SKU name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::E0 => "E0",
            Self::F0 => "F0",
            Self::S => "S",
            Self::S0 => "S0",
        }
    }
}

impl core::fmt::Display for Tier {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

impl core::str::FromStr for Tier {
    type Err = UnknownTier;

    fn from_str(text: &str) -> Result<Self, UnknownTier> {
        [Self::E0, Self::F0, Self::S, Self::S0]
            .into_iter()
            .find(|tier| tier.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownTier {
                text: text.to_owned(),
            })
    }
}
