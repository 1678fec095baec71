//! Everything that reads bytes from outside, each as one function that must not panic whatever it is given, and that asserts
//! what must hold of what was accepted.
//!
//! `cargo nextest run -p niva-fuzz` feeds each some thousand changed seeds, the same in every run (`NIVA_SEED` and
//! `NIVA_FUZZ_ROUNDS` play others, and more). `libfuzzer/` is the same for `cargo fuzz`, which looks for new paths by itself.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is asserted here fails by panicking"
)]

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, NaiveDate, Utc};
use niva_access::{KeySet, SecretKey, Verifier};
use niva_assessment_domain::Instruments;
use niva_models::Catalogue;
use niva_names::ServiceCatalogue;
use niva_rpc::fuzz::Broken;
use niva_store::page::PageRequest;

#[cfg(test)]
mod rounds;

/// A function that reads bytes.
pub type Target = fn(&[u8]);

/// Each with its name, which is that of its seeds' folder too.
pub const TARGETS: [(&str, Target); 13] = [
    ("assessment_requests", |data| hold(niva_assessment::fuzz::requests(data, &CITY))),
    ("choice_requests", |data| hold(niva_choice::fuzz::requests(data, &CITY, today()))),
    ("payment_requests", |data| hold(niva_payment::fuzz::requests(data, &CITY, &MODELS, today()))),
    ("payment_feeds", |data| hold(niva_payment::fuzz::feeds(data))),
    ("payment_contents", |data| hold(niva_payment::fuzz::contents(data))),
    ("tokens", tokens),
    ("keys", keys),
    ("pages", pages),
    ("city_files", city_files),
    ("models", models),
    ("catalogues", catalogues),
    ("instruments", instruments),
    ("deadlines", deadlines),
];

static CITY: LazyLock<Arc<ServiceCatalogue>> =
    LazyLock::new(|| Arc::new(ServiceCatalogue::shipped().expect("the shipped city")));

static MODELS: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::shipped().expect("the shipped models"));

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 4, 2).expect("a day")
}

/// What a service says does not hold stops the search.
fn hold(held: Result<(), Broken>) {
    held.expect("what must hold of what was accepted");
}

/// Public keys of an issuer that nobody has the private ones of.
const KEYS: &[u8] = include_bytes!("../seeds/keys/two.json");

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    Verifier::of("https://issuer.test", "urn:niva:payment", KeySet::read(KEYS).expect("keys"))
});

/// A token: nobody has signed one, so none opens.
pub fn tokens(data: &[u8]) {
    let Ok(token) = std::str::from_utf8(data) else { return };
    let now = DateTime::<Utc>::UNIX_EPOCH;
    let refused = VERIFIER.verify(token, now).expect_err("a token that nobody has signed opens");
    assert!(["TOKEN_INVALID", "TOKEN_EXPIRED", "TOKEN_NOT_YET_VALID"].contains(&refused.reason()));
    assert!(refused.to_string().len() < 1_000, "what is refused is not said again");
}

/// A JWK set.
pub fn keys(data: &[u8]) {
    if let Ok(keys) = KeySet::read(data) {
        let verifier = Verifier::of("https://issuer.test", "urn:niva:payment", keys);
        assert!(verifier.verify("x.y.z", DateTime::<Utc>::UNIX_EPOCH).is_err());
    }
}

/// A page token: none but ours is good.
pub fn pages(data: &[u8]) {
    let key = || SecretKey::of([7; 32]);
    let Ok(text) = std::str::from_utf8(data) else { return };
    if !text.is_empty() {
        assert!(PageRequest::parse(10, text, key(), 100).is_err(), "a forged token is good");
    }
    let own = PageRequest::parse(10, "", key(), 100).expect("the first page").token(text);
    let read = PageRequest::parse(10, &own, key(), 100).expect("our own token is good");
    assert_eq!(read.after.as_deref(), Some(text));
}

/// A city's files.
const FILES: [&str; 8] = [
    "persons.csv",
    "grants.csv",
    "measurements.csv",
    "providers.csv",
    "units.csv",
    "placements.csv",
    "sessions.csv",
    "occasions.csv",
];

/// A city's files, one after the other, with a zero byte between them.
pub fn city_files(data: &[u8]) {
    let mut parts = data.split(|byte| *byte == 0);
    let files = FILES.map(|name| (name, parts.next().unwrap_or_default().to_vec()));
    if let Err(refused) = niva_city::read_bytes(&files, &CITY) {
        assert!(!refused.problems.is_empty(), "refused for nothing");
    }
}

/// A model's file: what is accepted reads the same again.
pub fn models(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let files = || vec![("fuzzed".to_owned(), text.to_owned())];
    match Catalogue::from_files(&CITY, files()) {
        Ok(read) => {
            let again = Catalogue::kept(&CITY, read.files.clone()).expect("what was accepted is kept");
            assert!(again.models == read.models, "it is read back otherwise");
        }
        Err(refused) => assert!(!refused.problems.is_empty(), "refused for nothing"),
    }
}

/// A city's catalogue.
pub fn catalogues(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match ServiceCatalogue::parse("fuzzed", text) {
        Ok(read) => {
            assert!(read.services().iter().all(|service| read.service(service.key.as_str()).is_ok()));
            assert!(ServiceCatalogue::parse("again", read.text()).expect("it was accepted") == read);
        }
        Err(refused) => assert!(!refused.problems.is_empty(), "refused for nothing"),
    }
}

/// An instrument's file.
pub fn instruments(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    drop(Instruments::parse(&[("fuzzed", text)], &CITY));
}

/// A caller's deadline.
pub fn deadlines(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(asked) = niva_rpc::server::grpc_timeout(text) {
        assert!(text.len() <= 9, "{text}");
        assert!(asked.as_secs() < 100_000_000 * 3_600);
    }
}
