//! Who calls, and who may do what: a bearer token becomes a [`Caller`], a [`Policy`] says which roles a method is open
//! to. It knows neither RPC nor database: whoever only needs a caller's role gets no more than that.
//!
//! ```ignore
//! let issuer = LocalIssuer::open_or_create(folder)?;              // a key of one's own: the demo, development, tests
//! let token = issuer.token(&Caller::new("anna", [Role::FinanceMaker]), Duration::minutes(5), clock.now())?;
//! let verifier = Verifier::local(&issuer, &audience("payment"));   // or Verifier::of, with the keys of a city's issuer
//! let caller = verifier.verify(&token, clock.now())?;             // a machine's clock, never a made-up time
//! let path = "/niva.payment.v1.RunService/CreatePaymentRun";     // a method without a rule is closed
//! let policy = Policy::new().open(path, [Opening { role: Role::FinanceMaker, bound: Bound::None }]);
//! let scope = policy.check(path, &caller)?;                       // all that an operation knows of its caller
//! ```

mod call;
mod caller;
mod claims;
mod good;
mod key_error;
mod key_file;
mod keys;
mod known;
mod local;
mod policy;
mod record;
mod scope;
mod secret;
mod verifier;

pub use call::{Call, Find, Messages, purpose};
pub use caller::{ALL_DISTRICTS, Caller, Role, UnknownRole};
pub use claims::{MAX_LIFETIME, audience};
pub use key_error::KeyError;
pub use key_file::KeyFile;
pub use keys::KeySet;
pub use local::LocalIssuer;
pub use policy::{Opening, Policy};
pub use record::{About, Record};
pub use scope::{Bound, OUTSIDE_NAMESPACE, Reach, Scope};
pub use secret::SecretKey;
pub use verifier::Verifier;

#[cfg(test)]
mod tests;
