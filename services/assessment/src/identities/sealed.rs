//! An identity as it is kept: a fact whose content nobody reads without the person's own key.

use niva_assessment_domain::Identity;
use niva_base::OpError;
use niva_facts::{Fact, Info};
use niva_names::PersonId;
use niva_proto::assessment::v1 as pb;
use niva_proto::common::v1::FactInfo;
use prost::Message;

use super::keys::Sealer;
use super::wire;

/// A revision of an identity, encrypted: all but whose it is, who told it and when.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct SealedIdentity {
    #[prost(string, tag = "1")]
    person_id: String,
    /// A [`pb::PersonIdentity`] with its reason.
    #[prost(bytes = "vec", tag = "2")]
    sealed: Vec<u8>,
    #[prost(message, optional, tag = "20")]
    info: Option<FactInfo>,
}

impl Fact for SealedIdentity {
    type Id = PersonId;
    const KIND: &'static str = "person_identity";

    fn fact_id(&self) -> &str {
        &self.person_id
    }

    fn info(&self) -> Option<Info> {
        self.info.as_ref().and_then(niva_proto::facts::read)
    }

    fn set_info(&mut self, info: Option<&Info>) {
        self.info = info.map(niva_proto::facts::write);
    }
}

impl SealedIdentity {
    pub(super) fn seal(identity: &Identity, info: &Info, by: &Sealer) -> Result<Self, OpError> {
        let mut message = wire::message(identity, Some(info));
        if let Some(told) = &mut message.info {
            // What is not secret is in columns.
            *told = FactInfo { reason: std::mem::take(&mut told.reason), ..FactInfo::default() };
        }
        let person_id = identity.person_id.to_string();
        let sealed =
            by.seal(&about(&person_id, info.revision.to_be_bytes().as_slice()), message.encode_to_vec())?;
        let mut kept = Self { person_id, sealed, info: None };
        kept.set_info(Some(info));
        if let Some(told) = &mut kept.info {
            told.reason.clear();
        }
        Ok(kept)
    }

    /// The last revision, of which nothing is left but who erased it.
    pub(super) fn erased(person: &PersonId, info: &Info) -> Self {
        let mut kept = Self { person_id: person.to_string(), ..Self::default() };
        kept.set_info(Some(info));
        kept
    }

    /// The identity, with all that was told of it.
    pub(super) fn open(&self, by: &Sealer) -> Result<pb::PersonIdentity, OpError> {
        let info = crate::info(self)?;
        let plain = by.open(&about(&self.person_id, &info.revision.to_be_bytes()), &self.sealed)?;
        let mut message = pb::PersonIdentity::decode(plain.as_slice())
            .map_err(|_| OpError::internal(format!("the identity of {} cannot be read", self.person_id)))?;
        let reason = message.info.take().unwrap_or_default().reason;
        message.info = self.info.clone().map(|info| FactInfo { reason, ..info });
        Ok(message)
    }
}

/// What a revision is bound to.
fn about<'a>(person: &'a str, revision: &'a [u8]) -> [&'a [u8]; 3] {
    [SealedIdentity::KIND.as_bytes(), person.as_bytes(), revision]
}
