//! Sends the SDK's requests over our own connections, so that a bucket fails in the same ways as a web server.

use std::time::Duration;

use aws_sdk_s3::config::SharedHttpClient;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::Full;

use crate::source::SourceError;
use crate::source::connection::Connections;

/// Creates an HTTP client for the SDK, which also uses it to get credentials.
pub(super) fn client(connections: Connections) -> SharedHttpClient {
    http_client_fn(move |settings, _| {
        SharedHttpConnector::new(Transport { connections: connections.clone(), patience: patience(settings) })
    })
}

/// Returns how long connecting and the head of an answer may take. Only credential providers set this, because they
/// look for services that most machines do not have; fetches of originals have their own deadlines.
fn patience(settings: &HttpConnectorSettings) -> Option<Duration> {
    Some(settings.read_timeout()? + settings.connect_timeout().unwrap_or_default())
}

#[derive(Debug)]
struct Transport {
    connections: Connections,
    patience: Option<Duration>,
}

impl HttpConnector for Transport {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (connections, patience) = (self.connections.clone(), self.patience);
        HttpConnectorFuture::new(async move {
            let sending = send(&connections, request);
            match patience {
                None => sending.await,
                Some(time) => tokio::time::timeout(time, sending)
                    .await
                    .map_err(|elapsed| ConnectorError::timeout(elapsed.into()))?,
            }
        })
    }
}

async fn send(connections: &Connections, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let user = |error: BoxError| ConnectorError::user(error);
    let (parts, body) = request.try_into_http1x().map_err(|error| user(error.into()))?.into_parts();
    // A request body, if any, is in memory, because we only ever read from buckets.
    let body = body.bytes().map(Bytes::copy_from_slice).ok_or_else(|| user("a request with a stream".into()))?;
    let request = http::Request::from_parts(parts, Full::new(body));
    let response = connections.send(request).await.map_err(|error| {
        let is_timeout = matches!(error, SourceError::Timeout(_));
        if is_timeout { ConnectorError::timeout(error.into()) } else { ConnectorError::other(error.into(), None) }
    })?;
    HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
        .map_err(|error| ConnectorError::other(error.into(), None))
}
