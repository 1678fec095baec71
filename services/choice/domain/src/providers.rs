use niva_names::ProviderId;
/// An organisation that gives services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Opaque id.
    pub provider_id: ProviderId,
    /// Name shown to people.
    pub name: String,
}
