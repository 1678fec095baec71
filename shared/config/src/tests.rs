#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops where it is")]

use clap::{Args, FromArgMatches};
use niva_rpc::server::Listen;
use niva_store::{Database, DbError};
use niva_testing::{TestAuthority, TestIssuer};
use tokio_util::sync::CancellationToken;

use crate::{Ground, Part, PartOptions, PeerOptions, Served, ToAssessment, Wrong};

#[derive(Args)]
struct Options {
    #[command(flatten)]
    part: PartOptions,
    #[command(flatten)]
    peers: PeerOptions,
    #[command(flatten)]
    assessment: ToAssessment,
}

struct Sample(Ground);

impl Part for Sample {
    const NAME: &'static str = "sample";
    const ABOUT: &'static str = "For tests.";
    const PORT: u16 = 7499;
    const SLOW: &'static [(&'static str, std::time::Duration)] = &[];
    type Options = Options;
    type StartError = DbError;

    fn check(options: &Options) -> Result<Self, Wrong> {
        let mut wrong = Wrong::default();
        let tls = options.part.tls(&mut wrong);
        let ground = options.part.check(Self::NAME, Self::PORT, tls.as_ref(), &mut wrong);
        options.peers.check(Self::NAME, &options.part, ground.as_ref(), &mut wrong);
        options.assessment.check(tls.as_ref(), &mut wrong);
        wrong.finish(ground.map(Self))
    }

    fn ground(&self) -> &Ground {
        &self.0
    }

    async fn migrate(_: &Database) -> Result<(), DbError> {
        Ok(())
    }

    async fn start(self, _: Database, _: CancellationToken) -> Result<Served, DbError> {
        Err(DbError::Url)
    }
}

fn check(arguments: &[&str]) -> Result<Ground, String> {
    let command = Options::augment_args(clap::Command::new("sample").no_binary_name(true));
    let matches = command.try_get_matches_from(arguments).unwrap();
    let sample = Sample::check(&Options::from_arg_matches(&matches).unwrap());
    sample.map(|sample| sample.0).map_err(|wrong| wrong.to_string())
}

#[test]
fn a_part_has_good_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().to_str().unwrap();
    let ground = check(&["--database-url", "sqlite://a.db", "--issuer-dir", keys]).unwrap();
    assert_eq!(ground.address.to_string(), "127.0.0.1:7499");
    assert_eq!(ground.database_url, "sqlite://a.db");
    assert_eq!(ground.telemetry.service, "niva-sample");
    assert!(ground.trust.local.is_some() && ground.trust.verifier.is_local());
}

#[test]
fn one_thing_that_is_wrong_is_told_in_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().to_str().unwrap();
    let told = check(&["--issuer-dir", keys]).unwrap_err();
    assert_eq!(told, "--database-url is missing: give the URL of the part's own database");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let told = check(&[
        "--listen",
        "here",
        "--database-url",
        "mysql://a",
        "--issuer",
        "https://issuer.example",
        "--issuer-ca",
        "no-such-authority",
        "--clock-file",
        "no-such-clock",
        "--models",
        "no-such-folder",
        "--log-format",
        "yaml",
        "--log",
        "info,=",
        "--otlp-endpoint",
        "collector",
        "--verify-every",
        "daily",
        "--assessment",
        "ftp://a",
    ])
    .unwrap_err();
    for what in [
        "11 things are wrong, and nothing was begun",
        "--listen: `here` is no address",
        "--database-url: ",
        "--issuer-ca: no-such-authority: No such file",
        "--clock-file: clock file no-such-clock",
        "--models: no-such-folder",
        "--log-format is `yaml`",
        "--log: the log filter cannot be read",
        "--otlp-endpoint: collector is no address",
        "--verify-every: `daily` is no time",
        "give --client-id and --client-secret-file, or --token-file",
        "--assessment: ftp://a is no address of a service",
    ] {
        assert!(told.contains(what), "no {what} in {told}");
    }
}

#[test]
fn what_goes_to_other_machines_is_never_in_plain_text() {
    let ca = TestAuthority::new();
    let (chain, key) = ca.certify("sample", &["sample.test"]);
    let file = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let (chain, key, authority) = (file(&chain), file(&key), file(&ca.ca()));
    std::fs::write(ca.folder().join("jwks.json"), TestIssuer::new().jwks()).unwrap();
    let jwks = file(&ca.folder().join("jwks.json"));
    let token = private(&ca.folder().join("token"), "x.y.z");
    let issuer = ["--issuer", "https://issuer.test", "--jwks", &jwks, "--token-file", &token];
    let with = |more: &[&str]| check(&[&issuer[..], more].concat());
    let open = ["--database-url", "sqlite://a.db", "--listen", "0.0.0.0:7499"];
    let told = with(&open).unwrap_err();
    assert!(told.contains("--listen: 0.0.0.0:7499") && told.contains("give --tls-certificate"), "{told}");
    let secured = ["--tls-certificate", &chain, "--tls-key", &key];
    assert!(matches!(with(&[&open[..], &secured].concat()).unwrap().listen(), Listen::Tls(..)));
    assert!(with(&[&open[..], &secured[..2]].concat()).unwrap_err().contains("belong together"));
    let far = ["--database-url", "sqlite://a.db", "--assessment", "http://assessment.test:7401"];
    assert!(
        with(&far).unwrap_err().contains("--assessment: http://assessment.test:7401 is on another machine")
    );
    let far = ["--database-url", "sqlite://a.db", "--assessment", "https://assessment.test:7401"];
    assert!(with(&far).unwrap_err().contains("give the authority"));
    assert!(with(&[&far[..], &["--tls-ca", &authority]].concat()).is_ok());
    let told = |collector| {
        let given = ["--database-url", "sqlite://a.db", "--otlp-endpoint", collector];
        move |more: &[&str]| {
            with(&[&given[..], more].concat()).map(|ground| ground.telemetry.collector.is_some())
        }
    };
    let plain = told("http://collector.test:4317")(&["--otlp-ca", &authority]).unwrap_err();
    assert!(plain.contains("--otlp-endpoint: http://collector.test:4317 is on another machine"), "{plain}");
    let unknown = told("https://collector.test:4317")(&[]).unwrap_err();
    assert!(unknown.contains("--otlp-ca"), "{unknown}");
    assert_eq!(told("https://collector.test:4317")(&["--otlp-ca", &authority]), Ok(true));
    assert_eq!(told("http://127.0.0.1:4317")(&[]), Ok(true));
    assert!(
        told("http://127.0.0.1:4317")(&["--otlp-ca", "no-such-file"]).unwrap_err().contains("--otlp-ca: ")
    );
    let database = with(&["--database-url", "postgres://niva@db.test/niva"]).unwrap_err();
    assert!(database.contains("?sslmode=verify-full"), "{database}");
}

/// A file that its owner alone can read.
fn private(path: &std::path::Path, text: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn tokens_of_ones_own_come_from_a_private_file_or_by_a_grant() {
    let ca = TestAuthority::new();
    let authority = ca.ca().to_str().unwrap().to_owned();
    let [token, secret] = ["token", "secret"].map(|name| private(&ca.folder().join(name), "x.y.z"));
    let with = |more: &[&str]| {
        let given = ["--database-url", "sqlite://a.db", "--issuer-ca", &authority];
        check(&[&given[..], &["--issuer", "https://issuer.test"], more].concat()).map(|_| ())
    };
    assert_eq!(with(&["--token-file", &token]), Ok(()));
    let granted = ["--client-id", "niva-sample", "--client-secret-file", &secret];
    assert_eq!(with(&granted), Ok(()));
    assert!(with(&granted[..2]).unwrap_err().contains("belong together"));
    assert!(with(&[&granted[..], &["--token-file", &token]].concat()).unwrap_err().contains("give either"));
    let loose = private(&ca.folder().join("loose"), "x.y.z");
    std::fs::set_permissions(&loose, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    assert!(with(&["--token-file", &loose]).unwrap_err().contains("loose: its mode is 0644"));
    let grant = ["--client-id", "niva-sample", "--client-secret-file", &loose];
    assert!(with(&grant).unwrap_err().contains("loose: its mode is 0644"));
    let empty = private(&ca.folder().join("empty"), "\n");
    assert!(with(&["--token-file", &empty]).unwrap_err().contains("no token in it"));
    // The local issuer's key is the machine's own; nobody else can be asked for tokens.
    let given = ["--database-url", "sqlite://a.db", "--issuer-dir", ca.folder().to_str().unwrap()];
    assert!(check(&[&given[..], &granted].concat()).unwrap_err().contains("--issuer is missing"));
    let plain = ["--issuer", "http://issuer.test", "--token-file", &token];
    assert!(check(&[&given[..], &plain].concat()).unwrap_err().contains("give https://HOST"));
    assert!(check(&[&given[..], &["--jwks", &token]].concat()).unwrap_err().contains("Give --issuer too"));
}

#[test]
fn the_local_issuer_is_for_loopback_alone() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().to_str().unwrap();
    let open = ["--database-url", "sqlite://a.db", "--issuer-dir", keys, "--listen", "0.0.0.0:7499"];
    assert!(check(&open).unwrap_err().contains("0.0.0.0:7499 can be reached from other machines"));
}
