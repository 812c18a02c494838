//! A network between PostgreSQL and who uses it: each byte arrives a while after it was sent. Nothing else is slower, and
//! any number of bytes may be under way.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener as StdListener},
    thread,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    runtime,
    sync::{
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        oneshot,
    },
};

/// Dropped, it ends with all of its connections.
pub(crate) struct Network {
    port: u16,
    _ends: oneshot::Sender<()>,
}

impl Network {
    /// Begins to pass on what comes to a port of its own, and what is answered, each way after a delay. Few threads do so:
    /// it must not take more of the processors than it has to.
    pub(crate) fn start(to: u16, delay: Duration) -> io::Result<Self> {
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let (ends, is_over) = oneshot::channel();
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name("network".to_owned()).spawn(move || {
            let to = SocketAddr::from((Ipv4Addr::LOCALHOST, to));
            runtime.block_on(async {
                tokio::select! {
                    result = pass_on(listener, to, delay) => {
                        if let Err(error) = result {
                            eprintln!("the network has failed: {error}");
                        }
                    }
                    _ = is_over => {}
                }
            });
        })?;
        Ok(Self { port, _ends: ends })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

/// What is under way.
struct Sent {
    arrives: Instant,
    to: UnboundedSender<Bytes>,
    /// Nothing at the end of a connection.
    bytes: Bytes,
}

async fn pass_on(listener: StdListener, to: SocketAddr, delay: Duration) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let (line, sent) = unbounded_channel();
    thread::Builder::new().name("network-delay".to_owned()).spawn(|| deliver(sent))?;
    loop {
        let (caller, _) = listener.accept().await?;
        let line = line.clone();
        tokio::spawn(async move {
            // Who called learns of a failure by the connection's end.
            let Ok(callee) = TcpStream::connect(to).await else { return };
            for stream in [&caller, &callee] {
                let _ = stream.set_nodelay(true);
            }
            let (from_caller, to_caller) = caller.into_split();
            let (from_callee, to_callee) = callee.into_split();
            connect(from_caller, to_callee, line.clone(), delay);
            connect(from_callee, to_caller, line, delay);
        });
    }
}

/// One way of a connection.
fn connect(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, line: UnboundedSender<Sent>, delay: Duration) {
    let (arrived, mut arrivals) = unbounded_channel::<Bytes>();
    tokio::spawn(async move {
        let mut buffer = BytesMut::new();
        loop {
            buffer.reserve(16 * 1024);
            let count = from.read_buf(&mut buffer).await.unwrap_or(0);
            let sent =
                Sent { arrives: Instant::now() + delay, to: arrived.clone(), bytes: buffer.split().freeze() };
            if line.send(sent).is_err() || count == 0 {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Some(bytes) = arrivals.recv().await {
            if bytes.is_empty() || to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
}

/// All connections have the same delay, so what was sent first arrives first. This has a thread of its own: timers of tokio
/// count milliseconds, and the system's sleep does not.
fn deliver(mut line: UnboundedReceiver<Sent>) {
    while let Some(Sent { arrives, to, bytes }) = line.blocking_recv() {
        thread::sleep(arrives.saturating_duration_since(Instant::now()));
        // A connection that has ended takes nothing more.
        let _ = to.send(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bytes_arrive_in_their_order_after_the_delay_and_do_not_wait_for_each_other() {
        const DELAY: Duration = Duration::from_millis(200);
        let there = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let network = Network::start(there.local_addr().unwrap().port(), DELAY).unwrap();
        let mut caller = TcpStream::connect(("127.0.0.1", network.port())).await.unwrap();
        let (mut callee, _) = there.accept().await.unwrap();

        let start = Instant::now();
        for number in 0..100_u8 {
            caller.write_all(&[number]).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut arrived = [0; 100];
        callee.read_exact(&mut arrived).await.unwrap();
        assert!(arrived.iter().copied().eq(0..100));
        let took = start.elapsed();
        assert!(took >= DELAY && took < 50 * DELAY, "{took:?}");

        drop(caller);
        assert_eq!(callee.read(&mut arrived).await.unwrap(), 0);
        assert!(start.elapsed() >= 2 * DELAY);
    }
}
