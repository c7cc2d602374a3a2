//! Names and retention of access log files: a file is deleted once its hour ended longer ago than `log.retention`.
//! Other files in the directory are left alone.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const HOUR_S: u64 = 3600;
const PREFIX: &str = "access-";
const SUFFIX: &str = ".jsonl";
/// The hour between the two.
const HOUR: &str = "%Y%m%dT%H";

/// Returns the file name for the hour that contains `unix_s`: `access-20240131T07.jsonl`, in UTC.
pub(super) fn file_name(unix_s: u64) -> String {
    let time = i64::try_from(unix_s).ok().and_then(|unix_s| Timestamp::from_second(unix_s).ok());
    // Times past the year 9999 are written as the last one, so that file names keep their length.
    format!("{PREFIX}{}{SUFFIX}", time.unwrap_or(Timestamp::MAX).strftime(HOUR))
}

/// Returns the start of a file's hour, or `None` unless [`file_name`] gives exactly this name.
fn hour_start(name: &str) -> Option<u64> {
    let hour = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let start = TimeZone::UTC.to_timestamp(DateTime::strptime(HOUR, hour).ok()?).ok()?;
    let start_s = u64::try_from(start.as_second()).ok()?;
    (file_name(start_s) == name).then_some(start_s)
}

/// Deletes files that are past their retention.
#[derive(Debug)]
pub(super) struct Sweeper {
    dir: PathBuf,
    retention: Duration,
    /// Files whose hour has not begun yet, with the time they were first seen. They were written while the clock was
    /// ahead, so their names do not show their age; each is deleted once it has been known for the retention time.
    ahead: HashMap<String, u64>,
}

impl Sweeper {
    pub(super) fn new(dir: PathBuf, retention: Duration) -> Self {
        Self { dir, retention, ahead: HashMap::new() }
    }

    /// Deletes what is too old at `now_s` (Unix time). Returns how many files were deleted, and how many could not be
    /// and will be tried again next time.
    pub(super) fn sweep(&mut self, now_s: u64) -> (u64, u64) {
        let (mut deleted, mut failed) = (0, 0);
        let Ok(files) = std::fs::read_dir(&self.dir) else { return (0, 1) };
        let mut ahead = HashMap::new();
        for file in files.flatten() {
            let Ok(name) = file.file_name().into_string() else { continue };
            let Some(start_s) = hour_start(&name) else { continue };
            let mut end_s = start_s + HOUR_S;
            if start_s > now_s {
                // The file may have been seen before, and the clock may have gone back again since.
                let seen_s = self.ahead.get(&name).map_or(now_s, |seen_s| (*seen_s).min(now_s));
                end_s = seen_s;
                ahead.insert(name, seen_s);
            }
            if now_s < end_s.saturating_add(self.retention.as_secs()) {
                continue;
            }
            match std::fs::remove_file(file.path()) {
                Ok(()) => deleted += 1,
                Err(_unreadable) => failed += 1,
            }
        }
        self.ahead = ahead;
        (deleted, failed)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    /// 2024-01-31T07:00:00Z
    const SEVEN: u64 = 1_706_684_400;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(dir).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_deleted_when_its_hour_is_older_than_the_retention() {
        let dir = tempfile::tempdir().unwrap();
        let day = Duration::from_secs(24 * 3600);
        let mut sweeper = Sweeper::new(dir.path().to_owned(), day);
        for hour in 0..3 {
            fs::write(dir.path().join(file_name(SEVEN + hour * 3600)), "{}").unwrap();
        }
        assert_eq!(sweeper.sweep(SEVEN + 25 * 3600 - 1), (0, 0));
        assert_eq!(sweeper.sweep(SEVEN + 25 * 3600), (1, 0));
        assert_eq!(names(dir.path()), ["access-20240131T08.jsonl", "access-20240131T09.jsonl"]);
        assert_eq!(sweeper.sweep(SEVEN + 100 * 3600), (2, 0));
    }

    #[test]
    fn other_files_and_what_cannot_be_deleted_stay() {
        let dir = tempfile::tempdir().unwrap();
        let others = [
            "access.log",
            "access-20240131T07.jsonl.gz",
            "access-2024013107.jsonl",
            "access-20240231T07.jsonl",
            "access-+0240131T07.jsonl",
            "access-20240131T24.jsonl",
            "access-20240131T007.jsonl",
            "notes",
        ];
        for name in others {
            fs::write(dir.path().join(name), "mine").unwrap();
        }
        // A directory with the name of a log file cannot be deleted as a file, no matter which user runs the test.
        fs::create_dir(dir.path().join(file_name(SEVEN))).unwrap();
        let mut sweeper = Sweeper::new(dir.path().to_owned(), Duration::ZERO);
        assert_eq!(sweeper.sweep(u64::MAX), (0, 1));
        assert_eq!(names(dir.path()).len(), others.len() + 1);
        assert_eq!(Sweeper::new(dir.path().join("absent"), Duration::ZERO).sweep(0), (0, 1));
    }

    #[test]
    fn files_written_under_a_clock_that_was_ahead_do_not_live_for_years() {
        let dir = tempfile::tempdir().unwrap();
        let mut sweeper = Sweeper::new(dir.path().to_owned(), Duration::from_secs(3600));
        fs::write(dir.path().join(file_name(SEVEN + 1_000_000_000)), "{}").unwrap();
        assert_eq!(sweeper.sweep(SEVEN), (0, 0));
        assert_eq!(sweeper.sweep(SEVEN + 3599), (0, 0));
        assert_eq!(sweeper.sweep(SEVEN + 3600), (1, 0));
        // If the clock jumps back, the file of the last hour is one of these: it is kept, but only for the retention
        // time.
        fs::write(dir.path().join(file_name(SEVEN)), "{}").unwrap();
        assert_eq!(sweeper.sweep(SEVEN - 7200), (0, 0));
        assert_eq!(sweeper.sweep(SEVEN - 3601), (0, 0));
        assert_eq!(sweeper.sweep(SEVEN - 3600), (1, 0));
    }

    #[test]
    fn file_names_are_dates_in_utc() {
        let check = |unix_s, hour: &str| assert_eq!(file_name(unix_s), format!("access-{hour}.jsonl"));
        check(0, "19700101T00");
        check(951_782_399, "20000228T23");
        check(951_782_400, "20000229T00");
        check(1_735_689_599, "20241231T23");
        check(4_107_542_400, "21000301T00");
        check(u64::MAX, "99991230T22");
    }

    proptest! {
        #[test]
        fn the_hour_is_read_from_the_file_name(unix_s in 0..=Timestamp::MAX.as_second().unsigned_abs()) {
            prop_assert_eq!(hour_start(&file_name(unix_s)), Some(unix_s / 3600 * 3600));
        }

        #[test]
        fn no_name_panics(name in "access-[0-9T+é]{0,12}.jsonl") {
            if let Some(start) = hour_start(&name) {
                prop_assert_eq!(file_name(start), name);
            }
        }
    }
}
