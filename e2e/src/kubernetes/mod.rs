//! What a control plane needs, whoever starts it: keys, identities, an audit policy and flags.
//! Both the three-node [`local`](crate::local) cluster and the bare [`apiserver`](crate::apiserver)
//! are made of these.

pub mod audit;
pub mod flags;
pub mod identity;
pub mod pki;
