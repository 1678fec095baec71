use serde::Deserialize;

/// The city that a Niva runs for: its name and its district boards. Data, like the models: `data/city/*.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct City {
    /// The city's name.
    pub name: String,
    /// Where the list of districts stands.
    pub source: String,
    /// District boards that grant and pay, by name, in order.
    pub districts: Vec<String>,
}

/// Why a city file is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CityError {
    /// It is no TOML, or has other keys than a city's.
    #[error("{file}: {message}")]
    Unreadable {
        /// The file.
        file: String,
        /// Where and what.
        message: String,
    },
    /// It names no district, or one twice.
    #[error("{file}: {message}")]
    Districts {
        /// The file.
        file: String,
        /// What is wrong and what to do.
        message: String,
    },
}

impl City {
    /// Stockholm with its eleven district boards of 2024.
    ///
    /// # Errors
    /// Never for the file that is shipped; a test shows it.
    pub fn shipped() -> Result<Self, CityError> {
        Self::parse("stockholm.toml", include_str!("../data/city/stockholm.toml"))
    }

    /// Reads a city file.
    ///
    /// # Errors
    /// When it is unreadable, or names no district or one twice.
    pub fn parse(file: &str, text: &str) -> Result<Self, CityError> {
        let city: Self = toml::from_str(text)
            .map_err(|e| CityError::Unreadable { file: file.to_owned(), message: e.to_string() })?;
        let refuse = |message: String| CityError::Districts { file: file.to_owned(), message };
        if city.districts.is_empty() {
            return Err(refuse("`districts` is empty: name at least one district board".to_owned()));
        }
        for (i, district) in city.districts.iter().enumerate() {
            if city.districts[..i].contains(district) {
                return Err(refuse(format!("`{district}` stands twice in `districts`: take one away")));
            }
        }
        Ok(city)
    }

    /// Whether the city has a district board of this name.
    #[must_use]
    pub fn has_district(&self, name: &str) -> bool {
        self.districts.iter().any(|d| d == name)
    }
}

#[cfg(test)]
mod tests {
    use super::City;

    #[test]
    fn stockholm_has_eleven_district_boards() {
        let city = City::shipped().unwrap();
        assert_eq!((city.name.as_str(), city.districts.len()), ("Stockholm", 11));
        assert!(city.has_district("Norra innerstaden") && !city.has_district("Norrmalm"));
    }

    #[test]
    fn a_district_that_stands_twice_is_refused_by_name() {
        let error = City::parse("x.toml", "name='X'\nsource='s'\ndistricts=['A','B','A']").unwrap_err();
        assert_eq!(error.to_string(), "x.toml: `A` stands twice in `districts`: take one away");
    }
}
