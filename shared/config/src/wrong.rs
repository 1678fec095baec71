use std::fmt::{self, Display};

/// All that is wrong with a configuration.
#[derive(Debug, Default, thiserror::Error)]
pub struct Wrong(Vec<String>);

impl Wrong {
    /// Something is wrong: says what, and what to do.
    pub fn add(&mut self, what: impl Display) {
        self.0.push(what.to_string());
    }

    /// The value of an option; when there is none, what is wrong with it has been added.
    pub fn take<T>(&mut self, option: &str, value: Result<T, impl Display>) -> Option<T> {
        value.map_err(|what| self.add(format_args!("{option}: {what}"))).ok()
    }

    /// What was made of the options, when nothing is wrong with any.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn finish<T>(self, made: Option<T>) -> Result<T, Self> {
        made.filter(|_| self.0.is_empty()).ok_or(self)
    }
}

impl Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => f.write_str(one),
            all => {
                write!(f, "{} things are wrong, and nothing was begun", all.len())?;
                all.iter().try_for_each(|what| write!(f, "\n  {what}"))
            }
        }
    }
}
