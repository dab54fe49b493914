//! The arithmetic of samples.

/// The middle one of `samples`, or the mean of the two in the middle. `None` without samples.
pub(crate) fn median(samples: &[f64]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    match sorted.len() % 2 {
        0 => Some((upper + sorted.get(middle - 1)?) / 2.0),
        _ => Some(upper),
    }
}

/// The smallest sample that `share` of the samples, from 0 to 1, do not exceed; sorts them.
pub(crate) fn percentile(samples: &mut [u32], share: f64) -> Option<u32> {
    samples.sort_unstable();
    let rank = (samples.len() as f64 * share).ceil() as usize;
    samples.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_sample_in_the_middle() {
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
    }

    #[test]
    fn of_an_even_number_it_is_the_mean_of_two() {
        assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), Some(3.0));
    }

    #[test]
    fn no_samples_have_no_median_and_no_percentile() {
        assert_eq!((median(&[]), percentile(&mut [], 0.5)), (None, None));
    }

    #[test]
    fn a_percentile_is_a_sample_that_was_seen() {
        let mut samples: Vec<u32> = (1..=200).rev().collect();
        assert_eq!(percentile(&mut samples, 0.99), Some(198));
        assert_eq!(percentile(&mut samples, 0.5), Some(100));
    }
}
