use clap::Parser;

use super::{Cli, Command};

fn chosen(arguments: &[&str]) -> Command {
    Cli::try_parse_from([&["niva"], arguments].concat()).unwrap().chosen()
}

#[test]
fn no_command_is_the_demo() {
    let Command::Demo(demo) = chosen(&[]) else { panic!("not the demo") };
    assert!(!demo.once && !demo.json);
    assert_eq!((demo.data.to_str(), demo.listen.as_str()), (Some(".niva"), "127.0.0.1:7401"));
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
    assert_eq!(serve.part.name, "payment");
    let given = |option: &str| serve.options.get_one::<String>(option).map(String::as_str);
    assert_eq!(given("opening_month"), Some("2024-03"));
    assert_eq!((given("assessment"), given("choice")), (Some("http://a:1"), Some("http://127.0.0.1:7402")));
}
