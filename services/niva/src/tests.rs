use clap::Parser;

use super::{Cli, Command};
use crate::serve::Role;

fn chosen(arguments: &[&str]) -> Command {
    Cli::try_parse_from([&["niva"], arguments].concat()).unwrap().chosen()
}

#[test]
fn no_command_is_the_demo() {
    let Command::Demo(demo) = chosen(&[]) else { panic!("not the demo") };
    assert!(!demo.once && !demo.json);
    assert_eq!((demo.data.to_str(), demo.listen.port()), (Some(".niva"), 7401));
    let Command::Demo(demo) = chosen(&["demo", "--once", "--json", "--data", "x"]) else {
        panic!("not the demo")
    };
    assert!(demo.once && demo.json && demo.data.ends_with("x"));
}

#[test]
fn a_role_is_served_with_its_options() {
    let Command::Serve(serve) = chosen(&[
        "serve",
        "payment",
        "--database-url",
        "sqlite://p.db",
        "--opening-month",
        "2024-03",
        "--assessment",
        "http://a:1",
    ]) else {
        panic!("not serve")
    };
    assert_eq!((serve.role, serve.role.port()), (Role::Payment, 7403));
    assert_eq!(serve.opening_month.map(|m| m.to_string()), Some("2024-03".to_owned()));
    assert_eq!((serve.assessment.as_str(), serve.choice.as_str()), ("http://a:1", "http://127.0.0.1:7402"));
}
