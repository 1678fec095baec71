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
        self.signed_under(&self.header(algorithm), claims)
    }

    fn header(&self, algorithm: Algorithm) -> Header {
        let (typ, kid) = (Some("at+jwt".to_owned()), Some(self.issuer.kid().to_owned()));
        Header { typ, kid, ..Header::new(algorithm) }
    }

    fn signed_under(&self, header: &Header, claims: &Value) -> String {
        let der = std::fs::read(self.folder.path().join("issuer.key")).unwrap();
        jsonwebtoken::encode(header, claims, &EncodingKey::from_ed_der(&der)).unwrap()
    }

    fn verify(&self, token: &str) -> Result<Caller, &'static str> {
        Verifier::local(&self.issuer, "urn:niva:payment").verify(token, now()).map_err(|e| e.reason())
    }
}

fn claims() -> Value {
    json!({"iss": "niva-local", "aud": "urn:niva:payment", "sub": "anna",
           "iat": now().timestamp(), "exp": now().timestamp() + 60,
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
    assert!(
        own.verify(&own.signed(Algorithm::EdDSA, &with("aud", json!(["x", "urn:niva:payment"])))).is_ok()
    );
}

#[test]
fn who_may_see_protected_identities_has_the_right_and_says_what_for() {
    let own = issuer();
    let verified = |claims: &Value| own.verify(&own.signed(Algorithm::EdDSA, claims)).unwrap();
    assert!(!verified(&claims()).sees_protected);
    assert!(!verified(&with("niva_rights", json!(["everything"]))).sees_protected);
    let olga = Caller { sees_protected: true, ..Caller::new("olga", [Role::CaseOfficer]) };
    let token = own.issuer.token(&olga, Duration::minutes(5), now()).unwrap();
    assert_eq!(own.verify(&token).unwrap(), olga);
    let policy = Policy::new().allow("/x.Y/Z", &[Role::CaseOfficer, Role::FinanceMaker]);
    let scope = |caller: &Caller, purpose: &str| {
        let made = Record { purpose: purpose.to_owned(), ..Record::default() };
        policy.check("/x.Y/Z", caller).unwrap().in_call(&std::sync::Arc::new(Call::new(made, None)))
    };
    assert!(scope(&olga, "case/17").sees_protected());
    assert!(!scope(&olga, "").sees_protected());
    assert!(!scope(&verified(&claims()), "case/17").sees_protected());
}

#[test]
fn a_token_that_lacks_or_fails_anything_is_refused() {
    let own = issuer();
    for name in ["exp", "iat", "aud", "iss", "sub"] {
        assert_eq!(own.verify(&own.signed(Algorithm::EdDSA, &without(name))), Err("TOKEN_INVALID"), "{name}");
    }
    let past = now().timestamp() - 31;
    let future = now().timestamp() + 31;
    for (claims, reason) in [
        (with("exp", past), "TOKEN_EXPIRED"),
        (with("nbf", future), "TOKEN_NOT_YET_VALID"),
        (with("iat", future), "TOKEN_NOT_YET_VALID"),
        (with("exp", now().timestamp() + 12 * 3600 + 1), "TOKEN_INVALID"),
        (with("exp", i64::MAX), "TOKEN_INVALID"),
        (with("iat", i64::MIN), "TOKEN_INVALID"),
        (with("aud", "other"), "TOKEN_INVALID"),
        (with("aud", "urn:niva:choice"), "TOKEN_INVALID"),
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
        URL_SAFE_NO_PAD.encode(json!({"alg": alg, "typ": "at+jwt", "kid": own.issuer.kid()}).to_string())
    };
    assert_eq!(own.verify(&format!("{}.{body}.", header("none"))), Err("TOKEN_INVALID"));
    // The public key as a shared secret: the classic confusion.
    let public = own.issuer.jwks();
    let public: Value = serde_json::from_str(&public).unwrap();
    let secret = URL_SAFE_NO_PAD.decode(public["keys"][0]["x"].as_str().unwrap()).unwrap();
    let hs = own.header(Algorithm::HS256);
    let confused = jsonwebtoken::encode(&hs, &claims(), &EncodingKey::from_secret(&secret)).unwrap();
    assert_eq!(own.verify(&confused), Err("TOKEN_INVALID"));
    // A changed body under a good signature.
    let parts: Vec<_> = good.split('.').collect();
    let forged = URL_SAFE_NO_PAD.encode(with("sub", "bo").to_string());
    assert_eq!(own.verify(&format!("{}.{forged}.{}", parts[0], parts[2])), Err("TOKEN_INVALID"));
}

#[test]
fn only_an_access_token_that_is_understood_opens() {
    let own = issuer();
    for (typ, good) in [
        (Some("at+jwt"), true),
        (Some("application/at+jwt"), true),
        (Some("AT+JWT"), true),
        (Some("JWT"), false),
        (Some("id+jwt"), false),
        (Some("application/application/at+jwt"), false),
        (None, false),
    ] {
        let header = Header { typ: typ.map(str::to_owned), ..own.header(Algorithm::EdDSA) };
        assert_eq!(own.verify(&own.signed_under(&header, &claims())).is_ok(), good, "{typ:?}");
    }
    for crit in [vec!["exp".to_owned()], vec![]] {
        let header = Header { crit: Some(crit), ..own.header(Algorithm::EdDSA) };
        assert_eq!(own.verify(&own.signed_under(&header, &claims())), Err("TOKEN_INVALID"));
    }
}

#[test]
fn a_key_says_what_it_is_for() {
    let own = issuer();
    let token = own.signed(Algorithm::EdDSA, &claims());
    let good = |change: &[(&str, Value)]| {
        let mut set: Value = serde_json::from_str(&own.issuer.jwks()).unwrap();
        for (name, value) in change {
            set["keys"][0][*name] = value.clone();
        }
        let keys = KeySet::read(set.to_string().as_bytes());
        keys.map(|keys| Verifier::of("niva-local", "urn:niva:payment", keys).verify(&token, now()).is_ok())
    };
    assert_eq!(good(&[]), Ok(true));
    assert_eq!(good(&[("alg", Value::Null), ("use", Value::Null)]), Ok(true));
    assert_eq!(good(&[("key_ops", json!(["verify"]))]), Ok(true));
    for (name, value) in [
        ("use", json!("enc")),
        ("alg", json!("ES256")),
        ("alg", json!("HS256")),
        ("key_ops", json!(["encrypt"])),
    ] {
        assert!(good(&[(name, value.clone())]).unwrap_err().contains("at least one key"), "{name}: {value}");
    }
    // Others in the set, of kinds that nobody here knows, are passed over.
    let known: Value = serde_json::from_str(&own.issuer.jwks()).unwrap();
    let set = json!({"keys": [{"kty": "AKP", "kid": "new"}, {"kty": "oct", "kid": "s", "k": "c2VjcmV0"}, known["keys"][0]]});
    assert!(KeySet::read(set.to_string().as_bytes()).is_ok());
    for wrong in
        ["", "{}", "[]", r#"{"keys": []}"#, r#"{"keys": [{"kty": "oct", "kid": "s", "k": "c2VjcmV0"}]}"#]
    {
        assert!(KeySet::read(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn a_key_that_is_gone_opens_nothing_any_more() {
    let (first, second) = (issuer(), issuer());
    let path = first.folder.path().join("jwks.json");
    assert!(KeyFile::open(&path).unwrap_err().to_string().contains("jwks.json"));
    std::fs::write(&path, first.issuer.jwks()).unwrap();
    let (file, keys) = KeyFile::open(&path).unwrap();
    let verifier = Verifier::of("niva-local", "urn:niva:payment", keys);
    assert!(!verifier.is_local());
    let (one, two) = (first.signed(Algorithm::EdDSA, &claims()), second.signed(Algorithm::EdDSA, &claims()));
    let opens = |token: &str| verifier.verify(token, now()).is_ok();
    // Twice: the second time it is known already.
    assert!(opens(&one) && opens(&one) && !opens(&two));
    assert!(file.look_again().is_none(), "nothing is new");
    std::fs::write(&path, "{").unwrap();
    assert!(file.look_again().is_none() && opens(&one), "a broken file changes nothing");
    std::fs::write(&path, second.issuer.jwks()).unwrap();
    verifier.believe(file.look_again().unwrap());
    assert!(opens(&two) && !opens(&one), "a token that was known goes with its key");
}

#[test]
fn a_token_that_is_known_expires_all_the_same() {
    let own = issuer();
    let verifier = Verifier::local(&own.issuer, "urn:niva:payment");
    let token = own.signed(Algorithm::EdDSA, &claims());
    let at = |seconds| verifier.verify(&token, now() + Duration::seconds(seconds)).map_err(|e| e.reason());
    assert!(at(0).is_ok() && at(89).is_ok());
    assert_eq!(at(91), Err("TOKEN_EXPIRED"));
    assert_eq!(at(-31), Err("TOKEN_NOT_YET_VALID"));
    // What is refused is not kept.
    let forged = format!("{}x", token);
    assert_eq!(verifier.verify(&forged, now()).map_err(|e| e.reason()), Err("TOKEN_INVALID"));
    assert!(at(0).is_ok());
}

#[test]
fn the_key_file_is_its_owners_and_made_once() {
    use std::os::unix::fs::PermissionsExt;
    let own = issuer();
    let mode = std::fs::metadata(own.folder.path().join("issuer.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let loose = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(own.folder.path().join("issuer.key"), loose).unwrap();
    let refused = LocalIssuer::open_or_create(own.folder.path()).unwrap_err().to_string();
    assert!(refused.contains("chmod 600"), "{refused}");
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
