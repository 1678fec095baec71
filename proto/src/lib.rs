//! The contract, and the types generated from it. The files under `niva/` are the truth; nothing here is written
//! by hand but the modules that hold what was generated.

/// All files of the contract as an encoded `FileDescriptorSet`, for server reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/niva_descriptor.bin"));

macro_rules! package {
    ($name:ident, $package:literal, $doc:literal) => {
        #[doc = $doc]
        pub mod $name {
            /// Version 1.
            #[allow(
                missing_docs,
                unused_qualifications,
                unreachable_pub,
                clippy::all,
                clippy::pedantic,
                clippy::restriction
            )]
            pub mod v1 {
                tonic::include_proto!($package);
            }
        }
    };
}

package!(common, "niva.common.v1", "Values that every service speaks of.");
package!(assessment, "niva.assessment.v1", "Persons, grants, measurements and levels.");
package!(choice, "niva.choice.v1", "Providers, units, wishes, offers and placements.");
package!(payment, "niva.payment.v1", "Facts, compensation, payment runs and their lines.");
