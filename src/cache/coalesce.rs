//! Runs one piece of work for all callers that want its result at the same time: a leader and its followers.
//!
//! The work runs in its own task, so that it outlives the request that started it: if one client hangs up, the others
//! still get the result. A leader can end in four ways, and followers never hang: a value or an error goes to every
//! caller that waits; a panic or a dropped task (the runtime is stopping) becomes [`LeaderLost`]. Nothing is kept: a
//! caller that arrives after the end starts the work again, so an error is never served to a later request.

use std::collections::HashMap;
use std::hash::Hash;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::FutureExt;
use tokio::sync::watch;

/// Whether a caller started the work or joined it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Started the work.
    Leader,
    /// Joined work that was already running.
    Follower,
}

impl Role {
    /// Returns the name used in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leader => "leader",
            Self::Follower => "follower",
        }
    }
}

/// The work ended with neither a value nor an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeaderLost {
    /// The work panicked.
    #[error("shared work panicked")]
    Panicked,
    /// The task of the work was dropped: the runtime is shutting down.
    #[error("shared work was dropped")]
    Dropped,
}

/// Running work, by key. Clones share it.
pub struct Coalescer<K, V, E> {
    flights: Flights<K, V, E>,
}

type WorkOutcome<V, E> = Option<Result<V, E>>;
type Flights<K, V, E> = Arc<Mutex<HashMap<K, watch::Receiver<WorkOutcome<V, E>>>>>;

impl<K, V, E> Coalescer<K, V, E>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
    E: Clone + From<LeaderLost> + Send + Sync + 'static,
{
    /// Creates a coalescer with no work running.
    #[must_use]
    pub fn new() -> Self {
        Self { flights: Arc::default() }
    }

    /// Returns the result of the work that is already running for `key`, or else starts `work` and returns its result.
    /// If `work` is not needed, it is dropped without being polled. The caller may stop waiting at any point; the work
    /// goes on.
    ///
    /// # Errors
    /// Returns the error of the work, shared with all callers that waited, or [`LeaderLost`] as an `E`.
    pub async fn run<F>(&self, key: K, work: F) -> (Result<V, E>, Role)
    where
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        let (mut result, role) = self.join_or_start(key, work);
        let outcome = match result.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone(),
            Err(_sender_gone) => None,
        };
        (outcome.unwrap_or_else(|| Err(E::from(LeaderLost::Dropped))), role)
    }

    /// Returns the number of keys with running work.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        lock(&self.flights).len()
    }

    fn join_or_start<F>(&self, key: K, work: F) -> (watch::Receiver<WorkOutcome<V, E>>, Role)
    where
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        let mut flights = lock(&self.flights);
        if let Some(result) = flights.get(&key) {
            return (result.clone(), Role::Follower);
        }
        let (sender, result) = watch::channel(None);
        flights.insert(key.clone(), result.clone());
        drop(flights);
        let landing = Landing { flights: self.flights.clone(), key };
        tokio::spawn(async move {
            let outcome = AssertUnwindSafe(work).catch_unwind().await;
            // Ends the flight before publishing its result, so that no caller joins work that has already failed.
            drop(landing);
            let outcome = outcome.unwrap_or_else(|_panic| Err(E::from(LeaderLost::Panicked)));
            sender.send_replace(Some(outcome));
        });
        (result, Role::Leader)
    }
}

/// Ends a flight however its task ends, even if the task is dropped unfinished.
struct Landing<K: Eq + Hash, V, E> {
    flights: Flights<K, V, E>,
    key: K,
}

impl<K: Eq + Hash, V, E> Drop for Landing<K, V, E> {
    fn drop(&mut self) {
        lock(&self.flights).remove(&self.key);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder of this lock can panic")
}

impl<K, V, E> Clone for Coalescer<K, V, E> {
    fn clone(&self) -> Self {
        Self { flights: self.flights.clone() }
    }
}

impl<K, V, E> Default for Coalescer<K, V, E> {
    fn default() -> Self {
        Self { flights: Arc::default() }
    }
}

// Not derived: values may be large, and errors may contain what must not be logged.
impl<K, V, E> std::fmt::Debug for Coalescer<K, V, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Coalescer").field("in_flight", &lock(&self.flights).len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::oneshot;

    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    enum Failure {
        Own(&'static str),
        Lost(LeaderLost),
    }

    impl From<LeaderLost> for Failure {
        fn from(lost: LeaderLost) -> Self {
            Self::Lost(lost)
        }
    }

    type Tested = Coalescer<u8, usize, Failure>;

    type Ended = (Result<usize, Failure>, Role);

    /// Starts a leader that waits for a signal before it does `then`, and three followers that must not start anything.
    /// Sends the signal once all four wait, and returns how each ended.
    async fn crowd(coalescer: &Tested, then: impl FnOnce() -> Result<usize, Failure> + Send + 'static) -> Vec<Ended> {
        let (go, gate) = oneshot::channel::<()>();
        let shared = coalescer.clone();
        let leader = async move {
            gate.await.unwrap();
            then()
        };
        let mut tasks = vec![tokio::spawn(async move { shared.run(1, leader).await })];
        settle().await;
        for _ in 0..3 {
            let shared = coalescer.clone();
            tasks.push(tokio::spawn(async move { shared.run(1, async { Ok(usize::MAX) }).await }));
        }
        settle().await;
        go.send(()).unwrap();
        let mut ends = Vec::new();
        for task in tasks {
            ends.push(task.await.unwrap());
        }
        ends
    }

    /// Lets every task of this single-threaded runtime run until it waits.
    async fn settle() {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    async fn check(then: impl FnOnce() -> Result<usize, Failure> + Send + 'static, expected: Result<usize, Failure>) {
        let coalescer = Tested::new();
        let ends = crowd(&coalescer, then).await;
        let roles = [Role::Leader, Role::Follower, Role::Follower, Role::Follower];
        assert_eq!(ends, roles.map(|role| (expected.clone(), role)));
        assert_eq!(coalescer.in_flight(), 0);
        let next = coalescer.run(1, async { Ok(2) }).await;
        assert_eq!(next, (Ok(2), Role::Leader), "nothing is kept");
    }

    #[tokio::test]
    async fn a_value_an_error_and_a_panic_reach_everyone_who_waits() {
        check(|| Ok(7), Ok(7)).await;
        check(|| Err(Failure::Own("no such object")), Err(Failure::Own("no such object"))).await;
        check(|| panic!("a bug"), Err(Failure::Lost(LeaderLost::Panicked))).await;
    }

    #[tokio::test]
    async fn a_leader_whose_client_hangs_up_still_serves_its_followers() {
        let coalescer = Tested::new();
        let (go, gate) = oneshot::channel::<()>();
        let shared = coalescer.clone();
        let work = async move { Ok(gate.await.map_or(0, |()| 7)) };
        let first = tokio::spawn(async move { shared.run(1, work).await });
        settle().await;
        let shared = coalescer.clone();
        let second = tokio::spawn(async move { shared.run(1, async { Ok(usize::MAX) }).await });
        settle().await;
        first.abort();
        settle().await;
        go.send(()).unwrap();
        assert_eq!(second.await.unwrap(), (Ok(7), Role::Follower));
    }

    #[test]
    fn a_runtime_that_stops_releases_the_flight() {
        let coalescer = Tested::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let shared = coalescer.clone();
        runtime.block_on(async {
            tokio::spawn(async move { shared.run(1, std::future::pending()).await });
            settle().await;
        });
        let (mut result, role) = {
            let _entered = runtime.enter();
            coalescer.join_or_start(1, std::future::pending())
        };
        assert_eq!(role, Role::Follower);
        drop(runtime);
        assert_eq!(coalescer.in_flight(), 0);
        let waiting = result.wait_for(Option::is_some).now_or_never().expect("it does not wait any more");
        assert!(waiting.is_err());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn under_load_each_round_of_a_key_is_computed_once() {
        let coalescer = Coalescer::<usize, usize, Failure>::new();
        let (started, finished) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<_> = (0..400)
            .map(|n| {
                let (coalescer, started, finished) = (coalescer.clone(), started.clone(), finished.clone());
                tokio::spawn(async move {
                    let work = async move {
                        started.fetch_add(1, Ordering::SeqCst);
                        tokio::task::yield_now().await;
                        Ok(n % 4)
                    };
                    let (value, role) = coalescer.run(n % 4, work).await;
                    assert_eq!(value, Ok(n % 4));
                    if role == Role::Leader {
                        finished.fetch_add(1, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(started.load(Ordering::SeqCst), finished.load(Ordering::SeqCst), "only leaders work");
        assert_eq!(coalescer.in_flight(), 0);
    }
}
