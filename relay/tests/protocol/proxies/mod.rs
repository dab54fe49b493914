//! The relay behind the proxies that the guides tell people to put in front of it.
