//! Commands as a person runs them.

use std::path::Path;
use std::process::{Command, Output};

fn niva(arguments: &[&str]) -> Output {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    Command::new(env!("CARGO_BIN_EXE_niva")).args(arguments).current_dir(folder).output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap().replace('\u{a0}', " ")
}

fn refused(arguments: &[&str], code: i32) -> String {
    let output = niva(arguments);
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{words}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    words
}

#[test]
fn a_wrong_configuration_is_told_and_ends_with_64() {
    assert!(refused(&["serve", "billing", "--database-url", "x"], 64).contains("assessment|choice|payment"));
    assert!(refused(&["models", "show", "nothing"], 64).contains("there is no model `nothing`: one of"));
    assert!(refused(&["quote", "--file", "none.json"], 64).contains("none.json cannot be read"));
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("a.db").display());
    let key = folder.path().to_str().unwrap();
    let open = ["serve", "assessment", "--database-url", &url, "--issuer-dir", key, "--listen", "0.0.0.0:0"];
    assert!(refused(&open, 64).contains("can be reached from other machines"));
    let serve = ["serve", "assessment", "--database-url", &url];
    let issuer = ["--issuer", "https://issuer.example", "--issuer-ca", "none.pem"];
    assert!(refused(&[&serve[..], &issuer].concat(), 64).contains("--issuer-ca: none.pem: No such file"));
    let far =
        ["serve", "assessment", "--database-url", "postgres://niva@db.example/niva", "--issuer-dir", key];
    assert!(refused(&far, 64).contains("add it, and &sslrootcert=FILE"));
    let migrate = ["migrate", "payment", "--database-url", "postgres://niva@db.example/niva?sslmode=require"];
    assert!(refused(&migrate, 64).contains("sslmode=verify-full"));
    let far = [
        "serve",
        "choice",
        "--database-url",
        &url,
        "--issuer-dir",
        key,
        "--assessment",
        "http://a.example:7401",
    ];
    assert!(refused(&far, 64).contains("nothing goes there in plain text"));
    let told =
        [&serve[..], &["--issuer-dir", key, "--otlp-endpoint", "http://collector.example:4317"]].concat();
    assert!(
        refused(&told, 64).contains("--otlp-endpoint: http://collector.example:4317 is on another machine")
    );
}

#[test]
fn keys_that_others_can_read_and_rules_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("a.db").display());
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (keys, rules) = (at("identities.key"), at("retention.toml"));
    std::fs::write(&keys, format!("1 {}\n", "1".repeat(64))).unwrap();
    std::fs::set_permissions(&keys, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    std::fs::write(&rules, "").unwrap();
    let issuer = folder.path().to_str().unwrap();
    let serve = ["serve", "assessment", "--database-url", &url, "--issuer-dir", issuer];
    let with = |more: [&str; 4]| refused(&[&serve[..], &more].concat(), 64);
    let told = with(["--identity-keys", &keys, "--retention", &rules]);
    assert!(told.contains("--identity-keys") && told.contains("chmod 600"), "{told}");
    assert!(told.contains("--retention") && told.contains("has no rule"), "{told}");
    std::fs::write(&keys, "1 secret\n").unwrap();
    std::fs::set_permissions(&keys, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let told = with(["--identity-keys", &keys, "--retention", "none.toml"]);
    assert!(told.contains("line 1 is no key") && !told.contains("secret"), "{told}");
    assert!(told.contains("none.toml: cannot be read"), "{told}");
}

#[test]
fn an_audit_trail_is_verified_in_every_part() {
    let folder = tempfile::tempdir().unwrap();
    for part in ["assessment", "choice", "payment"] {
        let url = format!("sqlite://{}?mode=rwc", folder.path().join(part).display());
        stdout(&niva(&["migrate", part, "--database-url", &url]));
        let told = stdout(&niva(&["verify", part, "--database-url", &url]));
        assert!(told.contains("0 audit records, 0 not sealed yet; newest seal none"), "{told}");
        // A seal that was told before, and is not there.
        let missed = niva(&["verify", part, "--database-url", &url, "--audit-seal", "7:abc"]);
        let told = String::from_utf8_lossy(&missed.stdout);
        assert_eq!(missed.status.code(), Some(1), "{told}");
        assert!(told.contains("there is no seal 7:abc"), "{told}");
    }
}

#[test]
fn a_parts_option_is_refused_by_the_others() {
    let foreign = |part: &str, option: &str, value: &str| {
        let words = refused(&["serve", part, "--database-url", "sqlite://a.db", option, value], 64);
        assert!(words.contains(&format!("unexpected argument '{option}'")), "{words}");
    };
    foreign("assessment", "--assessment", "http://127.0.0.1:7401");
    foreign("assessment", "--token-file", "x");
    foreign("payment", "--feed-reader", "choice.test");
    // A token on the command line could be read by every process of the machine.
    foreign("payment", "--service-token", "x");
    foreign("assessment", "--opening-month", "2024-03");
    foreign("choice", "--choice", "http://127.0.0.1:7402");
    foreign("choice", "--allow-example-instruments", "true");
    foreign("payment", "--payment", "http://127.0.0.1:7403");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let options =
        ["--opening-month", "2024-13", "--choice", "there", "--listen", "here", "--jwks", "none.json"];
    let words = refused(&[&["serve", "payment"], &options[..]].concat(), 64);
    for what in [
        "niva: 5 things are wrong, and nothing was begun",
        "--listen: `here` is no address",
        "--database-url is missing",
        "--jwks: whose keys are they?",
        "--choice: there is no address of a service",
        "--opening-month: ",
    ] {
        assert!(words.contains(what), "no {what} in {words}");
    }
}

#[test]
fn a_part_whose_database_is_not_migrated_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().to_str().unwrap();
    for part in ["assessment", "choice", "payment"] {
        let url = format!("sqlite://{}?mode=rwc", folder.path().join(part).display());
        let serve = ["serve", part, "--database-url", &url, "--issuer-dir", key, "--listen", "127.0.0.1:0"];
        assert!(refused(&serve, 1).contains("run `niva migrate`"));
    }
}

#[test]
fn a_models_tables_have_a_source_for_every_amount() {
    let text = stdout(&niva(&["models", "show", "daily-activities-2024"]));
    let is_amount = |line: &&str| {
        let mut words = line.split_whitespace();
        words.next() == Some("daily_activities_lss") && matches!(words.next(), Some("rate" | "allocation"))
    };
    let amounts: Vec<&str> = text.lines().filter(is_amount).collect();
    // 7 levels × 4 variants, for each regime and as allocation.
    assert_eq!(amounts.len(), 7 * 4 * 4, "{text}");
    for line in amounts {
        assert!(line.trim_end().ends_with(']') && line.contains(" ["), "no source: {line}");
    }
    assert!(text.contains("[1] Stockholms stad, Utlåtande Rotel IV (dnr KS 2024/492)"), "{text}");
    assert!(text.contains("Its amounts were last published 2024-11-11."), "{text}");
    let old = stdout(&niva(&["models", "show", "socialpsychiatry-2010"]));
    assert!(old.contains("without a published successor it stays in force"), "{old}");
    assert!(old.contains("points: level 1: 0-14; level 2: 16-38; level 3: 40-72"), "{old}");
}

#[test]
fn the_shipped_models_are_checked_with_their_anomalies() {
    let text = stdout(&niva(&["models", "check"]));
    for word in ["private = municipal × 1.024", "holds", "Anomalies", "38", "9 models are sound"] {
        assert!(text.contains(word), "no {word} in {text}");
    }
}

#[test]
fn a_bad_model_file_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.toml");
    std::fs::write(&file, "id = \"bad\"\ntitle = 7\n").unwrap();
    let words = refused(&["models", "check", file.to_str().unwrap()], 1);
    assert!(words.contains("bad.toml:2"), "{words}");
}

#[test]
fn the_first_golden_case_is_5_530_and_2_100() {
    let text = stdout(&niva(&["quote", "--file", "cases/g1-supported-housing.json"]));
    for word in [
        "5 530,00 kr",
        "2 100,00 kr",
        "Total 7 630,00 kr",
        "2010-03-15 – 2010-03-21",
        "Source of the amount:",
    ] {
        assert!(text.contains(word), "no {word} in {text}");
    }
}

#[test]
fn the_seventh_golden_case_is_half_a_month() {
    let text = stdout(&niva(&["quote", "--file", "cases/g7-occupation-half-a-month.json"]));
    for word in ["2 288,00 kr", "179,00 kr", "Total 2 467,00 kr"] {
        assert!(text.contains(word), "no {word} in {text}");
    }
}

#[test]
fn a_case_that_is_wrong_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("case.json");
    let good =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/g1-supported-housing.json"))
            .unwrap();
    let refuse = |text: String| {
        std::fs::write(&file, text).unwrap();
        refused(&["quote", "--file", file.to_str().unwrap()], 1)
    };
    let words = refuse(good.replace("supported_housing", "supported_hosing"));
    assert!(
        words.contains("case.service") && words.contains("`supported_hosing` is no service of Stockholm"),
        "{words}"
    );
    let words = refuse(good.replace("\"end_date\": \"2010-03-12\"", "\"end_date\": \"2010-02-12\""));
    assert!(words.contains("the case is refused"), "{words}");
    let hours = good.replace(
        "\"levels\"",
        "\"scopes\": [{ \"valid_from\": \"2010-03-01\", \"hours_per_week\": 10.5 }], \"levels\"",
    );
    let words = refuse(hours);
    assert!(words.contains("hours_per_week"), "{words}");
}

#[test]
fn a_city_is_generated_checked_and_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    stdout(&niva(&["city", "generate", path]));
    assert!(stdout(&niva(&["city", "check", path])).contains("3 719 persons"));
    let grants = folder.path().join("grants.csv");
    let text = std::fs::read_to_string(&grants).unwrap().replacen(",27,", ",10.5,", 1);
    std::fs::write(&grants, text).unwrap();
    let words = refused(&["city", "check", path], 1);
    assert!(words.contains("grants.csv:") && words.contains("`10.5` hours is not whole"), "{words}");
    assert!(words.contains("1 problem: nothing was imported"), "{words}");
}

#[test]
fn a_token_and_completions_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let token = stdout(&niva(&["token", "--subject", "me", "--role", "auditor", "--issuer-dir", path]));
    assert_eq!(token.trim().split('.').count(), 3);
    let words = refused(&["token", "--subject", "me", "--role", "king", "--issuer-dir", path], 64);
    assert!(words.contains("there is no role king"), "{words}");
    assert!(stdout(&niva(&["completions", "bash"])).contains("_niva"));
}
