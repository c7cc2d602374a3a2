//! Gregorian dates in UTC, for the access log. Crates that format times panic before 1970 or after 9999, and a wrong
//! clock must not break the log.

/// A moment as date and hour, with the remaining seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Utc {
    pub(super) year: u64,
    pub(super) month: u64,
    pub(super) day: u64,
    pub(super) hour: u64,
    /// Seconds into the hour.
    pub(super) rest_s: u64,
}

/// End of the year 9999. Later times are written as this one, so that file names keep their length.
const LAST_S: u64 = 253_402_300_799;

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH_DAYS: u64 = 719_468;

impl Utc {
    /// Returns the date of a Unix time.
    pub(super) const fn of(unix_s: u64) -> Self {
        let unix_s = if unix_s > LAST_S { LAST_S } else { unix_s };
        // Years start in March, so that leap days come last; an era is the calendar's period of 400 years.
        let days = unix_s / 86_400 + EPOCH_DAYS;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        Self {
            year: era * 400 + year_of_era + (month <= 2) as u64,
            month,
            day: day_of_year - (153 * march_month + 2) / 5 + 1,
            hour: unix_s % 86_400 / 3600,
            rest_s: unix_s % 3600,
        }
    }

    /// Returns the Unix time of a date from 1970 on, or `None` if the date does not exist.
    pub(super) fn unix_s(self) -> Option<u64> {
        let year = self.year.checked_sub((self.month <= 2).into())?;
        let (era, year_of_era) = (year / 400, year % 400);
        let march_month = (self.month + 9) % 12;
        let day_of_year = ((153 * march_month + 2) / 5 + self.day).checked_sub(1)?;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = (era * 146_097 + day_of_era).checked_sub(EPOCH_DAYS)?;
        let unix_s = days * 86_400 + self.hour * 3600 + self.rest_s;
        // Without this check, the 31st of February would become the 3rd of March.
        (Self::of(unix_s) == self).then_some(unix_s)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(unix_s: u64, (year, month, day, hour, rest_s): (u64, u64, u64, u64, u64)) {
        let utc = Utc { year, month, day, hour, rest_s };
        assert_eq!(Utc::of(unix_s), utc);
        assert_eq!(utc.unix_s(), Some(unix_s));
    }

    #[test]
    fn known_dates() {
        check(0, (1970, 1, 1, 0, 0));
        check(951_782_399, (2000, 2, 28, 23, 3599));
        check(951_782_400, (2000, 2, 29, 0, 0));
        check(1_735_689_599, (2024, 12, 31, 23, 3599));
        check(4_107_542_400, (2100, 3, 1, 0, 0));
        check(LAST_S, (9999, 12, 31, 23, 3599));
        assert_eq!(Utc::of(u64::MAX), Utc::of(LAST_S));
    }

    #[test]
    fn dates_outside_the_calendar_are_none() {
        for (year, month, day, hour) in [
            (2023, 2, 29, 0),
            (2024, 13, 1, 0),
            (2024, 0, 1, 0),
            (2024, 1, 0, 0),
            (2024, 1, 1, 24),
            (1969, 12, 31, 23),
            (0, 1, 1, 0),
        ] {
            assert_eq!(Utc { year, month, day, hour, rest_s: 0 }.unix_s(), None, "{year} {month} {day} {hour}");
        }
    }

    proptest! {
        #[test]
        fn conversion_in_both_directions_agrees(unix_s in 0..=LAST_S) {
            prop_assert_eq!(Utc::of(unix_s).unix_s(), Some(unix_s));
        }

        #[test]
        fn no_digits_panic(year in 0_u64..10_000, month in 0_u64..100, day in 0_u64..100, hour in 0_u64..100) {
            let utc = Utc { year, month, day, hour, rest_s: 0 };
            if let Some(unix_s) = utc.unix_s() {
                prop_assert_eq!(Utc::of(unix_s), utc);
            }
        }
    }
}
