//! Over the real wire: TLS, who may follow a feed, and connections that say nothing.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use niva_access::{Caller, Role};
use niva_base::Clock;
use niva_testing::{TestAuthority, TestIssuer};
use niva_tls::{Files, Speaks, Tls};
use tokio::io::AsyncReadExt;
use tokio::net::TcpSocket;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use super::echo::{self, Echo, FOLLOW, SAY, say};
use super::told;
use crate::client::{Channel, Credentials, Endpoint};
use crate::server::{Limits, Listen, Running};

/// An echo behind TLS that lets `choice.test` follow it, and the authority that it believes.
struct Secured {
    ca: TestAuthority,
    issuer: TestIssuer,
    tls: Tls,
    running: Running,
    shutdown: CancellationToken,
}

type Pair = (PathBuf, PathBuf);

impl Secured {
    async fn start(limits: Limits) -> Self {
        let (ca, issuer, shutdown) = (TestAuthority::new(), TestIssuer::new(), CancellationToken::new());
        let own = ca.certify("echo", &["127.0.0.1"]);
        let tls = Tls::open(Files { certificate: Some(own), ca: Some(ca.ca()) }, Speaks::Grpc).unwrap();
        let role = echo::part(&Echo::default(), &issuer, &Clock::system()).limits(limits);
        let role = role.feed_readers(["choice.test".to_owned()]);
        let listen = Listen::Tls(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), tls.clone());
        let running = role.start(listen, shutdown.clone()).await.unwrap();
        Self { ca, issuer, tls, running, shutdown }
    }

    fn address(&self) -> SocketAddr {
        self.running.address().unwrap()
    }

    /// A new connection, of a client that believes `ca` and shows a certificate.
    fn channel(&self, ca: &TestAuthority, certificate: Option<Pair>) -> Channel {
        let tls = Tls::open(Files { certificate, ca: Some(ca.ca()) }, Speaks::Grpc).unwrap();
        let endpoint = Endpoint::at(&format!("https://{}", self.address()), &tls).unwrap();
        let caller = Caller::new("niva-choice", [Role::FeedReader, Role::Analyst]);
        endpoint.channel(Credentials::minted(&self.issuer, caller))
    }

    async fn follow(&self, certificate: Option<Pair>) -> Result<String, Status> {
        say(self.channel(&self.ca, certificate), FOLLOW, "who").await
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.running.finished().await;
    }
}

#[tokio::test]
async fn a_feed_is_for_services_on_the_list() {
    let place = Secured::start(Limits::default()).await;
    let choice = place.ca.certify("choice", &["choice.test"]);
    assert_eq!(place.follow(Some(choice)).await.unwrap(), "niva-choice");
    // The same token does not help who shows no certificate, or one of a service that is not on the list.
    let unknown = (Code::PermissionDenied, "PEER_UNKNOWN".to_owned());
    assert_eq!(told(&place.follow(None).await.unwrap_err()), unknown);
    let other = place.ca.certify("other", &["xchoice.test", "choice.test.evil", "payment.test"]);
    assert_eq!(told(&place.follow(Some(other)).await.unwrap_err()), unknown);
    // What is no feed needs a token alone.
    assert_eq!(say(place.channel(&place.ca, None), SAY, "who").await.unwrap(), "niva-choice");
    place.stop().await;
}

#[tokio::test]
async fn who_shows_a_certificate_that_is_not_good_is_not_let_in() {
    let place = Secured::start(Limits::default()).await;
    let foreign = TestAuthority::new();
    let forged = foreign.certify("choice", &["choice.test"]);
    let expired = place.ca.certify_expired("old", &["choice.test"]);
    for certificate in [forged, expired] {
        // In TLS 1.3 a client learns it with the first bytes that it reads: of a connection that is gone.
        let status = place.follow(Some(certificate)).await.unwrap_err();
        assert!(matches!(status.code(), Code::Unknown | Code::Unavailable), "{status:?}");
        assert_eq!(told(&status).1, "", "it comes to no gate");
    }
    // Nor does a client speak to a server of another authority, or to one without TLS.
    let status = say(place.channel(&foreign, None), SAY, "who").await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    let plain = Endpoint::tcp(&format!("http://{}", place.address())).unwrap();
    let caller = Credentials::minted(&place.issuer, Caller::new("anna", [Role::Analyst]));
    assert!(say(plain.channel(caller), SAY, "who").await.is_err());
    place.stop().await;
}

#[tokio::test]
async fn certificates_change_while_it_serves() {
    let place = Secured::start(Limits::default()).await;
    let open = place.channel(&place.ca, None);
    assert_eq!(say(open.clone(), SAY, "one").await.unwrap(), "one");
    // Another authority signs the server's next certificate.
    let next = TestAuthority::new();
    let (chain, key) = next.certify("echo", &["127.0.0.1"]);
    std::fs::copy(chain, place.ca.folder().join("echo.pem")).unwrap();
    std::fs::copy(key, place.ca.folder().join("echo.key")).unwrap();
    place.tls.look_again();
    assert_eq!(say(place.channel(&next, None), SAY, "new").await.unwrap(), "new");
    assert!(say(place.channel(&place.ca, None), SAY, "old").await.is_err());
    assert_eq!(say(open, SAY, "two").await.unwrap(), "two", "an open connection goes on");
    place.stop().await;
}

/// Connections from another address of this machine that never say a word.
async fn silent(to: SocketAddr, how_many: usize) -> Vec<tokio::net::TcpStream> {
    let mut all = Vec::new();
    for _ in 0..how_many {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 2], 0))).unwrap();
        all.push(socket.connect(to).await.unwrap());
    }
    all
}

#[tokio::test]
async fn three_hundred_silent_connections_keep_nobody_out_by_the_limits_as_they_are() {
    let place = Secured::start(Limits::default()).await;
    let waiting = silent(place.address(), 300).await;
    for _ in 0..20 {
        assert_eq!(say(place.channel(&place.ca, None), SAY, "who").await.unwrap(), "niva-choice");
    }
    drop(waiting);
    place.stop().await;
}

#[tokio::test]
async fn silent_connections_keep_nobody_out_and_are_closed() {
    let limits = Limits {
        connections: 150,
        connections_per_peer: 100,
        handshake_timeout: Duration::from_millis(500),
        ..Limits::default()
    };
    let place = Secured::start(limits.clone()).await;
    let mut waiting = silent(place.address(), 300).await;
    assert_eq!(say(place.channel(&place.ca, None), SAY, "who").await.unwrap(), "niva-choice");
    for stream in &mut waiting {
        // Closed at once or when its time is over: either way it reads its end.
        let _ = stream.read_u8().await.unwrap_err();
    }
    place.stop().await;
    // The same without TLS, where there is no handshake.
    let (issuer, shutdown) = (TestIssuer::new(), CancellationToken::new());
    let local = Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let role = echo::part(&Echo::default(), &issuer, &Clock::system()).limits(limits);
    let running = role.start(local, shutdown.clone()).await.unwrap();
    let mut waiting = silent(running.address().unwrap(), 300).await;
    let endpoint = Endpoint::tcp(&format!("http://{}", running.address().unwrap())).unwrap();
    let caller = Credentials::minted(&issuer, Caller::new("anna", [Role::Analyst]));
    assert_eq!(say(endpoint.channel(caller), SAY, "who").await.unwrap(), "anna");
    for stream in &mut waiting {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    }
    shutdown.cancel();
    running.finished().await;
}
