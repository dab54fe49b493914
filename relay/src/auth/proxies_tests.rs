use super::*;

fn proxies(list: &str) -> Proxies {
    list.parse().unwrap()
}

fn located(list: &str, peer: &str, headers: &[(&'static str, &str)]) -> ClientAddress {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().unwrap());
    }
    proxies(list).locate(Some(Peer(peer.parse().unwrap())), &map)
}

fn ip(list: &str, peer: &str, headers: &[(&'static str, &str)]) -> String {
    located(list, peer, headers).ip.to_string()
}

#[test]
fn r002_14_nobody_is_believed_by_default() {
    let headers = [("x-forwarded-for", "9.9.9.9"), ("x-real-ip", "9.9.9.9"), ("x-forwarded-proto", "https")];
    let client = located("", "10.0.0.1", &headers);
    assert_eq!((client.ip.to_string().as_str(), client.secure), ("10.0.0.1", false));
}

#[test]
fn r002_14_a_listed_proxy_is_believed() {
    assert_eq!(ip("10.0.0.0/8", "10.1.2.3", &[("x-forwarded-for", "9.9.9.9")]), "9.9.9.9");
    assert_eq!(ip("10.0.0.0/8", "10.1.2.3", &[("x-real-ip", "9.9.9.9")]), "9.9.9.9");
    assert!(located("10.0.0.0/8", "10.1.2.3", &[("x-forwarded-proto", "https")]).secure);
}

#[test]
fn r000_24_what_a_client_wrote_in_front_of_the_chain_is_not_believed() {
    let chain = [("x-forwarded-for", "1.1.1.1, 9.9.9.9, 10.0.0.7")];
    assert_eq!(ip("10.0.0.0/8", "10.0.0.1", &chain), "9.9.9.9");
}

#[test]
fn r000_24_several_lines_are_one_chain() {
    let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "9.9.9.9,10.0.0.7")];
    assert_eq!(ip("10.0.0.0/8", "10.0.0.1", &lines), "9.9.9.9");
}

#[test]
fn r000_24_a_chain_of_proxies_alone_begins_with_the_client() {
    assert_eq!(ip("10.0.0.0/8", "10.0.0.1", &[("x-forwarded-for", "10.0.0.9, 10.0.0.7")]), "10.0.0.9");
}

#[test]
fn a_hop_that_is_no_address_leaves_the_proxy_and_a_stranger_behind_it() {
    for chain in ["test", "9.9.9.9, unknown", "", "::g"] {
        let client = located("127.0.0.1", "127.0.0.1", &[("x-forwarded-for", chain)]);
        assert_eq!((client.ip.to_string().as_str(), client.is_local()), ("127.0.0.1", false), "{chain}");
    }
}

#[test]
fn ports_brackets_and_mapped_addresses_are_understood() {
    for (written, meant) in
        [("9.9.9.9:1234", "9.9.9.9"), ("[2001:db8::1]:1", "2001:db8::1"), ("[::1]", "::1")]
    {
        assert_eq!(ip("10.0.0.1", "::ffff:10.0.0.1", &[("x-forwarded-for", written)]), meant);
    }
}

#[test]
fn x23_only_a_program_on_this_machine_is_local() {
    assert!(located("", "127.0.0.1", &[]).is_local());
    assert!(!located("", "10.0.0.1", &[]).is_local());
    assert!(located("127.0.0.1", "127.0.0.1", &[("x-forwarded-for", "127.0.0.1")]).is_local());
    for header in ["x-forwarded-for", "x-real-ip", "forwarded", "via"] {
        assert!(!located("", "127.0.0.1", &[(header, "127.0.0.1")]).is_local(), "{header}");
    }
    assert!(!located("127.0.0.1", "127.0.0.1", &[("x-real-ip", "9.9.9.9")]).is_local());
    assert!(!Proxies::default().locate(None, &HeaderMap::new()).is_local());
}

#[test]
fn networks_are_compared_by_their_bits() {
    let list = proxies("192.168.1.0/24, 10.0.0.1, 0.0.0.0/0, 2001:db8::/32");
    let (of_24, all) = (Proxies(list.0[..1].to_vec()), Proxies(list.0[2..3].to_vec()));
    let contains = |proxies: &Proxies, ip: &str| proxies.contain(ip.parse().unwrap());
    assert!(contains(&of_24, "192.168.1.255") && !contains(&of_24, "192.168.2.0"));
    assert!(contains(&all, "8.8.8.8") && !contains(&all, "::1"));
    assert!(contains(&list, "2001:db8:1::1"));
}

#[test]
fn what_is_no_network_is_refused() {
    for text in ["nginx", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "::/129"] {
        assert!(text.parse::<Proxies>().is_err(), "{text}");
    }
}
