//! Raises the number of files that this process may have open at once.
//!
//! Sockets, originals in memory and workers all need descriptors. Systems grant 1,024 to programs that do not ask for
//! more (a concession to `select`, which nothing here uses).

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit to the hard limit and returns the limit that now applies.
pub(super) fn raise() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    // Unlimited: report a number larger than we will ever use.
    let allowed = if raised.is_ok() { maximum } else { current };
    allowed.unwrap_or(u64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_raised_to_the_hard_limit() {
        let allowed = raise();
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        assert_eq!(current, maximum);
        assert_eq!(allowed, maximum.unwrap_or(u64::from(u32::MAX)));
    }
}
