/// An organisation that gives services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Opaque id.
    pub provider_id: String,
    /// Name shown to people.
    pub name: String,
}
