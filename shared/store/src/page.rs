//! Pages of a list (AIP-158): keyset pages behind opaque tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use niva_access::SecretKey;
use niva_base::{OpError, Violations};

/// Rows on a page when the caller names no size.
const DEFAULT_SIZE: u32 = 100;

/// Bytes of a token's signature.
const SIGNED: usize = 16;

/// What page is asked for.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// Rows on the page.
    pub size: u32,
    /// Key of the last row of the page before; `None` for the first page. Select what is greater.
    pub after: Option<String>,
    /// Signs the tokens of this list for this caller.
    key: SecretKey,
}

impl PageRequest {
    /// Reads `page_size` (0: 100; more than `max`: `max`) and `page_token` (empty: the first page), which only who has
    /// the `key` can have made.
    ///
    /// # Errors
    /// `PAGE_SIZE_NEGATIVE`, `PAGE_TOKEN_INVALID`: not ours, or made for another list.
    pub fn parse(page_size: i32, page_token: &str, key: SecretKey, max: u32) -> Result<Self, OpError> {
        let mut v = Violations::new();
        let size = v.check(
            "page_size",
            "PAGE_SIZE_NEGATIVE",
            u32::try_from(page_size).map_err(|_| "is negative; give 0 for the default size"),
        );
        let after = if page_token.is_empty() {
            Some(None)
        } else {
            let last = read_token(page_token, &key)
                .ok_or("is not from the page before of the same list; start again without a token");
            v.check("page_token", "PAGE_TOKEN_INVALID", last).map(Some)
        };
        let size = size.map(|size| if size == 0 { DEFAULT_SIZE.min(max) } else { size.min(max) });
        v.finish_with(size.zip(after).map(|(size, after)| Self { size, after, key }))
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
        let mut bytes = self.key.sign(&[last_key.as_bytes()])[..SIGNED].to_vec();
        bytes.extend_from_slice(last_key.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

fn read_token(token: &str, key: &SecretKey) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (signed, last) = bytes.split_first_chunk::<SIGNED>()?;
    // What is compared tells nothing by its time: it is no secret of anybody's but a bound on who may go on where.
    (key.sign(&[last])[..SIGNED] == *signed).then(|| String::from_utf8(last.to_vec()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(size: i32, token: &str) -> Result<PageRequest, OpError> {
        PageRequest::parse(size, token, SecretKey::of([1; 32]), 500)
    }

    #[test]
    fn sizes_have_a_default_and_a_bound() {
        let size = |asked| page(asked, "").unwrap().size;
        assert_eq!((size(0), size(7), size(10_000)), (100, 7, 500));
        assert_eq!(PageRequest::parse(0, "", SecretKey::of([1; 32]), 20).unwrap().size, 20);
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
        let other = PageRequest::parse(-1, &token, SecretKey::of([2; 32]), 500).unwrap_err();
        let OpError::Invalid(found) = other else { panic!("accepted") };
        assert_eq!(
            found.iter().map(|v| v.reason).collect::<Vec<_>>(),
            ["PAGE_SIZE_NEGATIVE", "PAGE_TOKEN_INVALID"]
        );
        for forged in ["x", "AAAA", "!!!", "AAAAAAAAAAAAAAAA"] {
            assert_eq!(page(3, forged).unwrap_err().reason(), "PAGE_TOKEN_INVALID");
        }
    }
}
