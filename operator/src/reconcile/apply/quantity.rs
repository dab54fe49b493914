//! Kubernetes quantities by value: `0.5` and `500m` are one.
//!
//! The API server stores the canonical form, so that a comparison of texts would find a
//! difference for ever. Grammar: Kubernetes' `resource.Quantity`.

/// The value in billionths; `None` when the text is no quantity, or does not fit.
#[must_use]
pub fn nano(text: &str) -> Option<i128> {
    let split = text.find(|c: char| !matches!(c, '0'..='9' | '.' | '+' | '-')).unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(split)?;
    decimal(number)?.checked_mul(multiplier(suffix)?).map(|scaled| scaled / 1_000_000_000)
}

/// A decimal number in billionths.
fn decimal(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let parse = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u64>().ok() };
    let scale = 10_i128.checked_pow(9_u32.checked_sub(u32::try_from(fraction.len()).ok()?)?)?;
    let value = i128::from(parse(whole)?) * 1_000_000_000 + i128::from(parse(fraction)?) * scale;
    Some(if negative { -value } else { value })
}

/// What a suffix multiplies by, in billionths.
fn multiplier(suffix: &str) -> Option<i128> {
    const ONE: i128 = 1_000_000_000;
    Some(match suffix {
        "n" => 1,
        "u" => 1_000,
        "m" => 1_000_000,
        "" => ONE,
        "k" => ONE * 1_000,
        "M" => ONE * 1_000_000,
        "G" => ONE * 1_000_000_000,
        "T" => ONE * 1_000_000_000_000,
        "P" => ONE * 1_000_000_000_000_000,
        "E" => ONE * 1_000_000_000_000_000_000,
        "Ki" => ONE << 10,
        "Mi" => ONE << 20,
        "Gi" => ONE << 30,
        "Ti" => ONE << 40,
        "Pi" => ONE << 50,
        "Ei" => ONE << 60,
        exponent => {
            let power: u32 = exponent.strip_prefix(['e', 'E'])?.parse().ok()?;
            ONE.checked_mul(10_i128.checked_pow(power)?)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_value_are_equal() {
        for (a, b) in [("0.5", "500m"), ("1Gi", "1024Mi"), ("1e3", "1k"), ("1", "1.0"), ("1.5Gi", "1536Mi")] {
            assert_eq!((a, nano(a)), (a, nano(b)));
        }
    }

    #[test]
    fn another_value_is_not_equal() {
        assert_ne!(nano("1Gi"), nano("1G"));
    }

    #[test]
    fn what_is_no_quantity_has_no_value() {
        for text in ["", "Mi", "1 Gi", "one", "1.2.3", "--1", "99999999999999999999999Ei", "1e999"] {
            assert_eq!((text, nano(text)), (text, None));
        }
    }
}
