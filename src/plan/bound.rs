//! Fits something that grows after it was placed into the longest output side.

use crate::units::Size;

/// Returns what `place` makes under the greatest bound for which the result, after growing, has no side above
/// `side_max`.
///
/// `place` takes a bound for both sides and returns a result with its size; `grown` returns the size to which that
/// result grows. Once the result is as large as the bound, it shrinks in proportion to the bound.
pub(super) fn within<T>(side_max: u32, place: impl Fn(u32) -> (T, Size), grown: impl Fn(&T, Size) -> Size) -> T {
    let mut bound = side_max;
    loop {
        let (placed, size) = place(bound);
        let outer = grown(&placed, size);
        let (inside, outside) = (longest(size), longest(outer));
        if outside <= side_max || bound <= 1 {
            return placed;
        }
        // Shrinks in proportion, as every output is capped. Rounding may leave a pixel too many for the next iteration.
        let share = u64::from(inside) * u64::from(side_max) / u64::from(outside);
        bound = u32::try_from(share).unwrap_or(bound).clamp(1, bound - 1);
    }
}

fn longest(size: Size) -> u32 {
    size.width.max(size.height)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes a square of the wanted size, or of the bound if that is smaller.
    fn square(wanted: u32) -> impl Fn(u32) -> (u32, Size) {
        move |bound| (wanted.min(bound), Size::new(wanted.min(bound), wanted.min(bound)))
    }

    #[test]
    fn what_fits_is_left_alone_and_the_rest_as_large_as_it_may_be() {
        let doubled = |_: &u32, size: Size| Size::new(size.width * 2 + 3, 1);
        assert_eq!(within(1000, square(300), doubled), 300);
        assert_eq!(within(1000, square(5000), doubled), 498);
        assert_eq!(within(5, square(5000), doubled), 1);
        // No bound helps if something grows by itself.
        assert_eq!(within(1, square(5000), doubled), 1);
    }
}
