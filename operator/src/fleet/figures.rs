//! Figures for people: rounded, so that they change only when something worth knowing does.

/// The number rounded to two significant digits, half up: 41 stays, 4,149 becomes 4,100.
#[must_use]
pub fn round(number: u64) -> u64 {
    let digits = number.checked_ilog10().unwrap_or_default();
    let unit = 10_u64.saturating_pow(digits.saturating_sub(1));
    (number.saturating_add(unit / 2) / unit).saturating_mul(unit)
}

/// The rounded number as a person says it: `950`, `4.1k`, `41k`, `1.2M`.
#[must_use]
pub fn spoken(number: u64) -> String {
    let number = round(number);
    let (unit, suffix) = match number {
        0..1_000 => return number.to_string(),
        1_000..1_000_000 => (1_000, "k"),
        _ => (1_000_000, "M"),
    };
    let (whole, tenths) = (number / unit, number % unit * 10 / unit);
    if whole < 10 && tenths > 0 { format!("{whole}.{tenths}{suffix}") } else { format!("{whole}{suffix}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_has_two_significant_digits() {
        let cases =
            [(0, 0), (7, 7), (41, 41), (99, 99), (104, 100), (105, 110), (4_149, 4_100), (99_900, 100_000)];
        for (number, rounded) in cases {
            assert_eq!((number, round(number)), (number, rounded));
        }
    }

    #[test]
    fn a_figure_is_said_in_thousands_and_millions() {
        let cases = [(950, "950"), (1_000, "1k"), (4_149, "4.1k"), (41_234, "41k"), (1_234_567, "1.2M")];
        for (number, said) in cases {
            assert_eq!((number, spoken(number).as_str()), (number, said));
        }
    }
}
