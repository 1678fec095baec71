//! Pages of a list (AIP-158): keyset pages behind opaque tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use niva_base::{OpError, Violations};
use sha2::{Digest, Sha256};

/// Rows on a page when the caller names no size.
const DEFAULT_SIZE: u32 = 100;

/// What page is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Rows on the page.
    pub size: u32,
    /// Key of the last row of the page before; `None` for the first page. Select what is greater.
    pub after: Option<String>,
    filter: u64,
}

/// Boils a list's filter (and order) down to a number; a token is good only for the filter that it was made with.
#[must_use]
pub fn filter_hash(parts: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().take(8).fold(0, |n, byte| n << 8 | u64::from(*byte))
}

impl PageRequest {
    /// Reads `page_size` (0: 100; more than `max`: `max`) and `page_token` (empty: the first page).
    ///
    /// # Errors
    /// `PAGE_SIZE_NEGATIVE`, `PAGE_TOKEN_INVALID`: not ours, or made for another filter.
    pub fn parse(page_size: i32, page_token: &str, filter: u64, max: u32) -> Result<Self, OpError> {
        let mut v = Violations::new();
        let size = v.check(
            "page_size",
            "PAGE_SIZE_NEGATIVE",
            u32::try_from(page_size).map_err(|_| "is negative; give 0 for the default size"),
        );
        let after = if page_token.is_empty() {
            Some(None)
        } else {
            let key = read_token(page_token, filter)
                .ok_or("is not from the page before of the same list; start again without a token");
            v.check("page_token", "PAGE_TOKEN_INVALID", key).map(Some)
        };
        let read = size.zip(after).map(|(size, after)| Self {
            size: if size == 0 { DEFAULT_SIZE.min(max) } else { size.min(max) },
            after,
            filter,
        });
        v.finish_with(read)
    }

    /// How many rows to select: one more than the page, to learn whether there is another page.
    #[must_use]
    pub fn limit(&self) -> u64 {
        u64::from(self.size) + 1
    }

    /// Cuts what [`limit`](Self::limit) selected to the page and makes `next_page_token` (empty on the last page) from
    /// the last row's key.
    #[must_use]
    pub fn cut<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> String) -> (Vec<T>, String) {
        let size = self.size as usize;
        let more = rows.len() > size;
        rows.truncate(size);
        let token = rows.last().filter(|_| more).map(|last| self.token(&key(last))).unwrap_or_default();
        (rows, token)
    }

    /// The page of a list that is in memory, in its order, and `next_page_token`.
    ///
    /// # Errors
    /// `PAGE_TOKEN_INVALID`: the token names no place in a list.
    pub fn of<T>(&self, list: impl Iterator<Item = T>) -> Result<(Vec<T>, String), OpError> {
        let place = |key: &String| {
            let text = "is not from the page before of the same list; start again without a token";
            key.parse().map_err(|_| OpError::invalid("page_token", "PAGE_TOKEN_INVALID", text))
        };
        let first: usize = self.after.as_ref().map_or(Ok(0), place)?;
        let rows = (first + 1..).zip(list.skip(first)).take(self.size as usize + 1).collect();
        let (rows, token) = self.cut(rows, |(place, _)| place.to_string());
        Ok((rows.into_iter().map(|(_, row)| row).collect(), token))
    }

    /// The token of the page after the row with this key.
    #[must_use]
    pub fn token(&self, last_key: &str) -> String {
        let mut bytes = self.filter.to_be_bytes().to_vec();
        bytes.extend_from_slice(last_key.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

fn read_token(token: &str, filter: u64) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (hash, key) = bytes.split_first_chunk::<8>()?;
    (u64::from_be_bytes(*hash) == filter).then(|| String::from_utf8(key.to_vec()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(size: i32, token: &str) -> Result<PageRequest, OpError> {
        PageRequest::parse(size, token, filter_hash(&["Vinsta", "2024"]), 500)
    }

    #[test]
    fn sizes_have_a_default_and_a_bound() {
        let size = |asked| page(asked, "").unwrap().size;
        assert_eq!((size(0), size(7), size(10_000)), (100, 7, 500));
        assert_eq!(PageRequest::parse(0, "", 0, 20).unwrap().size, 20);
    }

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let all: Vec<String> = (0..7).map(|n| format!("unit-{n} å")).collect();
        let (mut token, mut seen) = (String::new(), Vec::new());
        loop {
            let page = page(3, &token).unwrap();
            let after = page.after.clone().unwrap_or_default();
            let limit = usize::try_from(page.limit()).unwrap();
            let found = all.iter().filter(|k| **k > after).take(limit).cloned().collect();
            let (rows, next) = page.cut(found, Clone::clone);
            seen.extend(rows);
            if next.is_empty() {
                break;
            }
            token = next;
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn a_token_is_good_for_its_own_list_alone() {
        let token = page(3, "").unwrap().token("unit-3");
        assert_eq!(page(3, &token).unwrap().after.as_deref(), Some("unit-3"));
        let other = PageRequest::parse(-1, &token, filter_hash(&["Vinsta2024"]), 500).unwrap_err();
        let OpError::Invalid(found) = other else { panic!("accepted") };
        assert_eq!(
            found.iter().map(|v| v.reason).collect::<Vec<_>>(),
            ["PAGE_SIZE_NEGATIVE", "PAGE_TOKEN_INVALID"]
        );
        for forged in ["x", "AAAA", "!!!", "AAAAAAAAAAAAAAAA"] {
            assert_eq!(page(3, forged).unwrap_err().reason(), "PAGE_TOKEN_INVALID");
        }
    }

    #[test]
    fn filters_that_read_alike_differ() {
        assert_ne!(filter_hash(&["ab", "c"]), filter_hash(&["a", "bc"]));
    }
}
