use std::fs::{Permissions, set_permissions, write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;

use niva_testing::TestAuthority;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

fn open(certificate: Option<(std::path::PathBuf, std::path::PathBuf)>, ca: &TestAuthority) -> Tls {
    Tls::open(Files { certificate, ca: Some(ca.ca()) }, Speaks::Grpc).unwrap()
}

/// One connection: whom the server sees, or which end refused it and why.
async fn meet(server: &Tls, client: &Tls) -> Result<Vec<String>, String> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
    let address = listener.local_addr().unwrap();
    let serve = async {
        let mut stream =
            server.accept(listener.accept().await.unwrap().0).await.map_err(|e| e.to_string())?;
        stream.write_all(b"!").await.map_err(|e| e.to_string())?;
        let _ = stream.shutdown().await;
        Ok(names(&stream))
    };
    let call = async {
        let tcp = TcpStream::connect(address).await.unwrap();
        let mut stream = client.connect("localhost", tcp).await.map_err(|e| e.to_string())?;
        // In TLS 1.3 a client learns with the first byte whether it was let in.
        stream.read_u8().await.map_err(|e| e.to_string())
    };
    let (seen, called) = tokio::join!(serve, call);
    called.and(seen)
}

#[tokio::test]
async fn both_ends_know_each_other_by_their_certificates() {
    let ca = TestAuthority::new();
    let server = open(Some(ca.certify("assessment", &["localhost"])), &ca);
    let choice = open(Some(ca.certify("choice", &["choice.test", "localhost"])), &ca);
    assert_eq!(meet(&server, &choice).await.unwrap(), ["choice.test", "localhost"]);
    assert_eq!(meet(&server, &open(None, &ca)).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_foreign_or_expired_certificate_is_refused() {
    let (ca, foreign) = (TestAuthority::new(), TestAuthority::new());
    let good = open(Some(ca.certify("good", &["localhost"])), &ca);
    let (chain, key) = foreign.certify("choice", &["choice.test"]);
    let strange = open(Some((chain, key)), &ca);
    let old = open(Some(ca.certify_expired("old", &["localhost"])), &ca);
    let other = open(Some(ca.certify("other", &["elsewhere.test"])), &ca);
    for (server, client, why) in [
        // Clients that the server does not believe: the foreign authority has the name of the good one.
        (&good, &strange, "DecryptError"),
        (&good, &old, "CertificateExpired"),
        // Servers that a client does not believe.
        (&good, &open(None, &foreign), "BadSignature"),
        (&old, &good, "certificate expired"),
        (&other, &good, "not valid for name"),
    ] {
        let told = meet(server, client).await.unwrap_err();
        assert!(told.contains(why), "{why}: {told}");
    }
}

#[tokio::test]
async fn files_are_read_again_and_a_broken_one_changes_nothing() {
    let (ca, next) = (TestAuthority::new(), TestAuthority::new());
    let (chain, key) = ca.certify("service", &["localhost"]);
    let server = open(Some((chain.clone(), key.clone())), &ca);
    let (old, new) = (open(None, &ca), open(None, &next));
    server.look_again();
    assert!(meet(&server, &old).await.is_ok() && meet(&server, &new).await.is_err());
    // Half of a new pair, then none at all.
    let (next_chain, next_key) = next.certify("service", &["localhost"]);
    write(&chain, std::fs::read(&next_chain).unwrap()).unwrap();
    server.look_again();
    assert!(meet(&server, &old).await.is_ok(), "a certificate without its key changes nothing");
    write(&chain, "-----BEGIN").unwrap();
    server.look_again();
    std::fs::remove_file(&key).unwrap();
    server.look_again();
    assert!(meet(&server, &old).await.is_ok(), "nor does a broken or missing file");
    std::fs::copy(&next_chain, &chain).unwrap();
    std::fs::copy(&next_key, &key).unwrap();
    server.look_again();
    assert!(meet(&server, &new).await.is_ok() && meet(&server, &old).await.is_err());
}

#[test]
fn what_cannot_be_used_is_named() {
    let ca = TestAuthority::new();
    let (chain, key) = ca.certify("service", &["localhost"]);
    let told = |certificate, ca| {
        Tls::open(Files { certificate, ca }, Speaks::Grpc).map(|_| ()).unwrap_err().to_string()
    };
    let other = ca.certify("other", &["localhost"]);
    assert!(told(Some((chain.clone(), other.1)), None).contains("service.pem cannot be used"));
    assert!(told(Some((chain.clone(), chain.clone())), None).contains("no private key"));
    assert!(told(Some((key.clone(), key.clone())), None).contains("no certificate"));
    assert!(told(None, Some(ca.folder().join("none.pem"))).contains("none.pem: No such file"));
    set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let loose = told(Some((chain, key)), None);
    assert!(loose.contains("service.key: its mode is 0644") && loose.contains("chmod 600"), "{loose}");
}
