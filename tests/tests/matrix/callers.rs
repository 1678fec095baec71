//! Callers of every role, by what their token claims.

use std::collections::HashMap;

use niva_access::Caller;
use niva_journeys::world::{Part, Role, World};
use niva_rpc::client::{Channel, Credentials};
use prost_reflect::MethodDescriptor;

use super::side::Side;

/// What a token claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Claims {
    /// The district, the provider and the person of the side that is asked about.
    Own,
    /// Those of the other.
    Foreign,
    /// Nothing.
    None,
}

impl Claims {
    pub(super) const ALL: [Self; 3] = [Self::Own, Self::Foreign, Self::None];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Foreign => "foreign",
            Self::None => "none",
        }
    }
}

/// Channels that are made once each.
pub(super) struct Callers<'a> {
    world: &'a World,
    sides: &'a [Side; 2],
    channels: HashMap<(&'static str, Role, Claims), Channel>,
}

impl<'a> Callers<'a> {
    pub(super) fn new(world: &'a World, sides: &'a [Side; 2]) -> Self {
        Self { world, sides, channels: HashMap::new() }
    }

    /// A channel to the service of a method.
    pub(super) fn channel(&mut self, method: &MethodDescriptor, role: Role, claims: Claims) -> Channel {
        let service = service(method);
        let (world, sides) = (self.world, self.sides);
        let make = || {
            let caller = caller(sides, role, claims);
            world.channel(service, Credentials::minted(world.issuer(), caller))
        };
        self.channels.entry((service.name(), role, claims)).or_insert_with(make).clone()
    }
}

fn caller(sides: &[Side; 2], role: Role, claims: Claims) -> Caller {
    let side = match claims {
        Claims::Own => Some(&sides[0]),
        Claims::Foreign => Some(&sides[1]),
        Claims::None => None,
    };
    let subject = match (side, role) {
        (Some(side), Role::Person) => side.id("person_id").to_owned(),
        (Some(side), Role::Importer) => importer(side),
        _ => format!("{role}-of-nothing-else"),
    };
    Caller {
        subject,
        roles: [role].into(),
        districts: side.map(|side| side.district.to_owned()).into_iter().collect(),
        provider: side.map(|side| side.provider().to_owned()),
        sees_protected: false,
    }
}

/// Who imports what a side has: what an importer reads is what it has made itself.
fn importer(side: &Side) -> String {
    side.called("importer")
}

/// A channel as them.
pub(super) fn importing(world: &World, side: &Side, service: Part) -> Channel {
    let caller = Caller::new(importer(side), [Role::Importer]);
    world.channel(service, Credentials::minted(world.issuer(), caller))
}

/// The catalogue, and legal holds, are told by every service alike.
fn service(method: &MethodDescriptor) -> Part {
    match method.parent_file().package_name() {
        "niva.assessment.v1" => Part::Assessment,
        "niva.choice.v1" | "niva.catalogue.v1" | "niva.audit.v1" => Part::Choice,
        "niva.payment.v1" => Part::Payment,
        other => panic!("no service here has the package {other}: tell the matrix which"),
    }
}
