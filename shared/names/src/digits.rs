/// Whether the last of some decimal digits is their check digit: with every other digit from the right doubled, the sum of all digits
/// is a multiple of ten (Luhn).
#[must_use]
pub fn check_digit_fits(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, times)| {
            let product = u32::from(digit.wrapping_sub(b'0')) * times;
            product / 10 + product % 10
        })
        .sum();
    digits.bytes().all(|digit| digit.is_ascii_digit()) && sum.is_multiple_of(10)
}
