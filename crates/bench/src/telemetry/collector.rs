//! Whoever takes traces and metrics, and looks at neither.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinHandle},
    time::interval,
};

use crate::Failure;

/// Takes what is sent. Dropped, it takes no more connections.
pub(crate) struct Collector {
    address: String,
    requests: Arc<AtomicU64>,
    accepting: JoinHandle<()>,
}

impl Collector {
    pub(crate) async fn start() -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let requests = Arc::new(AtomicU64::new(0));
        let counted = requests.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let counted = counted.clone();
                let take = service_fn(move |request: Request<Incoming>| {
                    counted.fetch_add(1, Ordering::Relaxed);
                    async move {
                        request.into_body().collect().await?;
                        Ok::<_, hyper::Error>(Response::new(Empty::<Bytes>::new()))
                    }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), take));
            }
        });
        Ok(Self { address, requests, accepting })
    }

    /// Its URL.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// How many requests it has taken.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Asks an address for metrics every second, until it is dropped.
pub(crate) struct Scrapes(AbortHandle);

pub(crate) fn scrape(address: &str) -> Scrapes {
    let address = address.to_owned();
    let scraping = tokio::spawn(async move {
        let mut ticks = interval(Duration::from_secs(1));
        loop {
            ticks.tick().await;
            let request = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
            let mut answer = Vec::new();
            if let Ok(mut stream) = TcpStream::connect(&address).await
                && stream.write_all(request.as_bytes()).await.is_ok()
            {
                let _ = stream.read_to_end(&mut answer).await;
            }
        }
    });
    Scrapes(scraping.abort_handle())
}

impl Drop for Scrapes {
    fn drop(&mut self) {
        self.0.abort();
    }
}
