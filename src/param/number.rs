//! The number grammar: digits with an optional sign and decimal point, nothing else.
//!
//! Narrower than Rust's own: a URL cannot write a number as `inf`, `NaN` or with an exponent, so no parsed value is
//! ever NaN.

/// Parses a whole number. One too long for 64 bits saturates, so that it is clamped like any other.
fn whole(text: &str) -> Option<i64> {
    let (negative, digits) = unsigned(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let saturated = if negative { i64::MIN } else { i64::MAX };
    // The sign is parsed along with the digits because the smallest number has no positive counterpart.
    let sign = if negative { "-" } else { "" };
    Some(format!("{sign}{digits}").parse().unwrap_or(saturated))
}

/// Parses a whole number, or a decimal number that is rounded half up. Used by parameters that take whole numbers.
pub(super) fn rounded(text: &str) -> Option<i64> {
    // `as` saturates, exactly as `whole` does for a number too long for 64 bits.
    whole(text).or_else(|| decimal(text).map(|value| round(value) as i64))
}

/// Parses a decimal number, including `.5` and `5.`. The result is finite, except that hundreds of digits give an
/// infinity, which is clamped later.
pub(super) fn decimal(text: &str) -> Option<f64> {
    let (negative, digits) = unsigned(text);
    let (before, after) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = before.bytes().chain(after.bytes()).all(|byte| byte.is_ascii_digit());
    if before.len() + after.len() == 0 || !all_digits {
        return None;
    }
    let value: f64 = digits.parse().ok()?;
    // A minus zero would be written back as `-0`.
    Some(if negative && value > 0.0 { -value } else { value })
}

/// Rounds half up, like every rounding in the grammar (`rendering.md`, preface).
pub(super) fn round(value: f64) -> f64 {
    (value + 0.5).floor()
}

fn unsigned(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        Some(_) | None => (false, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers() {
        let check = |text, expected| assert_eq!(whole(text), expected, "{text}");
        check("0", Some(0));
        check("-12", Some(-12));
        check("+7", Some(7));
        check("007", Some(7));
        check("99999999999999999999999", Some(i64::MAX));
        check("-99999999999999999999999", Some(i64::MIN));
        for text in ["", "-", "+", "1.5", "1.0", "1e3", "0x10", "--1", "-+1", "1 2", "NaN", "inf", "٣"] {
            check(text, None);
        }
    }

    #[test]
    fn decimals_are_rounded_half_up() {
        let check = |text: &str, expected| assert_eq!(rounded(text), expected, "{text}");
        check("12", Some(12));
        check("10.5", Some(11));
        check("10.49", Some(10));
        check("-10.5", Some(-10));
        check("-10.51", Some(-11));
        check(".4", Some(0));
        check("7.", Some(7));
        check(&format!("{}.5", "9".repeat(30)), Some(i64::MAX));
        check(&format!("-{}.5", "9".repeat(400)), Some(i64::MIN));
        for text in ["", ".", "-", "1e3", "1.5.2", "1,5", "NaN", "inf", "0x1.8"] {
            check(text, None);
        }
    }

    #[test]
    fn decimal_numbers() {
        let check = |text: &str, expected| assert_eq!(decimal(text), expected, "{text}");
        check("0.5", Some(0.5));
        check(".5", Some(0.5));
        check("5.", Some(5.0));
        check("-2.25", Some(-2.25));
        check(&"9".repeat(400), Some(f64::INFINITY));
        for text in ["", ".", "-.", "1e400", "1e3", "NaN", "nan", "inf", "-inf", "infinity", "1.2.3", "1,5", "0x1p3"] {
            check(text, None);
        }
        assert!(decimal("-0").is_some_and(f64::is_sign_positive));
    }
}
