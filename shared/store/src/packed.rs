//! Answers as they are kept: deflated, after what was said in the request. An answer mostly repeats it, and whoever asks for an
//! answer again says it again: so it need not be kept.

use miniz_oxide::deflate::core::{
    CompressionStrategy, CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params,
};
use miniz_oxide::inflate::{DecompressError, decompress_to_vec};

/// How far back deflate looks, and less than one of its blocks that are as they are.
const WINDOW: usize = 32 << 10;
/// Bytes of an answer from which on a code of its own is worth its room.
const LONG: usize = 512;
const LEVEL: i32 = 6;
/// Without a header.
const RAW: i32 = 0;

/// An answer as it is kept.
pub(crate) fn pack(answer: &[u8], said: &[u8]) -> Vec<u8> {
    let strategy =
        if answer.len() < LONG { CompressionStrategy::Fixed } else { CompressionStrategy::Default };
    let flags = create_comp_flags_from_zip_params(LEVEL, RAW, strategy.into());
    let mut compressor = CompressorOxide::new(flags);
    compress_to_output(&mut compressor, seen(said), TDEFLFlush::Sync, |_| true);
    let mut kept = Vec::with_capacity(answer.len() / 2);
    compress_to_output(&mut compressor, answer, TDEFLFlush::Finish, |part| {
        kept.extend_from_slice(part);
        true
    });
    kept
}

/// The answer, given the same that was said.
pub(crate) fn unpack(kept: &[u8], said: &[u8]) -> Result<Vec<u8>, DecompressError> {
    let said = seen(said);
    let [low, high, ..] = said.len().to_le_bytes();
    // A block as it is, which is not the last: its length, and that with all bits turned.
    let block = [0, low, high, !low, !high];
    Ok(decompress_to_vec(&[&block, said, kept].concat())?.split_off(said.len()))
}

fn seen(said: &[u8]) -> &[u8] {
    said.get(said.len().saturating_sub(WINDOW)..).unwrap_or(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        let long = (0..100_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>();
        for said in [&b""[..], b"a placement and a day", &long] {
            for answer in [&b""[..], b"a placement and a day, recorded", &long] {
                assert_eq!(unpack(&pack(answer, said), said).unwrap(), answer);
            }
        }
    }

    #[test]
    fn what_was_said_takes_no_room() {
        let said = b"ffb1c5e08d9a4c1f8e7d6b5a49382716 on 2024-03-01";
        assert!(pack(said, said).len() < 8);
        assert!(pack(said, b"").len() > 30);
    }
}
