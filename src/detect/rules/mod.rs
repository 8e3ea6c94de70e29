//! The standard rules, one family a file.

mod address;
mod contract;
mod deletes;
mod errors;
mod limits;
mod logins;
mod reads;
mod slow;
mod trail;

pub(super) use address::Address;
pub(super) use contract::Contract;
pub(super) use deletes::Deletes;
pub(super) use errors::Errors;
pub(super) use limits::Limits;
pub(super) use logins::Logins;
pub(super) use reads::Reads;
pub(super) use slow::Slow;
pub(super) use trail::Losses;
