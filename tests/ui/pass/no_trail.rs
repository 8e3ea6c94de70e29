//! Without a trail a call is counted, and its receipt says so; nothing panics.

use tracing_audit::{ErrorKind, audit, events};

fn main() {
    for _ in 0..2 {
        let receipt = audit!(events::AUTH_LOGIN, user.id = 7, "nobody listens");
        assert_eq!(receipt.accepted().unwrap_err().kind(), ErrorKind::NoTrail);
        assert_eq!(receipt.synced().unwrap_err().kind(), ErrorKind::NoTrail);
        assert_eq!(receipt.seq(), None);
    }
}
