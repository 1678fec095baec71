use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use niva_facts::Author;
use serde_json::{Value, json};

use super::*;

fn now() -> DateTime<Utc> {
    "2024-03-01T08:00:00Z".parse().unwrap()
}

struct Issuer {
    folder: tempfile::TempDir,
    issuer: LocalIssuer,
}

fn issuer() -> Issuer {
    let folder = tempfile::tempdir().unwrap();
    let issuer = LocalIssuer::open_or_create(folder.path()).unwrap();
    Issuer { folder, issuer }
}

impl Issuer {
    fn signed(&self, algorithm: Algorithm, claims: &Value) -> String {
        let der = std::fs::read(self.folder.path().join("issuer.key")).unwrap();
        let header = Header { kid: Some(self.issuer.kid().to_owned()), ..Header::new(algorithm) };
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_ed_der(&der)).unwrap()
    }

    fn verify(&self, token: &str) -> Result<Caller, &'static str> {
        Verifier::local(&self.issuer).verify(token, now()).map_err(|e| e.reason())
    }
}

fn claims() -> Value {
    json!({"iss": "niva-local", "aud": "niva", "sub": "anna", "exp": now().timestamp() + 60,
           "niva_roles": ["finance_maker", "gardener"]})
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn with(name: &str, value: impl Into<Value>) -> Value {
    let mut claims = claims();
    claims[name] = value.into();
    claims
}

#[test]
fn a_token_names_its_caller() {
    let own = issuer();
    let mut anna = Caller::new("anna", [Role::Provider, Role::Auditor]);
    anna.districts = vec!["Vinsta".into()];
    anna.provider = Some("p1".into());
    let token = own.issuer.token(&anna, Duration::minutes(5), now()).unwrap();
    let read = own.verify(&token).unwrap();
    assert_eq!(read, anna);
    let read = own.verify(&own.signed(Algorithm::EdDSA, &claims())).unwrap();
    assert_eq!(read.roles, [Role::FinanceMaker].into(), "unknown roles open nothing");
    assert!(own.verify(&own.signed(Algorithm::EdDSA, &with("aud", json!(["x", "niva"])))).is_ok());
}

#[test]
fn a_token_that_lacks_or_fails_anything_is_refused() {
    let own = issuer();
    for name in ["exp", "aud", "iss", "sub"] {
        assert_eq!(own.verify(&own.signed(Algorithm::EdDSA, &without(name))), Err("TOKEN_INVALID"), "{name}");
    }
    let past = now().timestamp() - 31;
    let future = now().timestamp() + 31;
    for (claims, reason) in [
        (with("exp", past), "TOKEN_EXPIRED"),
        (with("nbf", future), "TOKEN_NOT_YET_VALID"),
        (with("aud", "other"), "TOKEN_INVALID"),
        (with("iss", "other"), "TOKEN_INVALID"),
        (with("exp", "soon"), "TOKEN_INVALID"),
    ] {
        assert_eq!(own.verify(&own.signed(Algorithm::EdDSA, &claims)), Err(reason), "{claims}");
    }
    assert_eq!(own.verify("x.y.z"), Err("TOKEN_INVALID"));
    assert_eq!(issuer().verify(&own.signed(Algorithm::EdDSA, &claims())), Err("TOKEN_INVALID"), "other key");
}

#[test]
fn one_person_is_one_subject_and_has_one_of_the_two_finance_roles() {
    let own = issuer();
    for subject in ["", " ", " anna", "anna ", "anna\u{a0}", "an\tna"] {
        assert_eq!(
            own.verify(&own.signed(Algorithm::EdDSA, &with("sub", subject))),
            Err("TOKEN_INVALID"),
            "{subject:?}"
        );
    }
    let both = with("niva_roles", json!(["finance_maker", "auditor", "finance_approver"]));
    assert_eq!(own.verify(&own.signed(Algorithm::EdDSA, &both)), Err("TOKEN_INVALID"));
}

#[test]
fn the_token_does_not_choose_the_algorithm() {
    let own = issuer();
    let good = own.signed(Algorithm::EdDSA, &claims());
    let body = good.split('.').nth(1).unwrap();
    let header = |alg: &str| {
        URL_SAFE_NO_PAD.encode(json!({"alg": alg, "typ": "JWT", "kid": own.issuer.kid()}).to_string())
    };
    assert_eq!(own.verify(&format!("{}.{body}.", header("none"))), Err("TOKEN_INVALID"));
    // The public key as a shared secret: the classic confusion.
    let public = own.issuer.jwks();
    let public: Value = serde_json::from_str(&public).unwrap();
    let secret = URL_SAFE_NO_PAD.decode(public["keys"][0]["x"].as_str().unwrap()).unwrap();
    let hs = Header { kid: Some(own.issuer.kid().to_owned()), ..Header::new(Algorithm::HS256) };
    let confused = jsonwebtoken::encode(&hs, &claims(), &EncodingKey::from_secret(&secret)).unwrap();
    assert_eq!(own.verify(&confused), Err("TOKEN_INVALID"));
    // A changed body under a good signature.
    let parts: Vec<_> = good.split('.').collect();
    let forged = URL_SAFE_NO_PAD.encode(with("sub", "bo").to_string());
    assert_eq!(own.verify(&format!("{}.{forged}.{}", parts[0], parts[2])), Err("TOKEN_INVALID"));
}

#[test]
fn keys_from_a_file_are_read_again_when_an_unknown_one_comes() {
    let (first, second) = (issuer(), issuer());
    let path = first.folder.path().join("jwks.json");
    assert!(Verifier::jwks_file("niva-local", &path).unwrap_err().to_string().contains("jwks.json"));
    std::fs::write(&path, r#"{"keys": [{"kty": "oct", "kid": "s", "k": "c2VjcmV0"}]}"#).unwrap();
    assert!(Verifier::jwks_file("niva-local", &path).unwrap_err().to_string().contains("at least one key"));
    std::fs::write(&path, first.issuer.jwks()).unwrap();
    let verifier = Verifier::jwks_file("niva-local", &path).unwrap();
    assert!(!verifier.is_local());
    let (one, two) = (first.signed(Algorithm::EdDSA, &claims()), second.signed(Algorithm::EdDSA, &claims()));
    assert!(verifier.verify(&one, now()).is_ok());
    assert_eq!(verifier.verify(&two, now()).unwrap_err().reason(), "TOKEN_INVALID");
    std::fs::write(&path, second.issuer.jwks()).unwrap();
    // A file system may stamp both writes alike.
    let later = std::fs::metadata(&path).unwrap().modified().unwrap() + std::time::Duration::from_secs(1);
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
    assert!(verifier.verify(&two, now()).is_ok());
    assert!(verifier.verify(&one, now()).is_err());
}

#[test]
fn the_key_file_is_its_owners_and_made_once() {
    use std::os::unix::fs::PermissionsExt;
    let own = issuer();
    let mode = std::fs::metadata(own.folder.path().join("issuer.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let folder = tempfile::tempdir().unwrap();
    let kids: Vec<_> = std::thread::scope(|scope| {
        let makers: Vec<_> =
            (0..8).map(|_| scope.spawn(|| LocalIssuer::open_or_create(folder.path()))).collect();
        makers.into_iter().map(|m| m.join().unwrap().unwrap().kid().to_owned()).collect()
    });
    assert!(kids.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_method_without_a_rule_is_closed() {
    let policy = Policy::new()
        .allow("/niva.payment.v1.RunService/CreatePaymentRun", &[Role::FinanceMaker])
        .and(Policy::new().allow("/x.Y/Z", &[Role::Analyst, Role::Auditor]));
    let maker = Caller::new("anna", [Role::FinanceMaker]);
    let check = |path| policy.check(path, &maker).map_err(|e| e.reason());
    let author = Author { subject: "anna".into(), role: "finance_maker".into() };
    assert_eq!(check("/niva.payment.v1.RunService/CreatePaymentRun"), Ok(Scope::new(author, Reach::City)));
    assert_eq!(check("/niva.payment.v1.RunService/Other"), Err("METHOD_CLOSED"));
    assert_eq!(check("/x.Y/Z"), Err("ROLE_MISSING"));
    assert_eq!(policy.paths().count(), 2);
    assert!(
        Policy::is_open("/grpc.health.v1.Health/Watch") && !Policy::is_open("/grpc.health.v1.HealthX/Watch")
    );
}

/// What a caller reaches in a method that is open to providers, officers, auditors and the person.
fn reach(caller: &Caller) -> Result<Reach, &'static str> {
    let opening = |role, bound| Opening { role, bound };
    let policy = Policy::new().open(
        "/x.Y/Z",
        [
            opening(Role::Auditor, Bound::None),
            opening(Role::CaseOfficer, Bound::Districts),
            opening(Role::Provider, Bound::Provider),
            opening(Role::Person, Bound::Person),
        ],
    );
    policy.check("/x.Y/Z", caller).map(|scope| scope.reach().clone()).map_err(|e| e.reason())
}

#[test]
fn a_claim_that_is_missing_is_nothing_and_all_districts_are_written_out() {
    let officer = |districts: &[&str]| Caller {
        districts: districts.iter().map(|d| (*d).to_owned()).collect(),
        ..Caller::new("olle", [Role::CaseOfficer])
    };
    assert_eq!(reach(&officer(&[])), Err("SCOPE_MISSING"));
    assert_eq!(reach(&officer(&["*"])), Ok(Reach::City));
    assert_eq!(reach(&officer(&["farsta"])), Ok(Reach::Districts(["farsta".into()].into())));
    assert_eq!(reach(&Caller::new("petra", [Role::Provider])), Err("SCOPE_MISSING"));
    assert_eq!(reach(&Caller::new("per", [Role::Person])), Ok(Reach::Person("per".into())));
}

#[test]
fn a_second_role_never_widens_the_first() {
    for second in Role::ALL {
        let roles = [Role::Provider, second];
        let caller = Caller { provider: Some("p1".into()), ..Caller::new("petra", roles) };
        let expected = match second {
            Role::Person => Reach::Person("petra".into()),
            _ => Reach::Provider("p1".into()),
        };
        assert_eq!(reach(&caller), Ok(expected), "{second}");
    }
}

#[test]
fn every_role_has_a_name_of_its_own() {
    for role in Role::ALL {
        assert_eq!(role.to_string().parse::<Role>().unwrap(), role);
    }
    assert!("gardener".parse::<Role>().unwrap_err().to_string().contains("finance_approver"));
}
