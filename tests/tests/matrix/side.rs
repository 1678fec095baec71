//! What one half of the city has: the ids and the messages that requests are filled with.

use std::collections::BTreeMap;

use niva_proto::common::v1::FactInfo;
use prost::Message;

/// One district, one provider, and what belongs to both. A key is the name of an id's field, `grant_id`; where a method
/// needs another than the others, `grant_id@WithdrawGrant`; where a service does, `import_id/niva.choice.v1`. One that no
/// request is filled with by itself, but is inside a message, is `grant_id#3`.
pub(super) struct Side {
    pub(super) district: &'static str,
    /// Begins the ids.
    pub(super) name: &'static str,
    ids: BTreeMap<String, String>,
    messages: BTreeMap<String, Vec<u8>>,
    revisions: BTreeMap<String, i64>,
}

impl Side {
    pub(super) fn new(district: &'static str, name: &'static str) -> Self {
        let (ids, messages, revisions) = Default::default();
        Self { district, name, ids, messages, revisions }
    }

    /// The name of a thing here.
    pub(super) fn called(&self, what: &str) -> String {
        format!("{}-{what}", self.name)
    }

    pub(super) fn provider(&self) -> &str {
        self.id("provider_id")
    }

    pub(super) fn put(&mut self, key: &str, id: &str) {
        self.ids.insert(key.to_owned(), id.to_owned());
    }

    /// A message that a request holds where `key` is the name of its first field.
    pub(super) fn put_message(&mut self, key: &str, message: &impl Message) {
        self.messages.insert(key.to_owned(), message.encode_to_vec());
    }

    /// A fact that the city was told, as its service answered it.
    pub(super) fn keep(&mut self, key: &str, message: &impl Message, info: Option<&FactInfo>) {
        let info = info.expect("a fact has its info");
        self.put(key, &info.fact_id);
        self.put_message(key, message);
        self.revisions.insert(info.fact_id.clone(), info.revision);
    }

    pub(super) fn id(&self, key: &str) -> &str {
        self.ids.get(key).unwrap_or_else(|| panic!("{} has no {key}", self.name))
    }

    /// The id for a field of a method.
    pub(super) fn id_for(&self, field: &str, method: &str, package: &str) -> Option<&str> {
        keys(field, method, package).iter().find_map(|key| self.ids.get(key)).map(String::as_str)
    }

    /// The message whose first field is `field`, for a method.
    pub(super) fn message_for(&self, field: &str, method: &str, package: &str) -> Option<&[u8]> {
        keys(field, method, package).iter().find_map(|key| self.messages.get(key)).map(Vec::as_slice)
    }

    /// The newest revision of a fact.
    pub(super) fn revision(&self, id: &str) -> i64 {
        self.revisions.get(id).copied().unwrap_or(1)
    }

    /// Whether an id belongs here and to nobody else.
    pub(super) fn has(&self, id: &str, other: &Self) -> bool {
        let known = |side: &Self| side.ids.values().any(|known| known == id);
        known(self) && !known(other)
    }

    /// Whether an id tells of a person here: any but those of units, providers, how these are paid, and what the whole city has.
    pub(super) fn of_person(&self, id: &str, other: &Self) -> bool {
        let public = |key: &str| {
            ["unit_id", "provider_id", "import_id", "payee_id", "payment_order_id"]
                .iter()
                .any(|name| key.starts_with(name))
        };
        self.has(id, other) && self.ids.iter().any(|(key, known)| known == id && !public(key))
    }

    /// What the other side has in the place of an id of this one.
    pub(super) fn counterpart<'a>(&self, id: &str, other: &'a Self) -> &'a str {
        let key = self.ids.iter().find(|(_, known)| *known == id);
        let (key, _) = key.unwrap_or_else(|| panic!("{} does not know that it has {id}", self.name));
        other.id(key)
    }
}

fn keys(field: &str, method: &str, package: &str) -> [String; 3] {
    [format!("{field}@{method}"), format!("{field}/{package}"), field.to_owned()]
}
