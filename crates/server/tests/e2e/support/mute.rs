//! A TCP proxy whose open connections can go silent: no end, no reset, as when a machine loses its power or a NAT forgets.

use std::net::SocketAddr;

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// Hands on what comes until it is told not to. Dropped, it closes its connections.
pub(crate) struct Mute {
    address: SocketAddr,
    /// How often it has gone silent.
    silences: watch::Sender<usize>,
    accepting: JoinHandle<()>,
}

impl Mute {
    /// A proxy before an address.
    pub(crate) async fn before(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let silences = watch::Sender::new(0);
        let accepting = tokio::spawn(accept(listener, target, silences.clone()));
        Self { address, silences, accepting }
    }

    /// Where callers connect to.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whatever is open now is never heard of again; new connections work.
    pub(crate) fn silence(&self) {
        self.silences.send_modify(|silences| *silences += 1);
    }
}

impl Drop for Mute {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, silences: watch::Sender<usize>) {
    // Dropped with this task, it ends the others.
    let mut connections = JoinSet::new();
    while let Ok((mut caller, _)) = listener.accept().await {
        let mut silences = silences.subscribe();
        connections.spawn(async move {
            let Ok(mut server) = TcpStream::connect(target).await else { return };
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut caller, &mut server) => {}
                _ = silences.changed() => std::future::pending().await,
            }
        });
    }
}
