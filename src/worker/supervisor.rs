//! One thread that owns all worker processes: it starts them, gives them jobs, enforces deadlines, checks their replies
//! and replaces them.
//!
//! Everything it does is a reaction to `poll`: a job arrived, a worker replied or died, a deadline passed. It shares
//! nothing but [`Shared`], so its own state needs no lock, whatever the order of events.

use std::io;
use std::mem;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::backoff::Backoff;
use super::config::PoolConfig;
use super::process::{Dying, Why, Worker};
use super::protocol::{Confinement, Enforcement, FrameError};
use super::queue::{PoolPhase, Shared, Waiting};
use super::stats::Stats;
use crate::render::{RenderError, Rendered};

/// How often to check whether killed workers can be reaped. Nobody waits for them.
const REAP_EVERY: Duration = Duration::from_millis(20);

/// Processes kept ready in addition to those that may be busy, so that no job waits for a replacement to start.
const SPARES: usize = 1;

#[derive(Debug)]
pub(super) struct Supervisor {
    config: PoolConfig,
    shared: Arc<Shared>,
    slots: Vec<Slot>,
    dying: Vec<Dying>,
    backoff: Backoff,
    /// The confinement that the first worker reported; logged once.
    confinement: Option<Confinement>,
}

#[derive(Debug)]
struct Slot {
    worker: Worker,
    state: SlotState,
}

#[derive(Debug)]
enum SlotState {
    /// The worker is setting itself up.
    Starting { until: Instant },
    /// The worker is ready.
    Idle,
    /// The worker has a job.
    Busy(Running),
}

#[derive(Debug)]
struct Running {
    job: Waiting,
    since: Instant,
}

impl Supervisor {
    /// Creates the supervisor and starts the first worker, to distinguish an executable that cannot run from one that
    /// is slow to start.
    pub(super) fn start(config: PoolConfig, shared: Arc<Shared>) -> (Self, io::Result<()>) {
        let mut supervisor = Self {
            config,
            shared,
            slots: Vec::new(),
            dying: Vec::new(),
            backoff: Backoff::default(),
            confinement: None,
        };
        let first = supervisor.spawn(Instant::now());
        (supervisor, first)
    }

    /// Runs until the pool is drained or stopped. No worker is left afterwards.
    pub(super) fn run(mut self) {
        loop {
            let now = Instant::now();
            self.dying.retain_mut(|dying| !dying.is_gone());
            self.expire_jobs(now);
            self.expire_starts(now);
            if self.is_over() {
                break;
            }
            self.dispatch(now);
            self.replenish(now);
            self.publish(now);
            self.wait_and_listen(now);
        }
        self.end();
    }

    fn is_over(&self) -> bool {
        let state = self.shared.lock();
        match state.phase {
            PoolPhase::Open => false,
            PoolPhase::Draining => state.queue.is_empty() && state.running == 0,
            PoolPhase::Stopping => true,
        }
    }

    // ---- deadlines ----

    fn expire_jobs(&mut self, now: Instant) {
        for index in (0..self.slots.len()).rev() {
            if let SlotState::Busy(running) = &self.slots[index].state
                && now >= running.since + self.config.timeout
            {
                Stats::add(&self.shared.stats.killed);
                tracing::warn!("a render worker is killed: its job exceeded render.timeout");
                self.remove(index, Why::Misbehaved, RenderError::Timeout);
            }
        }
        // All jobs have the same maximum waiting time, so the first in the queue is the first to time out.
        let mut state = self.shared.lock();
        while let Some(first) = state.queue.front()
            && (first.reply.is_closed() || now >= first.since + self.config.queue_timeout)
        {
            if let Some(job) = state.queue.pop_front()
                && job.reply.send(Err(RenderError::QueueFull)).is_ok()
            {
                Stats::add(&self.shared.stats.shed);
            }
        }
    }

    fn expire_starts(&mut self, now: Instant) {
        for index in (0..self.slots.len()).rev() {
            if let SlotState::Starting { until } = self.slots[index].state
                && now >= until
            {
                self.lost_start(index, now, Why::Misbehaved);
            }
        }
    }

    // ---- jobs out ----

    fn dispatch(&mut self, now: Instant) {
        while self.shared.lock().running < self.config.workers.max(1)
            && let Some((index, job)) = self.next_pair()
        {
            match self.slots[index].worker.send(&job.packed) {
                Ok(()) => {
                    self.slots[index].state = SlotState::Busy(Running { job, since: now });
                    self.shared.lock().running += 1;
                }
                Err(_) => {
                    // The worker died idle, before it had the job: the job is not to blame, and keeps its place.
                    self.shared.lock().queue.push_front(job);
                    self.lost_idle(index, now);
                }
            }
        }
    }

    /// Returns the first job that an idle worker may take, and that worker.
    ///
    /// A job with an image of a rare kind gets a worker that has rendered nothing yet: if the decoder hands out memory
    /// that it has not written, that memory holds no other client's image. Every other job gets the most used idle
    /// worker. So only few workers grow large, workers reach their last job one after another, and one that has
    /// rendered nothing stays available. If there is none, because all have just been used, the rare job waits for the
    /// next worker to start, and the jobs behind it go first.
    fn next_pair(&mut self) -> Option<(usize, Waiting)> {
        let idle = || self.slots.iter().enumerate().filter(|(_, slot)| matches!(slot.state, SlotState::Idle));
        let used = idle().max_by_key(|(_, slot)| slot.worker.jobs).map(|(index, _)| index);
        let fresh = idle().find(|(_, slot)| slot.worker.jobs == 0).map(|(index, _)| index);
        let any = used?;
        let mut state = self.shared.lock();
        state.queue.retain(|job| !job.reply.is_closed());
        let worker = |job: &Waiting| if job.packed.is_rare { fresh } else { used };
        if let Some(at) = state.queue.iter().position(|job| worker(job).is_some())
            && let Some(job) = state.queue.remove(at)
        {
            return worker(&job).map(|index| (index, job));
        }
        let is_wanted = !state.queue.is_empty();
        drop(state);
        let is_coming = self.slots.iter().any(|slot| matches!(slot.state, SlotState::Starting { .. }));
        if is_wanted && !is_coming && self.slots.len() > self.config.workers.max(1) {
            Stats::add(&self.shared.stats.recycled);
            self.remove(any, Why::Replaced, RenderError::Unavailable);
        }
        None
    }

    // ---- workers in ----

    fn replenish(&mut self, now: Instant) {
        while self.slots.len() < self.config.workers.max(1) + SPARES && self.backoff.until(now).is_none() {
            if let Err(error) = self.spawn(now) {
                tracing::error!(kind = ?error.kind(), "cannot start a render worker");
                self.backoff.start_failed(now);
            }
        }
    }

    fn spawn(&mut self, now: Instant) -> io::Result<()> {
        let worker = Worker::spawn(&self.config).map_err(|error| match error {
            FrameError::Io(error) => error,
            FrameError::TooLarge | FrameError::Malformed => io::Error::from(io::ErrorKind::InvalidInput),
        })?;
        Stats::add(&self.shared.stats.spawned);
        self.slots.push(Slot { worker, state: SlotState::Starting { until: now + self.config.start_timeout } });
        Ok(())
    }

    // ---- events ----

    fn wait_and_listen(&mut self, now: Instant) {
        let timeout = self.next_deadline(now).map(|at| at.saturating_duration_since(now));
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        let shared = Arc::clone(&self.shared);
        let mut fds = vec![PollFd::new(&shared.wake, PollFlags::IN)];
        fds.extend(self.slots.iter().map(|slot| PollFd::from_borrowed_fd(slot.worker.as_fd(), PollFlags::IN)));
        // An error means that the call was interrupted; the next iteration polls again.
        let _ = poll(&mut fds, timeout.as_ref());
        let spoke: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(fds);
        if spoke[0] {
            let _ = rustix::io::read(&shared.wake, &mut [0_u8; 8]);
        }
        let now = Instant::now();
        // Goes backwards, because listening may remove the slot.
        for index in (0..self.slots.len()).rev() {
            if spoke[index + 1] {
                self.listen(index, now);
            }
        }
    }

    fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let slots = self.slots.iter().filter_map(|slot| match &slot.state {
            SlotState::Starting { until } => Some(*until),
            SlotState::Idle => None,
            SlotState::Busy(running) => Some(running.since + self.config.timeout),
        });
        let queue = self.shared.lock().queue.front().map(|first| first.since + self.config.queue_timeout);
        let reap = (!self.dying.is_empty()).then_some(now + REAP_EVERY);
        slots.chain(queue).chain(reap).chain(self.backoff.until(now)).min()
    }

    fn listen(&mut self, index: usize, now: Instant) {
        match &self.slots[index].state {
            SlotState::Starting { .. } => match self.slots[index].worker.hello() {
                Ok(Some(confinement)) => self.welcome(index, confinement),
                Ok(None) => self.lost_start(index, now, Why::Died),
                Err(_) => self.lost_start(index, now, Why::Misbehaved),
            },
            // An idle worker has nothing to say: it died, or it misbehaves.
            SlotState::Idle => self.lost_idle(index, now),
            SlotState::Busy(running) => {
                let elapsed = now.saturating_duration_since(running.since);
                match self.slots[index].worker.answer(self.config.output_bytes_max, elapsed) {
                    Ok(Some(verdict)) => self.finish(index, verdict.result, verdict.retire),
                    Ok(None) => self.lost_busy(index, now, Why::Died),
                    Err(_) => self.lost_busy(index, now, Why::Misbehaved),
                }
            }
        }
    }

    fn welcome(&mut self, index: usize, confinement: Confinement) {
        self.slots[index].state = SlotState::Idle;
        if self.confinement.is_none() {
            self.confinement = Some(confinement);
            let Confinement { landlock, seccomp } = confinement;
            if landlock == Enforcement::None || seccomp == Enforcement::None {
                tracing::warn!(
                    ?landlock,
                    ?seccomp,
                    asked = self.config.sandbox,
                    "render workers are not fully confined"
                );
            } else {
                tracing::info!(?landlock, ?seccomp, "render workers are confined");
            }
        }
    }

    fn finish(&mut self, index: usize, result: Result<Rendered, RenderError>, retire: bool) {
        self.backoff.succeeded();
        let is_rare = matches!(&self.slots[index].state, SlotState::Busy(running) if running.job.packed.is_rare);
        self.answer(index, result);
        let worker = &self.slots[index].worker;
        // Replaced by a worker that has rendered nothing, for the next rare job.
        if retire
            || is_rare
            || worker.jobs >= self.config.worker_jobs_max
            || worker.resident_bytes() > self.config.worker_memory_bytes_max
        {
            Stats::add(&self.shared.stats.recycled);
            tracing::debug!(jobs = worker.jobs, retire, "a render worker is recycled");
            self.remove(index, Why::Replaced, RenderError::Unavailable);
        }
    }

    /// Answers the job of a slot, which is then idle.
    fn answer(&mut self, index: usize, result: Result<Rendered, RenderError>) {
        if let SlotState::Busy(Running { job, since }) = mem::replace(&mut self.slots[index].state, SlotState::Idle) {
            // Free the place before replying, so that a caller who asks again finds it.
            self.shared.lock().running -= 1;
            let queue = since.saturating_duration_since(job.since);
            // The caller may have given up; ignoring the send error is correct.
            let _ = job.reply.send(result.map(|mut rendered| {
                rendered.timings.queue = queue;
                rendered
            }));
        }
    }

    // ---- workers out ----

    fn lost_start(&mut self, index: usize, now: Instant, why: Why) {
        tracing::error!(?why, "a render worker failed to start");
        Stats::add(&self.shared.stats.crashed);
        self.backoff.start_failed(now);
        self.remove(index, why, RenderError::Unavailable);
    }

    fn lost_idle(&mut self, index: usize, now: Instant) {
        tracing::warn!("an idle render worker has exited");
        Stats::add(&self.shared.stats.crashed);
        self.backoff.crashed(now);
        self.remove(index, Why::Died, RenderError::Unavailable);
    }

    fn lost_busy(&mut self, index: usize, now: Instant, why: Why) {
        tracing::warn!(?why, "a render worker has died, and its job is lost");
        Stats::add(&self.shared.stats.crashed);
        self.backoff.crashed(now);
        self.remove(index, why, RenderError::WorkerCrashed);
    }

    /// Kills the worker of a slot. If it has a job, the job is answered with `error`.
    fn remove(&mut self, index: usize, why: Why, error: RenderError) {
        let Slot { worker, state } = self.slots.remove(index);
        // Kill before replying, so that the caller finds the worker stopped.
        self.dying.push(worker.kill(why));
        if let SlotState::Busy(Running { job, .. }) = state {
            self.shared.lock().running -= 1;
            let _ = job.reply.send(Err(error));
        }
    }

    fn publish(&self, now: Instant) {
        let count = |busy: bool| {
            let counted = |slot: &&Slot| match slot.state {
                SlotState::Starting { .. } => false,
                SlotState::Idle => !busy,
                SlotState::Busy(_) => busy,
            };
            self.slots.iter().filter(counted).count()
        };
        let (busy, idle) = (count(true), count(false));
        let stats = &self.shared.stats;
        Stats::set(&stats.busy, busy);
        Stats::set(&stats.idle, idle);
        let state = self.shared.lock();
        Stats::set(&stats.queued, state.queue.len());
        // Between a crash and its replacement no worker is ready, but one can be started.
        let to_be_had = busy + idle > 0
            || (self.confinement.is_some() && !self.backoff.is_failing() && self.backoff.until(now).is_none());
        // Stored under the lock, so that it cannot overwrite the `false` of a drain.
        self.shared.ready.store(to_be_had && state.phase == PoolPhase::Open, Ordering::Release);
    }

    fn end(mut self) {
        for index in (0..self.slots.len()).rev() {
            self.remove(index, Why::Replaced, RenderError::Unavailable);
        }
        for dying in &mut self.dying {
            dying.wait();
        }
        let stats = &self.shared.stats;
        for gauge in [&stats.busy, &stats.idle, &stats.queued] {
            Stats::set(gauge, 0);
        }
    }
}
