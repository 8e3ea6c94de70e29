//! The caller's names mean what the caller means, and none of the prelude's are needed.
#![deny(warnings)]
#![no_implicit_prelude]

mod core {}
mod std {}
mod serde {}
mod tracing {}

const SITE: u8 = 1;
const __PLAN: u8 = 2;

#[allow(dead_code)]
enum Option {
    Some,
    None,
}

trait Value {
    fn put(&self) -> u8;
    fn audit_value(&self) -> u8 {
        self.put()
    }
}

impl Value for u8 {
    fn put(&self) -> u8 {
        *self
    }
}

fn main() {
    let (event, parent, trail, receipt, v, stated) = (::tracing_audit::events::AUTH_LOGIN, 1_u8, 2, 3, 4, 5);
    ::tracing_audit::audit!(event, parent, trail, receipt, v, stated, SITE, put = v.put(), value = v.audit_value());
    ::tracing_audit::audit!(event, v = receipt, receipt = v, plan = __PLAN, "{v} {receipt} {SITE}");
}
