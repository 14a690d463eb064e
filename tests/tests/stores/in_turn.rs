//! Writes one after the other: the S3 server of the tests looks at a condition and writes in two steps, so of
//! two conditional writes at once both may succeed. S3 itself has no such gap.

use std::sync::Arc;

use async_trait::async_trait;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService,
};
use tokio::sync::Mutex;

/// Connects as the other does, and lets one write through at a time.
#[derive(Debug, Default)]
pub(crate) struct WritesInTurn<C> {
    connector: C,
    turn: Arc<Mutex<()>>,
}

impl<C: HttpConnector> HttpConnector for WritesInTurn<C> {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(InTurn {
            client: self.connector.connect(options)?,
            turn: Arc::clone(&self.turn),
        }))
    }
}

#[derive(Debug)]
struct InTurn {
    client: HttpClient,
    turn: Arc<Mutex<()>>,
}

#[async_trait]
impl HttpService for InTurn {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let reads = matches!(request.method().as_str(), "GET" | "HEAD");
        let _turn = if reads {
            None
        } else {
            Some(self.turn.lock().await)
        };
        self.client.execute(request).await
    }
}
