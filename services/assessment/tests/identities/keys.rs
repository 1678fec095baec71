//! Keys of identities: missing, unknown, new, taken out.

use niva_assessment::IdentityKeys;
use niva_proto::assessment::v1 as pb;
use niva_testing::on_both_databases;
use niva_testing::requests::assessment::merge_persons;
use sea_orm::ConnectionTrait;
use tonic::Code;

use super::{correct, erase, exported, find, get, known, record, replace, withdraw};
use crate::rig::{Rig, identity, invented_number, person_request, reason, refused};

on_both_databases! {
    async fn without_keys_nobody_has_a_name_and_everything_else_goes_on(db: &TestDb) {
        let rig = Rig::with_keys(db, None).await;
        rig.person("p").await;
        let number = invented_number(980);
        refused!(rig, identities.record_person_identity(record("r", identity("p", &number))), FailedPrecondition, "IDENTITY_KEYS_MISSING");
        refused!(rig, identities.correct_person_identity(correct(1, "x", identity("p", &number))), FailedPrecondition, "IDENTITY_KEYS_MISSING");
        refused!(rig, identities.replace_person_number(replace("r", &number)), FailedPrecondition, "IDENTITY_KEYS_MISSING");
        refused!(rig, identities.withdraw_person_identity(withdraw(1, "x")), FailedPrecondition, "IDENTITY_KEYS_MISSING");
        refused!(rig, identities.get_person_identity(get("p")), FailedPrecondition, "IDENTITY_KEYS_MISSING");
        refused!(rig, identities.find_person(find(&number)), FailedPrecondition, "IDENTITY_KEYS_MISSING");
        let list = pb::ListPersonIdentityRevisionsRequest { person_id: "p".into(), ..Default::default() };
        refused!(rig, identities.list_person_identity_revisions(list), FailedPrecondition, "IDENTITY_KEYS_MISSING");
        refused!(rig, identities.erase_person_identity(erase("e", 1)), FailedPrecondition, "IDENTITY_KEYS_MISSING");
        assert_eq!(exported(&rig.client, "p").await.unwrap(), ["person 1"]);
    }

    async fn a_key_that_is_not_here_opens_nothing_and_hides_nobody(db: &TestDb) {
        let first = Rig::new(db).await;
        known(&first, "p", &invented_number(980)).await;
        known(&first, "same", &invented_number(982)).await;
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyFile(folder.path().join("identities.key"));
        keys.write(&[("other", '5')]);
        let rig = Rig::with_keys(db, Some(IdentityKeys::open(&keys.0).unwrap())).await;
        let status = refused!(rig, identities.get_person_identity(get("p")), FailedPrecondition, "IDENTITY_KEY_UNKNOWN");
        assert!(status.message().contains("the key 1"), "{status}");
        let list = pb::ListPersonIdentityRevisionsRequest { person_id: "p".into(), ..Default::default() };
        refused!(rig, identities.list_person_identity_revisions(list), FailedPrecondition, "IDENTITY_KEY_UNKNOWN");
        refused!(rig, identities.erase_person_identity(erase("e", 1)), FailedPrecondition, "IDENTITY_KEY_UNKNOWN");
        assert_eq!(reason(&exported(&rig.client, "p").await.unwrap_err()), "IDENTITY_KEY_UNKNOWN");
        let keyless = Rig::with_keys(db, None).await;
        assert_eq!(reason(&exported(&keyless.client, "p").await.unwrap_err()), "IDENTITY_KEYS_MISSING");
        refused!(rig, identities.correct_person_identity(correct(1, "x", identity("p", &invented_number(981)))), FailedPrecondition, "IDENTITY_KEY_UNKNOWN");
        refused!(rig, identities.withdraw_person_identity(withdraw(1, "x")), FailedPrecondition, "IDENTITY_KEY_UNKNOWN");
        refused!(rig, identities.replace_person_number(replace("x", &invented_number(981))), FailedPrecondition, "IDENTITY_KEY_UNKNOWN");
        // Who they are cannot be compared.
        refused!(rig, merges.merge_persons(merge_persons("p", "same")), FailedPrecondition, "IDENTITY_KEY_UNKNOWN");
        // Who cannot be found must not be told of a second time.
        refused!(rig, identities.find_person(find(&invented_number(980))), FailedPrecondition, "IDENTITY_KEY_UNKNOWN");
        rig.client.clone().persons.record_person(person_request("q", "q", "Farsta")).await.unwrap();
        refused!(rig, identities.record_person_identity(record("q", identity("q", &invented_number(980)))), FailedPrecondition, "IDENTITY_KEY_UNKNOWN");
    }

    async fn what_was_altered_in_the_database_is_not_shown(db: &TestDb) {
        let rig = Rig::new(db).await;
        known(&rig, "p", &invented_number(980)).await;
        known(&rig, "q", &invented_number(981)).await;
        let swap = "UPDATE identity SET data_key = (SELECT data_key FROM identity WHERE person_id = 'q') WHERE person_id = 'p'";
        rig.db.conn().execute_unprepared(swap).await.unwrap();
        let status = rig.client.clone().identities.get_person_identity(get("p")).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        rig.client.clone().identities.get_person_identity(get("q")).await.unwrap();
    }

    async fn a_new_key_takes_over_and_the_old_one_can_go(db: &TestDb) {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyFile(folder.path().join("identities.key"));
        keys.write(&[("old", '1')]);
        let rig = Rig::with_keys(db, Some(IdentityKeys::open(&keys.0).unwrap())).await;
        let (number, other) = (invented_number(980), invented_number(981));
        known(&rig, "p", &number).await;
        known(&rig, "q", &other).await;
        rig.client.clone().identities.correct_person_identity(correct(1, "x", pb::PersonIdentity { family_name: "Hittepå".into(), ..identity("p", &number) })).await.unwrap();
        let by = |table: &str, key: &str| format!("{table} WHERE key_id = '{key}'");
        // The service reads the file again, and gives everybody the new key.
        keys.write(&[("new", '2'), ("old", '1')]);
        until(&rig, &by("identity", "old")).await;
        assert_eq!(rig.count(&by("identity", "new")).await, 2);
        let found = rig.client.clone().identities.find_person(find(&number)).await.unwrap().into_inner();
        assert_eq!((found.person_id.as_str(), found.identity.unwrap().family_name.as_str()), ("p", "Hittepå"));
        // A wrong file changes nothing.
        std::fs::write(&keys.0, "nothing").unwrap();
        refused!(rig, identities.record_person_identity(record("z", identity("q", &number))), AlreadyExists, "ID_TAKEN");
        // Without the old key nobody is found by it any more, and all is as it was.
        keys.write(&[("new", '2')]);
        until(&rig, &by("person_number", "old")).await;
        for (person, number) in [("p", &number), ("q", &other)] {
            assert_eq!(rig.client.clone().identities.find_person(find(number)).await.unwrap().into_inner().person_id, person);
        }
        let list = pb::ListPersonIdentityRevisionsRequest { person_id: "p".into(), ..Default::default() };
        assert_eq!(rig.client.clone().identities.list_person_identity_revisions(list).await.unwrap().into_inner().identities.len(), 2);
        rig.person("o").await;
        refused!(rig, identities.record_person_identity(record("o", identity("o", &number))), AlreadyExists, "NUMBER_TAKEN");
    }
}

/// A file of keys, each of one digit.
struct KeyFile(std::path::PathBuf);

impl KeyFile {
    fn write(&self, keys: &[(&str, char)]) {
        let lines: Vec<_> =
            keys.iter().map(|(name, digit)| format!("{name} {}\n", digit.to_string().repeat(64))).collect();
        // Whole or not at all: it is being read meanwhile.
        let aside = self.0.with_extension("new");
        std::fs::write(&aside, lines.concat()).unwrap();
        std::fs::set_permissions(&aside, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::rename(aside, &self.0).unwrap();
    }
}

/// Waits until such rows are gone.
async fn until(rig: &Rig, rows: &str) {
    let gone = async {
        let mut looks = tokio::time::interval(std::time::Duration::from_millis(20));
        while rig.count(rows).await > 0 {
            looks.tick().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), gone).await.unwrap();
}
