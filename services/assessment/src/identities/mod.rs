//! Who people are: told and shown to few, encrypted, and in no feed.

mod erase;
mod job;
mod keys;
mod merged;
mod sealed;
mod store;
mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_assessment_domain::{Identity, NumberStays};
use niva_base::OpError;
use niva_facts::{Changing, Fact, Happened, Info, Telling};
use niva_names::PersonId;
use niva_proto::assessment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use niva_store::{Tx, facts};
use pb::identity_service_server::IdentityService;
use tonic::Request;

use crate::{Answer, App, persons};
use keys::{DataKey, Ring, Sealer};
use sealed::SealedIdentity;
use wire::Hidden;

pub(crate) use job::start;
pub use keys::{IdentityKeys, IdentityKeysError};
pub(crate) use merged::one_number;

const TOLD_ALREADY: &str = "who this person is was told already: correct the identity, or withdraw it first";

/// Identities as tonic sees them.
pub(crate) struct Identities(pub(crate) Arc<App>);

#[tonic::async_trait]
impl IdentityService for Identities {
    async fn record_person_identity(
        &self,
        request: Request<pb::RecordPersonIdentityRequest>,
    ) -> Answer<pb::RecordPersonIdentityResponse> {
        answer!(self.record(request))
    }

    async fn replace_person_number(
        &self,
        request: Request<pb::ReplacePersonNumberRequest>,
    ) -> Answer<pb::ReplacePersonNumberResponse> {
        answer!(self.replace(request))
    }

    async fn correct_person_identity(
        &self,
        request: Request<pb::CorrectPersonIdentityRequest>,
    ) -> Answer<pb::CorrectPersonIdentityResponse> {
        answer!(self.correct(request))
    }

    async fn withdraw_person_identity(
        &self,
        request: Request<pb::WithdrawPersonIdentityRequest>,
    ) -> Answer<pb::WithdrawPersonIdentityResponse> {
        answer!(self.withdraw(request))
    }

    async fn get_person_identity(
        &self,
        request: Request<pb::GetPersonIdentityRequest>,
    ) -> Answer<pb::GetPersonIdentityResponse> {
        answer!(self.get(request))
    }

    async fn list_person_identity_revisions(
        &self,
        request: Request<pb::ListPersonIdentityRevisionsRequest>,
    ) -> Answer<pb::ListPersonIdentityRevisionsResponse> {
        answer!(self.revisions(request))
    }

    async fn erase_person_identity(
        &self,
        request: Request<pb::ErasePersonIdentityRequest>,
    ) -> Answer<pb::ErasePersonIdentityResponse> {
        answer!(self.erase(request))
    }

    async fn find_person(&self, request: Request<pb::FindPersonRequest>) -> Answer<pb::FindPersonResponse> {
        answer!(self.find(request))
    }
}

impl Identities {
    async fn record(
        &self,
        scope: &Scope,
        request: &pb::RecordPersonIdentityRequest,
    ) -> Result<pb::RecordPersonIdentityResponse, OpError> {
        let ring = &*ring(&self.0)?;
        let identity = &wire::told(request.identity.as_ref(), self.0.clock.today())?;
        let id = &identity.person_id;
        let hidden = request.hidden(ring);
        self.0
            .change_untold(scope, &hidden, |tx, told| {
                Box::pin(async move {
                    persons::told_of(tx, scope, id).await?;
                    let before = facts::newest::<SealedIdentity>(tx, id).await?;
                    let before = before.as_ref().map(crate::info).transpose()?;
                    let info = Identity::recorded(id, before.as_ref(), told)
                        .ok_or_else(|| OpError::already_exists("ID_TAKEN", TOLD_ALREADY))?;
                    let sealer = match before {
                        None => begin(tx, ring, id, &info).await?,
                        Some(_) => own(tx, ring, id).await?,
                    };
                    let answer = tell(tx, ring, &Told { identity, info: &info, sealer: &sealer }).await?;
                    Ok(pb::RecordPersonIdentityResponse { identity: Some(answer) })
                })
            })
            .await
    }

    async fn replace(
        &self,
        scope: &Scope,
        request: &pb::ReplacePersonNumberRequest,
    ) -> Result<pb::ReplacePersonNumberResponse, OpError> {
        let ring = &*ring(&self.0)?;
        let (id, number, first) = &wire::replaced(request, self.0.clock.today())?;
        let hidden = request.hidden(ring);
        self.0
            .change_untold(scope, &hidden, |tx, told| {
                Box::pin(async move {
                    let Held { identity, info, sealer } = self.held(tx, scope, ring, id).await?;
                    persons::stays(tx, id).await?;
                    let next = info.happened(told)?;
                    let answer = match identity.replace_number(number.clone(), *first).map_err(stays)? {
                        Happened::Already(identity) => answered(&identity.person_id, &info),
                        Happened::Now(identity) => {
                            let told = Told { identity: &identity, info: &next, sealer: &sealer };
                            tell(tx, ring, &told).await?
                        }
                    };
                    Ok(pb::ReplacePersonNumberResponse { identity: Some(answer) })
                })
            })
            .await
    }

    async fn correct(
        &self,
        scope: &Scope,
        request: &pb::CorrectPersonIdentityRequest,
    ) -> Result<pb::CorrectPersonIdentityResponse, OpError> {
        let ring = &*ring(&self.0)?;
        let identity = &wire::told(request.identity.as_ref(), self.0.clock.today())?;
        let hidden = request.hidden(ring);
        self.0
            .change_untold(scope, &hidden, |tx, told| {
                Box::pin(async move {
                    let Held { info, sealer, .. } = self.held(tx, scope, ring, &identity.person_id).await?;
                    persons::stays(tx, &identity.person_id).await?;
                    let info = info.corrected(request.expected_revision, because(told, request))?;
                    let answer = tell(tx, ring, &Told { identity, info: &info, sealer: &sealer }).await?;
                    Ok(pb::CorrectPersonIdentityResponse { identity: Some(answer) })
                })
            })
            .await
    }

    async fn withdraw(
        &self,
        scope: &Scope,
        request: &pb::WithdrawPersonIdentityRequest,
    ) -> Result<pb::WithdrawPersonIdentityResponse, OpError> {
        let ring = &*ring(&self.0)?;
        let id = &read::only_id("person_id", &request.person_id)?;
        let hidden = request.hidden(ring);
        self.0
            .change_untold(scope, &hidden, |tx, told| {
                Box::pin(async move {
                    let Held { identity, info, sealer } = self.held(tx, scope, ring, id).await?;
                    let info = info.withdrawn(request.expected_revision, because(told, request))?;
                    let told = Told { identity: &identity, info: &info, sealer: &sealer };
                    let answer = tell(tx, ring, &told).await?;
                    Ok(pb::WithdrawPersonIdentityResponse { identity: Some(answer) })
                })
            })
            .await
    }

    async fn get(
        &self,
        scope: &Scope,
        request: &pb::GetPersonIdentityRequest,
    ) -> Result<pb::GetPersonIdentityResponse, OpError> {
        let ring = &*ring(&self.0)?;
        let (id, at) = &read::id_as_of("person_id", &request.person_id, request.as_of.as_ref())?;
        let read = self.0.db.read(|tx| {
            Box::pin(async move {
                let told = self.0.told::<SealedIdentity>(tx, scope, id, *at).await?;
                shown(tx, scope, ring, id, &[told]).await
            })
        });
        Ok(pb::GetPersonIdentityResponse { identity: read.await?.pop() })
    }

    async fn revisions(
        &self,
        scope: &Scope,
        request: &pb::ListPersonIdentityRevisionsRequest,
    ) -> Result<pb::ListPersonIdentityRevisionsResponse, OpError> {
        let ring = &*ring(&self.0)?;
        let id = &read::only_id("person_id", &request.person_id)?;
        let page = (request.page_size, request.page_token.as_str());
        let (told, next_page_token) = self.0.revisions::<SealedIdentity>(scope, id, page).await?;
        let told = told.as_slice();
        let read = self.0.db.read(|tx| Box::pin(shown(tx, scope, ring, id, told)));
        Ok(pb::ListPersonIdentityRevisionsResponse { identities: read.await?, next_page_token })
    }

    async fn find(
        &self,
        scope: &Scope,
        request: &pb::FindPersonRequest,
    ) -> Result<pb::FindPersonResponse, OpError> {
        let ring = &*ring(&self.0)?;
        let number = &wire::sought(request, self.0.clock.today())?;
        let read = self.0.db.read(|tx| {
            Box::pin(async move {
                let hashes = ring.all().map(|key| key.hash(number.reveal())).collect();
                let Some(id) = store::find(tx, scope, hashes).await? else {
                    all_known(tx, ring).await?;
                    return Err(OpError::not_found("person", "of this number"));
                };
                let (id, identity) = merged::found(tx, scope, ring, id).await?;
                Ok(pb::FindPersonResponse { person_id: id.to_string(), identity })
            })
        });
        read.await
    }

    /// An identity of which something is about to be told, its person held to the transaction's end.
    async fn held(&self, tx: &Tx<'_>, scope: &Scope, ring: &Ring, id: &PersonId) -> Result<Held, OpError> {
        let there = persons::store::lock(tx, scope, id).await?;
        let found = facts::newest::<SealedIdentity>(tx, id).await?.filter(|_| there);
        let told = found.ok_or_else(|| OpError::not_found(SealedIdentity::KIND, id.as_str()))?;
        let sealer = own(tx, ring, id).await?;
        let message = told.open(&sealer)?;
        let identity = wire::stored(&message, self.0.clock.today())?;
        Ok(Held { info: crate::info(&told)?, identity, sealer })
    }
}

/// All that was told of who a person is, as the call may see it; nothing where nothing was told, or it was erased.
pub(crate) async fn exported(
    app: &App,
    tx: &Tx<'_>,
    scope: &Scope,
    id: &PersonId,
) -> Result<Vec<pb::PersonIdentity>, OpError> {
    if store::key(tx, id).await?.is_none() {
        return Ok(Vec::new());
    }
    let told = facts::all::<SealedIdentity>(tx, id).await?;
    shown(tx, scope, &*ring(app)?, id, &told).await
}

/// The keys that the service was given.
fn ring(app: &App) -> Result<Arc<Ring>, OpError> {
    let keys = app.identity_keys.as_ref().ok_or_else(|| {
        let words = "this service was given no keys of identities (--identity-keys), so that it keeps none";
        OpError::precondition("IDENTITY_KEYS_MISSING", words)
    })?;
    Ok(keys.ring())
}

/// An identity as it stands, and what opened it.
struct Held {
    identity: Identity,
    info: Info,
    sealer: Sealer,
}

/// What is told of an identity, and what encrypts it.
struct Told<'a> {
    identity: &'a Identity,
    info: &'a Info,
    sealer: &'a Sealer,
}

/// The telling with the reason that the caller gave, in whose place a hidden one stands.
fn because(told: Telling, request: &impl Changing) -> Telling {
    Telling { reason: request.reason().trim().to_owned(), ..told }
}

/// Makes the key of a person of whom nothing was told.
async fn begin(tx: &Tx<'_>, ring: &Ring, id: &PersonId, info: &Info) -> Result<Sealer, OpError> {
    let (own, by) = (DataKey::random()?, ring.first());
    let wrapped = store::Wrapped { key_id: by.id().to_owned(), key: by.seal(id.as_str(), &own)? };
    match store::insert(tx, id, wrapped, info).await? {
        true => own.sealer(),
        false => Err(OpError::internal(format!("the identity of {id} has a row and no fact"))),
    }
}

/// What opens all that was told of a person.
async fn own(tx: &Tx<'_>, ring: &Ring, id: &PersonId) -> Result<Sealer, OpError> {
    let wrapped = store::key(tx, id).await?.ok_or_else(|| {
        let words = "who this person is was erased: a person who comes again is recorded anew";
        OpError::precondition("IDENTITY_ERASED", words).with("person_id", id)
    })?;
    ring.find(&wrapped.key_id)?.open(id.as_str(), &wrapped.key)?.sealer()
}

/// Keeps the revision, and what the person is found by; the answer repeats nothing of it.
async fn tell(tx: &Tx<'_>, ring: &Ring, told: &Told<'_>) -> Result<pb::PersonIdentity, OpError> {
    let Told { identity, info, sealer } = *told;
    all_known(tx, ring).await?;
    store::update(tx, &identity.person_id, info).await?;
    if !store::find_by(tx, &identity.person_id, hashes(ring, identity, info)).await? {
        let words = "somebody else has or had this number: find out which of the two is right";
        return Err(OpError::already_exists("NUMBER_TAKEN", words));
    }
    facts::append(tx, &[SealedIdentity::seal(identity, info, sealer)?]).await?;
    Ok(answered(&identity.person_id, info))
}

/// A number that is hashed by a key which is not here is not found: what depends on that is refused.
async fn all_known(tx: &Tx<'_>, ring: &Ring) -> Result<(), OpError> {
    match store::unknown_key(tx, ring.ids()).await? {
        Some(id) => ring.find(&id).map(drop),
        None => Ok(()),
    }
}

/// What a person is found by: while the identity stands, each number hashed by each key.
fn hashes(ring: &Ring, identity: &Identity, info: &Info) -> Vec<store::Found> {
    let numbers: Vec<_> = identity.numbers().filter(|_| info.stands()).collect();
    let of = |key: &keys::Key| -> Vec<store::Found> {
        let hash = |number: &&niva_assessment_domain::PersonNumber| store::Found {
            key_id: key.id().to_owned(),
            hash: key.hash(number.reveal()),
        };
        numbers.iter().map(hash).collect()
    };
    ring.all().flat_map(of).collect()
}

/// The answer to a change: it is kept for whoever repeats the request, and so says nothing of the identity.
fn answered(id: &PersonId, info: &Info) -> pb::PersonIdentity {
    let mut answer = pb::PersonIdentity { person_id: id.to_string(), ..pb::PersonIdentity::default() };
    answer.set_info(Some(info));
    wire::withheld(answer)
}

/// Revisions of a person's identity as the call may see them: a protected one, by what stands now, is for whoever has the
/// right and says what for.
async fn shown(
    tx: &Tx<'_>,
    scope: &Scope,
    ring: &Ring,
    id: &PersonId,
    told: &[SealedIdentity],
) -> Result<Vec<pb::PersonIdentity>, OpError> {
    let sealer = own(tx, ring, id).await?;
    let newest = facts::newest::<SealedIdentity>(tx, id).await?;
    let newest = newest.map(|newest| newest.open(&sealer)).transpose()?;
    let sees = scope.sees_protected() || newest.is_none_or(|newest| !newest.is_protected);
    let identities = told.iter().map(|told| told.open(&sealer));
    if sees {
        return identities.collect();
    }
    identities
        .map(|identity| Ok(wire::withheld(pb::PersonIdentity { is_protected: true, ..identity? })))
        .collect()
}

fn stays(refused: NumberStays) -> OpError {
    match refused {
        NumberStays::NotPersonal => OpError::invalid("number", "NUMBER_NOT_PERSONAL", refused.to_string()),
        NumberStays::PersonalAlready => OpError::precondition("NUMBER_PERSONAL_ALREADY", refused.to_string()),
    }
}
