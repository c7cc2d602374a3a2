//! Finds out whether the objects of a bucket can be read at all, which decides whose fault a denied object is.
//!
//! A service answers "access denied" for an object that is closed, for a bucket that is closed, and, if the credentials
//! may not list the bucket, also for an object that does not exist. An object read successfully within the last
//! [`INTERVAL`] proves that the bucket is open. Without that proof the bucket is tested, at most once per [`INTERVAL`]:
//! first the last object that could be read, then the first object of a listing. If the service denies the listing or
//! that object, the bucket counts as closed; if the listing is empty or fails in another way, it counts as open.

use std::sync::Mutex;
use std::time::Duration;

use aws_sdk_s3::Client;
use tokio::time::Instant;

/// How long a result holds.
const INTERVAL: Duration = Duration::from_secs(30);

/// What we know about one bucket.
#[derive(Debug, Default)]
pub(super) struct Access {
    /// The last object that was read, and when.
    read: Mutex<Option<(String, Instant)>>,
    /// When the last test ran, and whether the bucket was open. Locked during a test, so that one test serves all
    /// requests.
    tried: tokio::sync::Mutex<Option<(Instant, bool)>>,
}

/// A bucket, and the part of it that the source may read.
#[derive(Clone, Copy)]
pub(super) struct Bucket<'a> {
    pub(super) client: &'a Client,
    pub(super) name: &'a str,
    pub(super) prefix: &'a str,
}

impl Access {
    /// Records that the object `key` could be read.
    pub(super) fn was_read(&self, key: &str) {
        *self.read.lock().expect(UNPOISONED) = Some((key.to_owned(), Instant::now()));
    }

    /// Returns whether objects other than the one just denied can be read.
    pub(super) async fn is_open(&self, bucket: Bucket<'_>) -> bool {
        let read = self.read.lock().expect(UNPOISONED).clone();
        if read.as_ref().is_some_and(|(_, at)| at.elapsed() < INTERVAL) {
            return true;
        }
        let mut tried = self.tried.lock().await;
        match *tried {
            Some((at, is_open)) if at.elapsed() < INTERVAL => is_open,
            _ => {
                let is_open = bucket.is_open(read.map(|(key, _)| key)).await;
                *tried = Some((Instant::now(), is_open));
                is_open
            }
        }
    }
}

impl Bucket<'_> {
    async fn is_open(self, known: Option<String>) -> bool {
        if let Some(key) = known
            && self.can_read(&key).await == Some(true)
        {
            return true;
        }
        let list = self.client.list_objects_v2().bucket(self.name).prefix(self.prefix).max_keys(1);
        match list.send().await {
            Ok(listed) => match listed.contents().first().and_then(|object| object.key()) {
                Some(key) => self.can_read(key).await != Some(false),
                None => true,
            },
            Err(error) => !error.raw_response().is_some_and(|response| is_denial(response.status().as_u16())),
        }
    }

    /// Returns whether the object can be read, or `None` if the answer does not say.
    async fn can_read(self, key: &str) -> Option<bool> {
        match self.client.head_object().bucket(self.name).key(key).send().await {
            Ok(_) => Some(true),
            Err(error) => is_denial(error.raw_response()?.status().as_u16()).then_some(false),
        }
    }
}

const fn is_denial(status: u16) -> bool {
    matches!(status, 401 | 403)
}

const UNPOISONED: &str = "no holder of this lock can panic";
