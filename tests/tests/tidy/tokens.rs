//! Rust as words and signs, without comments and text.

/// The words and signs of a source: `a::B` is `a`, `::`, `B`. What stands in comments, strings and characters is no
/// part of it.
pub(crate) fn tokens(source: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            _ if c.is_whitespace() => c.len_utf8(),
            _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => string(rest),
            '\'' => character(rest),
            'r' if raw(rest).is_some() => raw(rest).unwrap_or(1),
            _ if is_word(c) => {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                tokens.push(rest[..end].to_owned());
                end
            }
            _ => {
                let end = if rest.starts_with("::") { 2 } else { c.len_utf8() };
                tokens.push(rest[..end].to_owned());
                end
            }
        };
        rest = &rest[length..];
    }
    tokens
}

pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Length of the string that begins here.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Length of the raw string that begins here, if one does.
fn raw(text: &str) -> Option<usize> {
    let hashes = text[1..].chars().take_while(|c| *c == '#').count();
    let body = text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    body.find(&end).map(|at| 2 + hashes + at + end.len())
}

/// Length of the character, or of the sign of a lifetime, that begins here.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), _) => text[2..].find('\'').map_or(text.len(), |at| {
            // `'\''`
            if at == 0 { 4 } else { at + 3 }
        }),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

#[test]
fn a_source_is_words_and_signs() {
    let source = "use a::{B, c}; // use d;\n/* use e; */ let x: &'a str = \"use f;\"; r#\"use \"g\"\"#; '\"'; '\\''; h('i', \"\\\"j\");";
    let words: Vec<String> =
        tokens(source).into_iter().filter(|t| t.chars().next().is_some_and(is_word)).collect();
    assert_eq!(words, ["use", "a", "B", "c", "let", "x", "a", "str", "h"]);
    assert_eq!(tokens("a::b"), ["a", "::", "b"]);
}
