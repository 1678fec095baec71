//! Changed seeds, the same in every run.

use std::path::Path;

use rand::seq::IndexedRandom as _;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::{TARGETS, Target};

/// Changed seeds that each target is given, if nothing else is said.
const ROUNDS: u64 = 6_000;
/// The seed of the changes, if nothing else is said.
const SEED: u64 = 1;
/// Longest input.
const LONGEST: usize = 64 * 1024;

fn given(name: &str, usually: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(usually, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no whole number")))
}

/// A target's seeds: those of its folder, and those that the repository has anyway.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut seeds: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    let repository = |path: &str| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        std::fs::read(root.join(path)).unwrap()
    };
    match name {
        "models" => seeds.extend(
            ["lss-housing-2023", "occupation-2019-07", "daily-activities-2025"]
                .map(|model| repository(&format!("shared/models/data/{model}.toml"))),
        ),
        "catalogues" => seeds.push(repository("shared/names/data/stockholm.toml")),
        "instruments" => {
            seeds.push(repository("services/assessment/domain/data/instruments/housing-support.toml"));
        }
        _ => {}
    }
    seeds.push(Vec::new());
    seeds
}

/// Some small changes to some bytes: bits, runs, repetitions, pieces of another seed.
fn changed(dice: &mut ChaCha8Rng, seed: &[u8], other: &[u8]) -> Vec<u8> {
    const WORDS: [&[u8]; 12] = [
        b"\0",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"-1",
        b"9223372036854775807",
        b"0",
        b"\n",
        b"\"",
        b",",
        b"1e999",
        b"9999-12-31",
        b"\xc3\xa5",
        b"\x0a\x00",
    ];
    let mut bytes = seed.to_vec();
    for _ in 0..dice.random_range(1..=6) {
        let at = dice.random_range(0..=bytes.len());
        let end = dice.random_range(at..=bytes.len().min(at + 40));
        match dice.random_range(0..7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.random_range(0..8),
            1 if at < bytes.len() => bytes[at] = dice.random(),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let run = bytes[at..end].to_vec();
                bytes.splice(at..at, run);
            }
            4 => {
                let word = *WORDS.choose(dice).unwrap();
                bytes.splice(at..end, word.iter().copied());
            }
            5 if !other.is_empty() => {
                let from = dice.random_range(0..other.len());
                let to = dice.random_range(from..=other.len().min(from + 60));
                bytes.splice(at..end, other[from..to].iter().copied());
            }
            _ => bytes.truncate(at.max(bytes.len() / 2)),
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

/// Nothing but noise, short: what a structure finds least.
fn noise(dice: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = vec![0; dice.random_range(0..200)];
    dice.fill_bytes(&mut bytes);
    bytes
}

fn play(name: &str, target: Target, rounds: u64) {
    let (seed, more) = (given("NIVA_SEED", SEED), given("NIVA_FUZZ_ROUNDS", 0));
    let rounds = if more > 0 { more } else { rounds };
    println!("NIVA_SEED={seed} NIVA_FUZZ_ROUNDS={rounds}");
    let seeds = seeds(name);
    for bytes in &seeds {
        target(bytes);
    }
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    for round in 0..rounds {
        let (one, other) = (seeds.choose(&mut dice).unwrap(), seeds.choose(&mut dice).unwrap());
        let bytes = if round % 8 == 0 { noise(&mut dice) } else { changed(&mut dice, one, other) };
        let held = std::panic::catch_unwind(|| target(&bytes));
        assert!(
            held.is_ok(),
            "{name}, NIVA_SEED={seed}, round {round}: {:?}",
            String::from_utf8_lossy(&bytes)
        );
    }
}

macro_rules! fuzzed {
    ($($name:ident: $rounds:expr;)+) => {$(
        #[test]
        fn $name() {
            let (name, target) = TARGETS.into_iter().find(|(name, _)| *name == stringify!($name)).unwrap();
            play(name, target, $rounds);
        }
    )+

        #[test]
        fn each_target_is_fuzzed() {
            assert_eq!(TARGETS.map(|(name, _)| name).as_slice(), [$(stringify!($name)),+]);
        }
    };
}

fuzzed! {
    assessment_requests: ROUNDS;
    choice_requests: ROUNDS;
    payment_requests: ROUNDS;
    payment_feeds: ROUNDS;
    payment_contents: ROUNDS;
    tokens: ROUNDS;
    keys: ROUNDS;
    pages: ROUNDS;
    // Files are long, and each is read to its end.
    city_files: ROUNDS / 10;
    models: ROUNDS / 10;
    catalogues: ROUNDS / 10;
    instruments: ROUNDS / 10;
    deadlines: ROUNDS;
}
