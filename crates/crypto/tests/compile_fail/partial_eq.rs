//! A secret must not be `PartialEq`.

use strongroom_crypto::{
    ResourceKey, RootKey, RsaPrivateKey, SealingKey, SecretBytes, ServiceManagedKey,
};

// Asked through a trait of our own, for an answer that names no other types.
#[diagnostic::on_unimplemented(message = "`{Self}` is not `PartialEq`")]
trait Wanted {}

#[diagnostic::do_not_recommend]
impl<T: PartialEq> Wanted for T {}

fn want<T: Wanted>() {}

fn main() {
    want::<String>();
    want::<ResourceKey>();
    want::<RootKey>();
    want::<ServiceManagedKey>();
    want::<SecretBytes>();
    want::<Box<dyn RsaPrivateKey>>();
    want::<Box<dyn SealingKey>>();
}
