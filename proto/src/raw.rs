//! A message's fields as they lie in its bytes, for who looks at one without making it.

/// Messages within messages; more than any of the contract has.
pub(crate) const DEPTH: usize = 32;

/// A field.
pub(crate) struct Field<'a> {
    pub(crate) number: u64,
    /// Whether it says how long it is: a text, bytes, a message.
    pub(crate) is_counted: bool,
    /// Its bytes; none of a number without a fixed length.
    pub(crate) value: &'a [u8],
}

/// The next field; none at the end, and where the bytes are no message: whoever reads them says so.
pub(crate) fn next<'a>(bytes: &mut &'a [u8]) -> Option<Field<'a>> {
    let key = varint(bytes)?;
    let length = match key & 7 {
        0 => varint(bytes).map(|_| 0)?,
        1 => 8,
        2 => usize::try_from(varint(bytes)?).ok()?,
        5 => 4,
        _ => return None,
    };
    let (value, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(Field { number: key >> 3, is_counted: key & 7 == 2, value })
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
