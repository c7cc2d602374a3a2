//! The `Server-Timing` header.

use std::fmt::Write;
use std::time::Instant;

use crate::app::StageTimes;

/// Returns the value of `Server-Timing` (milliseconds, one decimal) for a request that began at `start`.
pub(super) fn header(times: StageTimes, start: Instant) -> String {
    let mut out = String::with_capacity(96);
    let total = start.elapsed();
    for (name, time) in [
        ("fetch", times.fetch),
        ("queue", times.queue),
        ("render", times.render),
        ("encode", times.encode),
        ("total", total),
    ] {
        let separator = if out.is_empty() { "" } else { ", " };
        // Integer arithmetic takes a fraction of the time of `{:.1}`.
        let tenths = (time.as_micros() + 50) / 100;
        write!(out, "{separator}{name};dur={}.{}", tenths / 10, tenths % 10).expect("a String takes any text");
    }
    out
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::app::Stopwatch;

    #[test]
    fn header_names_every_stage_in_milliseconds() {
        let watch = Stopwatch::default();
        watch.record(|t| t.render = Duration::from_micros(12_340));
        let text = header(watch.read(), Instant::now());
        assert!(
            text.starts_with("fetch;dur=0.0, queue;dur=0.0, render;dur=12.3, encode;dur=0.0, total;dur="),
            "{text}"
        );
    }
}
