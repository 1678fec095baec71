//! Every published figure is in the shipped models once, to the öre, and nothing else is.

use niva_models::Catalogue;

#[test]
fn the_shipped_models_load() {
    if let Err(e) = Catalogue::shipped() {
        panic!("{e}");
    }
}
