//! Who may read which tables, and which masks they may lift. Administrators decide; nothing is ever removed, a
//! revoked grant says who ended it.

mod record;
mod select;
mod unmask;

pub use record::subject;
pub use select::{create, list, revoke};
pub use unmask::{create as create_unmask, list as list_unmask, revoke as revoke_unmask};
