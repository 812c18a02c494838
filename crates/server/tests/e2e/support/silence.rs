//! A TCP proxy whose open connections go silent, as those of a host that is gone: nothing comes through, and nothing ends.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// Hands on what both sides send, until it is asked to be silent. Dropped, it closes all connections.
pub(crate) struct Silence {
    address: SocketAddr,
    target: Arc<Mutex<SocketAddr>>,
    /// How often open connections went silent.
    times: watch::Sender<usize>,
    /// How many connections have been made.
    connections: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Silence {
    /// A proxy before an address.
    pub(crate) async fn before(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (target, times) = (Arc::new(Mutex::new(target)), watch::Sender::new(0));
        let connections = Arc::new(AtomicUsize::new(0));
        let (to, silence, count) = (target.clone(), times.clone(), connections.clone());
        let accepting = tokio::spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((caller, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let target = *to.lock().unwrap();
                open.spawn(serve(caller, target, silence.subscribe()));
            }
        });
        Self { address, target, times, connections, accepting }
    }

    /// Where callers connect to.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A URL that leads through it.
    pub(crate) fn url(&self, url: &str) -> String {
        let mut url = url::Url::parse(url).unwrap();
        url.set_ip_host(self.address.ip()).unwrap();
        url.set_port(Some(self.address.port())).unwrap();
        url.into()
    }

    /// From now on, nothing comes through on the connections that are open. New ones work.
    pub(crate) fn fall(&self) {
        self.times.send_modify(|times| *times += 1);
    }

    /// Where new connections go from now on.
    pub(crate) fn point_to(&self, target: SocketAddr) {
        *self.target.lock().unwrap() = target;
    }

    /// How many connections have been made.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(mut caller: TcpStream, target: SocketAddr, mut silence: watch::Receiver<usize>) {
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut caller, &mut server) => return,
        _ = silence.changed() => {}
    }
    // Both ends stay open for as long as the proxy is there.
    std::future::pending::<()>().await;
}
