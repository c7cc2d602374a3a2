//! The access log: one line of JSON per request, one file per hour. A single thread writes it, so that no request waits
//! for a disk. The same thread deletes files that are past their retention.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, RwLock, RwLockReadGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use super::Metrics;
use super::line::{self, AccessRecord};
use super::retention::{Sweeper, file_name};
use crate::clock::Clock;
use crate::config::{ClientIp, LogConfig};

/// Most records that may wait to be written; further records are dropped and counted.
const QUEUE_MAX: usize = 8192;
/// Lines are written once they reach this size, or after [`Pace::flush_every`].
const BUFFER_BYTES: usize = 64 << 10;

/// How often the thread flushes and sweeps.
#[derive(Clone, Copy, Debug)]
struct Pace {
    flush_every: Duration,
    sweep_every: Duration,
}

const PACE: Pace = Pace { flush_every: Duration::from_secs(1), sweep_every: Duration::from_secs(60) };

/// The log of finished requests. Writes nothing if no directory is configured.
#[derive(Debug)]
pub struct AccessLog {
    /// `None` without a directory, and after [`AccessLog::close`].
    records: RwLock<Option<SyncSender<(SystemTime, AccessRecord)>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
}

impl AccessLog {
    /// Opens the log and deletes the files of earlier processes that are past their retention.
    ///
    /// # Errors
    /// Returns an error if the directory cannot be created or written.
    pub fn start(config: &LogConfig, clock: Arc<dyn Clock>, metrics: Arc<Metrics>) -> io::Result<Self> {
        Self::start_with(config, clock, metrics, PACE)
    }

    fn start_with(config: &LogConfig, clock: Arc<dyn Clock>, metrics: Arc<Metrics>, pace: Pace) -> io::Result<Self> {
        let (mut records, mut thread) = (None, None);
        if let Some(dir) = &config.dir {
            // Other users of the machine must not see addresses and requested paths.
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
            let mut writer = Writer {
                dir: dir.clone(),
                client_ip: config.client_ip,
                sweeper: Sweeper::new(dir.clone(), config.retention),
                clock: clock.clone(),
                metrics: metrics.clone(),
                pace,
                file: None,
                buffer: Vec::with_capacity(BUFFER_BYTES + 4096),
                buffered_lines: 0,
            };
            writer.sweep();
            // Opens the file now, so that a fault shows at start and not at the first request.
            writer.open(clock.now())?;
            let (sender, receiver) = sync_channel(QUEUE_MAX);
            records = Some(sender);
            thread =
                Some(std::thread::Builder::new().name("access-log".to_owned()).spawn(move || writer.run(&receiver))?);
        }
        Ok(Self { records: RwLock::new(records), thread: Mutex::new(thread), clock, metrics })
    }

    /// Logs a request that ended now. Never waits: if the queue is full, the record is dropped and counted.
    pub fn record(&self, record: AccessRecord) {
        let now = self.clock.now();
        let sent = read(&self.records).as_ref().is_none_or(|records| records.try_send((now, record)).is_ok());
        if !sent {
            self.metrics.access_log_dropped(1);
        }
    }

    /// Returns whether the log writes anything.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        read(&self.records).is_some()
    }

    /// Writes the waiting records and ends the log. Later records are ignored.
    pub async fn close(&self) {
        drop(self.records.write().expect(UNPOISONED).take());
        let thread = self.thread.lock().expect(UNPOISONED).take();
        if let Some(thread) = thread {
            // The thread has already printed its panic, and the process is about to exit.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

const UNPOISONED: &str = "no holder of this lock can panic";

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().expect(UNPOISONED)
}

/// The state of the writing thread.
struct Writer {
    dir: PathBuf,
    client_ip: ClientIp,
    sweeper: Sweeper,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    pace: Pace,
    /// The open file with its name.
    file: Option<(String, File)>,
    /// Whole lines, all of them for the open file.
    buffer: Vec<u8>,
    buffered_lines: u64,
}

impl Writer {
    /// Writes until the log is closed or dropped.
    fn run(mut self, records: &Receiver<(SystemTime, AccessRecord)>) {
        let (mut flushed, mut swept) = (Instant::now(), Instant::now());
        loop {
            let idle = self.pace.flush_every.saturating_sub(flushed.elapsed());
            let ended = match records.recv_timeout(idle) {
                Ok((ended_at, record)) => {
                    self.append(ended_at, &record);
                    false
                }
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => true,
            };
            if ended || flushed.elapsed() >= self.pace.flush_every {
                self.flush();
                flushed = Instant::now();
            }
            if ended {
                return;
            }
            if swept.elapsed() >= self.pace.sweep_every {
                self.sweep();
                swept = Instant::now();
            }
        }
    }

    fn append(&mut self, ended_at: SystemTime, record: &AccessRecord) {
        // Opens the file before adding the line to the buffer, because the buffered lines belong to the open file.
        if let Err(error) = self.open(ended_at) {
            self.lose(1, &error);
            return;
        }
        line::write(&mut self.buffer, record, ended_at, self.client_ip);
        self.buffered_lines += 1;
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush();
        }
    }

    /// Opens the file for the hour of `at`, unless it is already open.
    fn open(&mut self, at: SystemTime) -> io::Result<()> {
        let seconds = at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let name = file_name(seconds);
        if self.file.as_ref().is_some_and(|(open, _)| *open == name) {
            return Ok(());
        }
        self.flush();
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(self.dir.join(&name))?;
        self.file = Some((name, file));
        Ok(())
    }

    /// Writes the buffer in one call, so that two processes that share a directory do not mix their lines.
    fn flush(&mut self) {
        if self.buffer.is_empty() {
            return;
        }
        let written = match &mut self.file {
            Some((_, file)) => file.write_all(&self.buffer),
            None => Err(io::Error::from(io::ErrorKind::NotFound)),
        };
        if let Err(error) = written {
            self.lose(self.buffered_lines, &error);
            // The next line opens the file again, because the directory may have been replaced.
            self.file = None;
        }
        self.buffer.clear();
        self.buffered_lines = 0;
    }

    fn lose(&self, lines: u64, error: &io::Error) {
        self.metrics.access_log_dropped(lines);
        tracing::debug!(dir = %self.dir.display(), kind = %error.kind(), lines, "access log lines lost");
    }

    fn sweep(&mut self) {
        let (deleted, failed) = self.sweeper.sweep(self.clock.unix_seconds());
        if failed > 0 {
            tracing::warn!(failed, "expired access log files cannot be deleted");
        }
        if deleted > 0 {
            tracing::debug!(deleted, "expired access log files deleted");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::clock::ManualClock;

    /// 2024-01-31T07:00:00Z
    const SEVEN: u64 = 1_706_684_400;
    const BRISK: Pace = Pace { flush_every: Duration::from_millis(1), sweep_every: Duration::from_millis(1) };

    struct Setup {
        dir: tempfile::TempDir,
        clock: Arc<ManualClock>,
        metrics: Arc<Metrics>,
        log: AccessLog,
    }

    impl Setup {
        fn new(pace: Pace) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let clock = Arc::new(ManualClock::new(UNIX_EPOCH + Duration::from_secs(SEVEN)));
            let metrics = Arc::new(Metrics::new());
            let config = config(Some(&dir.path().join("logs")));
            let log = AccessLog::start_with(&config, clock.clone(), metrics.clone(), pace).unwrap();
            Self { dir, clock, metrics, log }
        }

        fn file(&self, hour: &str) -> PathBuf {
            self.dir.path().join("logs").join(format!("access-20240131T{hour}.jsonl"))
        }

        fn lines(&self, hour: &str) -> usize {
            fs::read_to_string(self.file(hour)).map_or(0, |text| text.lines().count())
        }
    }

    fn config(dir: Option<&Path>) -> LogConfig {
        LogConfig {
            dir: dir.map(Path::to_owned),
            retention: Duration::from_secs(24 * 3600),
            client_ip: ClientIp::Truncated,
            ..LogConfig::default()
        }
    }

    fn record() -> AccessRecord {
        AccessRecord { method: "GET", path: "/a.jpg".to_owned(), status: 200, ..AccessRecord::default() }
    }

    /// Waits for something that another thread does within milliseconds; panics after 10 seconds.
    fn eventually(what: &str, done: impl Fn() -> bool) {
        for _ in 0..2000 {
            if done() {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("{what} did not happen");
    }

    #[tokio::test]
    async fn each_hour_has_its_file_and_closing_writes_all() {
        let setup = Setup::new(PACE);
        for _ in 0..3000 {
            setup.log.record(record());
        }
        setup.clock.advance(Duration::from_secs(3600));
        setup.log.record(record());
        setup.log.close().await;
        setup.log.record(record());
        assert_eq!((setup.lines("07"), setup.lines("08"), setup.lines("09")), (3000, 1, 0));
        assert!(!setup.log.is_enabled());
    }

    #[test]
    fn lines_are_on_disk_before_the_log_is_closed() {
        let setup = Setup::new(BRISK);
        setup.log.record(record());
        eventually("the flush", || setup.lines("07") == 1);
    }

    #[tokio::test]
    async fn a_file_past_retention_is_gone_at_start_and_while_running() {
        let setup = Setup::new(BRISK);
        setup.log.record(record());
        eventually("the flush", || setup.lines("07") == 1);
        setup.clock.advance(Duration::from_secs(25 * 3600 - 1));
        setup.log.record(record());
        let next_day = setup.dir.path().join("logs/access-20240201T07.jsonl");
        eventually("the next flush", || next_day.exists());
        assert!(setup.file("07").exists());
        setup.clock.advance(Duration::from_secs(1));
        eventually("the deletion", || !setup.file("07").exists());

        setup.log.close().await;
        setup.clock.advance(Duration::from_secs(100 * 3600));
        assert!(next_day.exists(), "nobody sweeps");
        let config = config(Some(&setup.dir.path().join("logs")));
        let again = AccessLog::start(&config, setup.clock.clone(), setup.metrics.clone()).unwrap();
        assert!(!next_day.exists(), "deleted before the start is over");
        drop(again);
    }

    #[tokio::test]
    async fn no_secret_is_in_any_file() {
        let setup = Setup::new(PACE);
        let secrets = ["c7b86f666a832434dd38577e38cf86d1", "SECRET"];
        for query in [
            "w=1&s=c7b86f666a832434dd38577e38cf86d1",
            "w=1&expires=1706684401&sig=SECRET",
            "mark=https%3A%2F%2Fann%3ASECRET%40h.example%2Fa.png%3Fs%3DSECRET",
            "mark64=aHR0cHM6Ly9hbm46U0VDUkVUQGguZXhhbXBsZS9hLnBuZz9zPVNFQ1JFVA&s=SECRET",
            "access_token=SECRET&w=1",
        ] {
            setup.log.record(AccessRecord {
                path: "/https%3A%2F%2Fann%3ASECRET%40h.example%2Fa.png%3Fs%3DSECRET".to_owned(),
                query: Some(query.to_owned()),
                referer: Some("https://a.example/?SECRET".to_owned()),
                ..record()
            });
        }
        setup.log.close().await;
        assert_eq!(setup.lines("07"), 5);
        for file in fs::read_dir(setup.dir.path().join("logs")).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            for secret in secrets.iter().chain(&["1706684401", "ann", "U0VDUkVU"]) {
                assert!(!text.contains(secret), "{secret} is in\n{text}");
            }
        }
    }

    #[tokio::test]
    async fn a_full_queue_drops_and_counts() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(UNIX_EPOCH));
        let metrics = Arc::new(Metrics::new());
        let (sender, receiver) = sync_channel(1);
        let log = AccessLog {
            records: RwLock::new(Some(sender)),
            thread: Mutex::new(None),
            clock: clock.clone(),
            metrics: metrics.clone(),
        };
        log.record(record());
        log.record(record());
        assert!(metrics.render().contains("tintype_access_log_dropped_total 1"));
        drop(receiver);
        // A file in place of the directory fails at start; no directory means no log.
        fs::write(dir.path().join("file"), "").unwrap();
        assert!(AccessLog::start(&config(Some(&dir.path().join("file"))), clock.clone(), metrics.clone()).is_err());
        let none = AccessLog::start(&config(None), clock, metrics).unwrap();
        none.record(record());
        assert!(!none.is_enabled());
    }

    #[test]
    fn lines_are_lost_while_the_directory_is_missing() {
        let setup = Setup::new(BRISK);
        fs::remove_dir_all(setup.dir.path().join("logs")).unwrap();
        setup.clock.advance(Duration::from_secs(3600));
        setup.log.record(record());
        eventually("the loss", || setup.metrics.render().contains("tintype_access_log_dropped_total 1"));
        fs::create_dir(setup.dir.path().join("logs")).unwrap();
        setup.log.record(record());
        eventually("the recovery", || setup.lines("08") == 1);
    }
}
