use std::collections::BTreeMap;

use niva_names::{AreaOfChoice, Law, OccasionKind, PersonId, ServiceKey, stockholm};

#[test]
fn a_key_is_read_and_written_as_its_text() {
    let key: ServiceKey = "short_stay2".parse().unwrap();
    assert_eq!(
        (key.as_str(), key.to_string(), format!("{key:>13}")),
        ("short_stay2", "short_stay2".to_owned(), "  short_stay2".to_owned())
    );
    assert_eq!(serde_json::to_string(&key).unwrap(), "\"short_stay2\"");
    assert_eq!(serde_json::from_str::<ServiceKey>("\"short_stay2\"").unwrap(), key);
    let longest = "a".repeat(40);
    assert_eq!(longest.parse::<ServiceKey>().unwrap().as_str(), longest);
}

#[test]
fn what_cannot_be_a_key_is_refused_with_what_to_do() {
    for text in ["", "Occupation", "1st", "_a", "a b", "bo-ende", "sysselsättning", &"a".repeat(41)] {
        let error = text.parse::<ServiceKey>().unwrap_err().to_string();
        assert!(error.starts_with('`') && error.contains("write 1 to 40 letters"), "{error}");
        assert!(serde_json::from_str::<ServiceKey>(&format!("\"{text}\"")).is_err());
    }
}

#[test]
fn keys_are_in_the_order_of_their_texts() {
    let mut keys = stockholm::SERVICES.to_vec();
    keys.extend(["a", "a_b", "ab", "a1"].map(|text| ServiceKey::new(text).unwrap()));
    let mut texts: Vec<String> = keys.iter().map(ToString::to_string).collect();
    keys.sort_unstable();
    texts.sort_unstable();
    assert_eq!(keys.iter().map(ToString::to_string).collect::<Vec<_>>(), texts);
}

#[test]
fn an_id_is_its_text_and_found_by_it() {
    let id = PersonId::from("p-1");
    assert_eq!(
        (id.as_str(), id.to_string(), format!("{id:>4}")),
        ("p-1", "p-1".to_owned(), " p-1".to_owned())
    );
    assert_eq!(serde_json::to_string(&id).unwrap(), "\"p-1\"");
    let by_id = BTreeMap::from([(id, 1)]);
    assert_eq!(by_id.get("p-1"), Some(&1));
}

#[test]
fn an_enum_has_one_name_for_each_value() {
    assert_eq!(Law::ALL.iter().map(|law| law.as_str()).collect::<Vec<_>>(), ["SoL", "LSS"]);
    assert_eq!("own_district".parse(), Ok(AreaOfChoice::OwnDistrict));
    assert_eq!(serde_json::to_string(&OccasionKind::EveningNight).unwrap(), "\"evening_night\"");
    let error = "lss".parse::<Law>().unwrap_err();
    assert_eq!(error.to_string(), "`lss` is not a law: one of SoL, LSS");
}
