//! Connections that die in the pool: what is retried, and what is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tintype::config::SourceKind;
use tintype::source::cause::Cause;
use tintype::source::{Source, SourceError};
use url::Url;

use crate::support::keep_alive::{KeepAlive, Reaction};
use crate::{LOOPBACK, build, fetch, impatient, s3, web_folder, web_proxy};

/// Returns the kinds of network source on `upstream`, each with the object path that names start from.
fn kinds(upstream: &KeepAlive) -> [(&'static str, SourceKind, String); 3] {
    let base = upstream.url("/");
    [
        ("web-folder", web_folder(&base, LOOPBACK), "/".to_owned()),
        ("web-proxy", web_proxy(&["127.0.0.1"], LOOPBACK), format!("/{base}")),
        ("s3", s3(&Url::parse(&base).unwrap(), "b", "", "x"), "/".to_owned()),
    ]
}

/// Waits until the client has noticed that the connection is free again.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(5)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_that_close_when_reused_fail_no_request() {
    for ending in [Reaction::Close, Reaction::Reset, Reaction::HalfClose] {
        for kind in 0..3 {
            let end = ending.clone();
            let upstream =
                KeepAlive::start(move |number, _| if number == 0 { Reaction::Answer(b"x") } else { end.clone() });
            let (what, kind, at) = kinds(&upstream)[kind].clone();
            let source = build(kind, &impatient()).await;
            for n in 0..60 {
                let body = fetch(&source, &format!("{at}{n}")).await;
                assert_eq!(body.map(|o| o.body.len()), Ok(1), "{what}, {ending:?}, request {n}");
                settle().await;
            }
            let seen = upstream.seen();
            let retried = seen.len() - 60;
            assert!(retried > 10, "{what}, {ending:?}: only {retried} met an ended connection, which tests little");
            for n in 0..60 {
                let times = seen.iter().filter(|(_, target)| names(target, n)).count();
                assert!(times <= 2, "{what}, {ending:?}: request {n} was sent {times} times");
            }
        }
    }
}

fn names(target: &str, n: usize) -> bool {
    target.split('?').next().unwrap_or_default().rsplit('/').next() == Some(&n.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pool_full_of_dead_connections_fails_no_request() {
    for kind in 0..3 {
        let upstream = KeepAlive::start(|number, _| {
            // Long enough that every fetch of a round needs its own connection.
            std::thread::sleep(Duration::from_millis(50));
            if number == 0 { Reaction::Answer(b"x") } else { Reaction::Reset }
        });
        let (what, kind, at) = kinds(&upstream)[kind].clone();
        let source = build(kind, &impatient()).await;
        for round in 0..3 {
            let fetches = (0..16).map(|n| {
                let (source, object): (Arc<dyn Source>, _) = (source.clone(), format!("{at}{round}-{n}"));
                tokio::spawn(async move { fetch(&source, &object).await.map(|o| o.body.len()) })
            });
            for outcome in fetches.collect::<Vec<_>>() {
                assert_eq!(outcome.await.unwrap(), Ok(1), "{what}, round {round}");
            }
            settle().await;
        }
        // The sixteen fetches of the second round each meet a dead connection, unless the pool has already noticed its
        // end.
        assert!(upstream.seen().len() >= 48 + 8, "{what}: too few met a dead connection to test anything");
    }
}

/// Once bytes have arrived, the upstream has seen the request.
#[tokio::test]
async fn a_partly_answered_request_is_not_repeated() {
    for (begun, cause) in [
        (b"HTTP/1.1 200".as_slice(), Cause::Truncated),
        (b"HTTP/1.1 200 OK\r\nContent-Le", Cause::Truncated),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", Cause::Truncated),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", Cause::Truncated),
    ] {
        for kind in 0..3 {
            let upstream = KeepAlive::start(
                move |number, _| if number == 0 { Reaction::Answer(b"x") } else { Reaction::Torn(begun) },
            );
            let (what, kind, at) = kinds(&upstream)[kind].clone();
            let source = build(kind, &impatient()).await;
            fetch(&source, &format!("{at}0")).await.unwrap();
            settle().await;
            assert_eq!(fetch(&source, &format!("{at}1")).await.err(), Some(SourceError::Upstream(cause)), "{what}");
            let seen = upstream.seen();
            assert_eq!((seen.len(), seen[1].0), (2, 0), "{what}: {seen:?}");
        }
    }
}

#[tokio::test]
async fn only_a_reused_connection_is_replaced_and_only_once() {
    for kind in 0..3 {
        let answers = Arc::new(AtomicUsize::new(1));
        let left = answers.clone();
        let upstream = KeepAlive::start(move |_, _| {
            let answers = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
            if answers { Reaction::Answer(b"x") } else { Reaction::Close }
        });
        let (what, kind, at) = kinds(&upstream)[kind].clone();
        let source = build(kind, &impatient()).await;
        fetch(&source, &format!("{at}0")).await.unwrap();
        settle().await;
        let truncated = Some(SourceError::Upstream(Cause::Truncated));
        assert_eq!(fetch(&source, &format!("{at}1")).await.err(), truncated, "{what}");
        assert_eq!(upstream.seen().len(), 3, "{what}: one on the pooled connection, one on a new one");
        assert_eq!(fetch(&source, &format!("{at}2")).await.err(), truncated, "{what}");
        assert_eq!(upstream.seen().len(), 4, "{what}: one on a new connection");
    }
}
