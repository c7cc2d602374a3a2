//! How many files this process may have open at once.
//!
//! Sockets, originals in memory and workers all need descriptors, and systems grant 1,024 to programs that do not ask for
//! more (a concession to `select`, which nothing here uses).

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit to the hard one and returns what is then allowed.
pub(super) fn raise() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    // No limit at all is none that matters.
    let allowed = if raised.is_ok() { maximum } else { current };
    allowed.unwrap_or(u64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn afterwards_the_soft_limit_is_the_hard_one() {
        let allowed = raise();
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        assert_eq!(current, maximum);
        assert_eq!(allowed, maximum.unwrap_or(u64::from(u32::MAX)));
    }
}
