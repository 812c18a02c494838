//! A TCP proxy between callers and the service that cuts connections at bad moments.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use super::Random;

/// Hands on what callers send, and what comes back until it cuts their connection. Dropped, it closes all of them.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

/// When to cut a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cut {
    /// When a call of gRPC is answered, before anything of the answer is handed on: as many of a hundred times.
    GrpcReply(usize),
    /// The same of REST.
    RestReply(usize),
    /// After any number of bytes below this one have come back.
    After(usize),
}

struct Shared {
    cut: Cut,
    target: Mutex<SocketAddr>,
    random: Mutex<Random>,
    cuts: AtomicUsize,
}

impl Proxy {
    /// A proxy before an address.
    pub(crate) async fn before(target: SocketAddr, cut: Cut, random: Random) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (target, random) = (Mutex::new(target), Mutex::new(random));
        let shared = Arc::new(Shared { cut, target, random, cuts: AtomicUsize::new(0) });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Self { address, shared, accepting }
    }

    /// Where callers connect to.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it has cut.
    pub(crate) fn cuts(&self) -> usize {
        self.shared.cuts.load(Ordering::Relaxed)
    }

    /// Where new connections go from now on.
    pub(crate) fn point_to(&self, target: SocketAddr) {
        *self.shared.target.lock().unwrap() = target;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Dropped with this task, it ends the others.
    let mut connections = JoinSet::new();
    while let Ok((caller, _)) = listener.accept().await {
        connections.spawn(shared.clone().serve(caller));
        while connections.try_join_next().is_some() {}
    }
}

impl Shared {
    /// One connection. Both ends are closed when either is, or when it is cut.
    async fn serve(self: Arc<Self>, caller: TcpStream) {
        let target = *self.target.lock().unwrap();
        // A server that is down closes its connections too.
        let Ok(server) = TcpStream::connect(target).await else { return };
        let (mut from_caller, mut to_caller) = caller.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let mut cutter = self.cutter();
        let there = async {
            let _ = tokio::io::copy(&mut from_caller, &mut to_server).await;
        };
        let back = async {
            let mut bytes = vec![0; 16 * 1024];
            while let Ok(size @ 1..) = from_server.read(&mut bytes).await {
                let bytes = &bytes[..size];
                let allowed = cutter.allow(bytes, &mut self.random.lock().unwrap());
                if to_caller.write_all(&bytes[..allowed.unwrap_or(size)]).await.is_err() {
                    return;
                }
                if allowed.is_some() {
                    self.cuts.fetch_add(1, Ordering::Relaxed);
                    return;
                }
            }
        };
        tokio::select! {
            () = there => {}
            () = back => {}
        }
    }

    fn cutter(&self) -> Cutter {
        match self.cut {
            Cut::GrpcReply(percent) => {
                Cutter::Grpc { percent, skip: 0, head: Vec::new(), answered: Vec::new() }
            }
            Cut::RestReply(percent) => Cutter::Rest { percent },
            Cut::After(bound) => Cutter::Bytes { left: self.random.lock().unwrap().below(bound) },
        }
    }
}

/// What decides about one connection.
enum Cutter {
    Bytes {
        left: usize,
    },
    Rest {
        percent: usize,
    },
    Grpc {
        percent: usize,
        /// How many bytes of the payload that is passing are to come.
        skip: usize,
        /// What has arrived of a frame's head.
        head: Vec<u8>,
        /// The streams whose answers have begun.
        answered: Vec<[u8; 4]>,
    },
}

impl Cutter {
    /// How many of the bytes that came back are handed on before the cut; none if they all are and there is no cut.
    fn allow(&mut self, bytes: &[u8], random: &mut Random) -> Option<usize> {
        match self {
            Self::Bytes { left } if bytes.len() > *left => Some(*left),
            Self::Bytes { left } => {
                *left -= bytes.len();
                None
            }
            Self::Rest { percent } => random.percent(*percent).then_some(0),
            Self::Grpc { percent, skip, head, answered } => {
                const HEADERS: u8 = 1;
                for (at, byte) in bytes.iter().enumerate() {
                    if *skip > 0 {
                        *skip -= 1;
                        continue;
                    }
                    head.push(*byte);
                    // A frame of HTTP/2: the payload's length in three bytes, the type, flags, and the stream.
                    if let [a, b, c, kind, _, stream @ ..] = &head[..]
                        && let Ok(stream) = <[u8; 4]>::try_from(stream)
                    {
                        *skip = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
                        let begins = *kind == HEADERS && !answered.contains(&stream);
                        if begins && random.percent(*percent) {
                            // What had come of the head before went out, and does no harm.
                            return Some((at + 1).saturating_sub(9));
                        }
                        answered.extend(begins.then_some(stream));
                        head.clear();
                    }
                }
                None
            }
        }
    }
}
