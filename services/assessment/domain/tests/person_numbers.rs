//! Numbers of invented people, put together here so that none stands anywhere.

use std::io::Write;
use std::process::{Command, Stdio};

use niva_assessment_domain::{NumberKind, NumberRefused, PersonNumber};
use niva_calendar::{Datelike, NaiveDate};
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};

use crate::day;

/// The check digit of nine digits, added up in another way than the product does.
fn check_digit(nine: &str) -> u32 {
    const DOUBLED: [u32; 10] = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
    let digits = nine.chars().filter_map(|c| c.to_digit(10)).enumerate();
    let sum: u32 = digits.map(|(at, digit)| if at % 2 == 0 { DOUBLED[digit as usize] } else { digit }).sum();
    (10 - sum % 10) % 10
}

/// The twelve digits of somebody born on a day.
pub(crate) fn digits(born: NaiveDate, later: u32, serial: u32) -> String {
    let short = format!("{:02}{:02}{:02}{serial:03}", born.year() % 100, born.month(), born.day() + later);
    format!("{:02}{short}{}", born.year() / 100, check_digit(&short))
}

fn today() -> NaiveDate {
    day(2024, 3, 18)
}

fn parse(text: &str) -> Result<String, NumberRefused> {
    PersonNumber::parse(text, today()).map(|number| number.reveal().to_owned())
}

#[test]
fn every_written_form_is_the_same_number() {
    let twelve = digits(day(1985, 2, 3), 0, 987);
    let (day, rest) = twelve.split_at(8);
    for form in [
        &twelve,
        &twelve[2..],
        &format!("{day}-{rest}"),
        &format!("{}-{rest}", &day[2..]),
        &format!(" {twelve} "),
    ] {
        assert_eq!(parse(form).as_ref(), Ok(&twelve));
    }
    // A plus is for who turns a hundred this year, and nobody younger.
    let old = digits(crate::day(1924, 12, 31), 0, 986);
    let plus = format!("{}+{}", &old[2..8], &old[8..]);
    assert_eq!(parse(&plus).as_ref(), Ok(&old));
    assert_eq!(parse(&format!("{}+{}", &old[..8], &old[8..])).as_ref(), Ok(&old));
    assert_eq!(parse(&format!("{day}+{rest}")), Err(NumberRefused::NotHundred));
    let short_minus = format!("{}-{}", &old[2..8], &old[8..]);
    assert_eq!(parse(&short_minus), Err(NumberRefused::NotBorn), "of December this year");
}

#[test]
fn a_coordination_number_is_sixty_days_later() {
    let number = PersonNumber::parse(&digits(day(1991, 10, 31), 60, 985), today()).unwrap();
    assert_eq!(number.kind(), NumberKind::Coordination);
    assert_eq!(&number.reveal()[6..8], "91");
    let number = PersonNumber::parse(&digits(day(1991, 10, 31), 0, 985), today()).unwrap();
    assert_eq!(number.kind(), NumberKind::Personal);
}

#[test]
fn what_is_no_number_says_why() {
    let good = digits(day(1985, 2, 3), 0, 987);
    let checked = |nine: &str| format!("19{nine}{}", check_digit(nine));
    for (text, why) in [
        (String::new(), NumberRefused::Form),
        ("no number".to_owned(), NumberRefused::Form),
        (good[1..].to_owned(), NumberRefused::Form),
        (format!("{}--{}", &good[..8], &good[8..]), NumberRefused::Form),
        (format!("{}-{}", &good[..7], &good[7..]), NumberRefused::Form),
        ("åäöåäöåäöåäö".to_owned(), NumberRefused::Form),
        (digits(day(1985, 2, 3), 0, 0), NumberRefused::Form),
        (checked("850229987"), NumberRefused::Day),
        (checked("851303987"), NumberRefused::Day),
        (checked("850260987"), NumberRefused::Day),
        (checked("850292987"), NumberRefused::Day),
        (format!("17{}", &good[2..]), NumberRefused::Day),
        (digits(day(2024, 3, 19), 0, 987), NumberRefused::NotBorn),
        (format!("{}{}", &good[..11], (good.as_bytes()[11] - b'0' + 1) % 10), NumberRefused::CheckDigit),
    ] {
        assert_eq!(parse(&text), Err(why), "{text}");
        // What is told of it does not repeat it.
        assert!(text.is_empty() || !format!("{why} {why:?}").contains(&text));
    }
}

/// A day of birth, and how much later its number says.
fn someone() -> impl Strategy<Value = (NaiveDate, u32, u32)> {
    let born = (0..80_000_i64).prop_map(|days| day(1805, 1, 1) + chrono::Duration::days(days));
    (born, any::<bool>(), 1..1_000_u32)
        .prop_map(|(born, late, serial)| (born, if late { 60 } else { 0 }, serial))
}

proptest! {
    #[test]
    fn whoever_is_born_has_one_number((born, later, serial) in someone()) {
        let twelve = digits(born, later, serial);
        let number = PersonNumber::parse(&twelve, today()).unwrap();
        prop_assert_eq!(number.reveal(), &twelve);
        prop_assert_eq!(number.kind() == NumberKind::Coordination, later == 60);
        // Nothing of it is in what a debugger prints.
        let printed = format!("{number:?}");
        prop_assert!(!printed.chars().any(|c| c.is_ascii_digit()), "{}", printed);
    }

    #[test]
    fn any_other_last_digit_is_refused((born, later, serial) in someone(), more in 1..10_u8) {
        let mut wrong = digits(born, later, serial).into_bytes();
        wrong[11] = b'0' + (wrong[11] - b'0' + more) % 10;
        prop_assert_eq!(parse(std::str::from_utf8(&wrong).unwrap()), Err(NumberRefused::CheckDigit));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,16}", digits in "[0-9+-]{8,14}") {
        for text in [text, digits] {
            if let Ok(number) = parse(&text) {
                prop_assert_eq!(number.len(), 12);
                prop_assert_eq!(parse(&number), Ok(number));
            }
        }
    }
}

/// Draws without an end, the same for a seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(bound)).unwrap()
    }

    /// A number as somebody may write it: most are good, others are spoilt.
    fn written(&mut self) -> String {
        let born = day(1801, 1, 1) + chrono::Duration::days(self.below(85_000).into());
        let later = if self.below(3) == 0 { 60 } else { 0 };
        let mut twelve = digits(born, later, self.below(1_000)).into_bytes();
        if self.below(3) == 0 {
            // Not of the century: what there was before 1800 the oracle knows too.
            let at = 2 + self.below(10) as usize;
            twelve[at] = b'0' + u8::try_from(self.below(10)).unwrap();
        }
        let twelve = String::from_utf8(twelve).unwrap();
        let hundred = today().year() - twelve[..4].parse::<i32>().unwrap() >= 100;
        let (from, separator) = match self.below(6) {
            0 => (0, ""),
            1 => (0, "-"),
            2 => (2, ""),
            3 => (2, "-"),
            4 => (2, "+"),
            // The oracle passes over a plus in twelve digits; ours must be true.
            _ if hundred => (0, "+"),
            _ => (0, "--"),
        };
        format!("{}{separator}{}", &twelve[from..8], &twelve[8..])
    }
}

#[test]
fn the_package_personnummer_says_the_same() {
    let python = std::env::var("NIVA_TEST_PYTHON").expect(
        "NIVA_TEST_PYTHON: run this by tests/run, which installs a Python with the package personnummer",
    );
    let seed = std::env::var("NIVA_SEED")
        .ok()
        .map_or_else(|| u64::from(std::process::id()), |seed| seed.parse().unwrap());
    println!("NIVA_SEED={seed}");
    let mut draw = Draw(seed);
    let written: Vec<String> = (0..20_000).map(|_| draw.written()).collect();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/person_numbers/oracle.py");
    let mut oracle = Command::new(python)
        .arg(script)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut asked = oracle.stdin.take().unwrap();
    let question = format!("{}\n{}\n", today(), written.join("\n"));
    let asking = std::thread::spawn(move || asked.write_all(question.as_bytes()).unwrap());
    let answered = oracle.wait_with_output().unwrap();
    asking.join().unwrap();
    assert!(answered.status.success());
    let answers = String::from_utf8(answered.stdout).unwrap();
    let (mut good, mut bad) = (0, 0);
    for (written, said) in written.iter().zip(answers.lines()) {
        let ours = match PersonNumber::parse(written, today()) {
            Ok(number) => format!("{} {:?}", number.reveal(), number.kind()),
            Err(NumberRefused::NotBorn) => "unborn".to_owned(),
            Err(_) => "invalid".to_owned(),
        };
        assert_eq!(ours, said, "{written}, NIVA_SEED={seed}");
        *if ours.len() > 12 { &mut good } else { &mut bad } += 1;
    }
    assert_eq!(good + bad, 20_000);
    assert!(good > 5_000 && bad > 5_000, "{good} good, {bad} bad");
}
