//! Knows which entries the disk tier holds, what each takes, and in which order they were used. Does no I/O.

use crate::cache::key::VariantKey;

use std::collections::{BTreeMap, HashMap};

/// Seconds between two updates of an entry's time of use in its file: precise enough to order entries after a restart,
/// and at most one system call per minute for the most requested entries.
const STAMP_EVERY_S: u64 = 60;

/// The entries in order of use, and the sum of the bytes that they take.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: HashMap<VariantKey, Slot>,
    /// The same entries in order of last use, by tick; ticks are never reused.
    order: BTreeMap<u64, VariantKey>,
    next_tick: u64,
    bytes: u64,
}

#[derive(Debug)]
struct Slot {
    tick: u64,
    bytes: u64,
    stamped_s: u64,
}

/// What the index knows about an entry that is being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Used {
    /// It does not hold the entry.
    Unknown,
    /// It holds the entry, and the time in its file is recent.
    Known,
    /// It holds the entry, and the time in its file should be updated.
    StampDue,
}

impl Index {
    /// Adds an entry as the most recently used one and replaces an older entry of the same key.
    pub(super) fn insert(&mut self, key: VariantKey, bytes: u64, stamped_s: u64) {
        self.remove(&key);
        let tick = self.tick();
        self.order.insert(tick, key);
        self.entries.insert(key, Slot { tick, bytes, stamped_s });
        self.bytes += bytes;
    }

    /// Makes an entry the most recently used one.
    pub(super) fn touch(&mut self, key: &VariantKey, now_s: u64) -> Used {
        let tick = self.tick();
        let Some(slot) = self.entries.get_mut(key) else { return Used::Unknown };
        self.order.remove(&slot.tick);
        self.order.insert(tick, *key);
        slot.tick = tick;
        if now_s.abs_diff(slot.stamped_s) < STAMP_EVERY_S {
            return Used::Known;
        }
        slot.stamped_s = now_s;
        Used::StampDue
    }

    /// Removes an entry from the index and returns the bytes that it took.
    pub(super) fn remove(&mut self, key: &VariantKey) -> Option<u64> {
        let slot = self.entries.remove(key)?;
        self.order.remove(&slot.tick);
        self.bytes -= slot.bytes;
        Some(slot.bytes)
    }

    /// Removes the least recently used entry from the index and returns it with the bytes that it took.
    pub(super) fn pop_oldest(&mut self) -> Option<(VariantKey, u64)> {
        let (_, key) = self.order.pop_first()?;
        let slot = self.entries.remove(&key)?;
        self.bytes -= slot.bytes;
        Some((key, slot.bytes))
    }

    /// Returns the bytes that all entries take together.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the number of entries.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    const fn tick(&mut self) -> u64 {
        self.next_tick += 1;
        self.next_tick
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(n: u8) -> VariantKey {
        VariantKey([n; 32])
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut index = Index::default();
        for n in 1..=4 {
            index.insert(key(n), 10, 0);
        }
        assert_eq!(index.touch(&key(1), 0), Used::Known);
        index.insert(key(2), 30, 0);
        assert_eq!(index.bytes(), 60);
        let order: Vec<_> = std::iter::from_fn(|| index.pop_oldest()).collect();
        assert_eq!(order, [(key(3), 10), (key(4), 10), (key(1), 10), (key(2), 30)]);
        assert_eq!((index.bytes(), index.len()), (0, 0));
    }

    #[test]
    fn the_time_of_a_file_is_updated_once_per_minute() {
        let mut index = Index::default();
        index.insert(key(1), 1, 1000);
        assert_eq!(index.touch(&key(1), 1059), Used::Known);
        assert_eq!(index.touch(&key(1), 1060), Used::StampDue);
        assert_eq!(index.touch(&key(1), 1061), Used::Known);
        assert_eq!(index.touch(&key(1), 5), Used::StampDue, "the clock was set back");
        assert_eq!(index.touch(&key(2), 5), Used::Unknown);
    }

    proptest! {
        #[test]
        fn the_total_is_the_sum_of_entries(steps in proptest::collection::vec((0_u8..8, 0_u8..4, 0_u64..100), 0..80)) {
            let mut index = Index::default();
            let mut model = std::collections::BTreeMap::new();
            for (n, what, bytes) in steps {
                match what {
                    0 | 1 => { index.insert(key(n), bytes, 0); model.insert(n, bytes); }
                    2 => { prop_assert_eq!(index.remove(&key(n)), model.remove(&n)); }
                    _ => { prop_assert_eq!(index.touch(&key(n), 0) != Used::Unknown, model.contains_key(&n)); }
                }
                prop_assert_eq!(index.bytes(), model.values().sum::<u64>());
                prop_assert_eq!((index.len(), index.order.len()), (model.len(), model.len()));
            }
        }
    }
}
