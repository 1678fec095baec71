//! Steps that change what is in force: model files of the case's own, and a restart that loads them.

use std::sync::Arc;

use niva_journeys::repository_root;
use niva_models::Catalogue;
use niva_names::ServiceCatalogue;

use super::play::Play;
use super::words::{Done, Words};

/// The shipped file of a model.
fn shipped(id: &str) -> Done<String> {
    let file = repository_root().join("shared/models/data").join(format!("{id}.toml"));
    std::fs::read_to_string(file).map_err(|error| format!("{id}: {error}"))
}

impl Play {
    /// `copy socialpsychiatry-2010 as city-2024`: another file with the same text and an id of its own.
    pub(super) fn copy_model(&mut self, w: &mut Words<'_>) -> Done {
        let (of, id) = (w.next()?, w.must("as")?);
        let text = shipped(of)?.replacen(&format!("id = \"{of}\""), &format!("id = \"{id}\""), 1);
        self.files.insert(id.to_owned(), text);
        Ok(())
    }

    /// `edit lss-housing-2022 "2, 1246" becomes "2, 1250"`: what is replaced stands there once, but for spaces.
    pub(super) fn edit_model(&mut self, w: &mut Words<'_>) -> Done {
        let (id, old, new) = (w.next()?, w.next()?, w.must("becomes")?);
        let text = match self.files.get(id) {
            Some(text) => text.clone(),
            None => shipped(id)?,
        };
        let single = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let text: Vec<String> = text
            .lines()
            .map(|line| if line.contains("  ") { single(line) } else { line.to_owned() })
            .collect();
        let text = text.join("\n");
        match text.matches(old).count() {
            1 => self.files.insert(id.to_owned(), text.replace(old, new)),
            n => return Err(format!("`{old}` stands there {n} times")),
        };
        Ok(())
    }

    /// `restart`: the three services stop and start with the case's model files.
    pub(super) async fn restart(&mut self) -> Done {
        self.heard().await;
        let services = Arc::new(ServiceCatalogue::shipped().map_err(|error| error.to_string())?);
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        for (id, text) in &self.files {
            std::fs::write(folder.path().join(format!("{id}.toml")), text)
                .map_err(|error| error.to_string())?;
        }
        let catalogue =
            Catalogue::of_city(&services, Some(folder.path())).map_err(|error| error.to_string())?;
        self.world.load_models(catalogue).await;
        Ok(())
    }
}
