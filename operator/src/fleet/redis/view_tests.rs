use super::*;

fn member(ordinal: u8) -> Member {
    Member { name: format!("demo-redis-data-{ordinal}"), uid: ordinal.to_string() }
}

fn host(ordinal: u8) -> String {
    format!("demo-redis-data-{ordinal}.demo-redis-data")
}

fn primary(ordinal: u8, offset: u64) -> (Member, Replication) {
    (member(ordinal), Replication { primary: true, offset, ..Replication::default() })
}

fn replica(ordinal: u8, of: u8, offset: u64) -> (Member, Replication) {
    let run = ordinal.to_string();
    (member(ordinal), Replication { primary: false, linked: true, follows: host(of), offset, run })
}

fn names(ordinal: u8) -> Watcher {
    let replicas = ["0", "1", "2"].map(str::to_owned).into();
    Watcher { names: Some(host(ordinal)), quorum: true, replicas }
}

#[test]
fn f11_the_primary_is_whom_a_majority_names_and_who_agrees() {
    let servers = [primary(0, 100), replica(1, 0, 100), replica(2, 0, 90)];
    let view = View::of(&servers, &[names(0), names(0), names(1)]);
    assert_eq!((view.primary, view.agreeing), (Some(member(0)), 2));
    assert_eq!(view.in_sync, ["1".to_owned(), "2".to_owned()].into());
}

#[test]
fn f11_a_server_that_only_one_sentinel_names_is_no_primary() {
    assert_eq!(View::of(&[primary(0, 100)], &[names(0), names(1)]).primary, None);
}

#[test]
fn f11_a_primary_that_is_followed_stays_one_while_too_few_sentinels_answer() {
    let servers = [primary(0, 100), replica(1, 0, 100), replica(2, 0, 90)];
    for answering in [&[][..], &[names(0)]] {
        let view = View::of(&servers, answering);
        assert_eq!((view.primary, view.quorum), (Some(member(0)), false), "{answering:?}");
    }
}

#[test]
fn f11_who_calls_itself_the_primary_and_is_followed_by_nobody_is_none() {
    let cut = (member(1), Replication { linked: false, ..replica(1, 0, 100).1 });
    assert_eq!(View::of(&[primary(0, 100), cut], &[]).primary, None);
    assert_eq!(View::of(&[primary(0, 100), replica(1, 0, 100)], &[names(2)]).primary, None);
}

#[test]
fn f11_a_former_primary_is_none() {
    let servers = [primary(0, 100), primary(1, 100), replica(2, 1, 100)];
    let view = View::of(&servers, &[names(1), names(1), names(1)]);
    assert_eq!(view.primary, Some(member(1)));
    assert_eq!(view.in_sync, ["2".to_owned()].into());
}

#[test]
fn f11_who_was_named_and_is_a_replica_yet_is_no_primary() {
    let servers = [replica(0, 1, 100), replica(1, 0, 100)];
    assert_eq!(View::of(&servers, &[names(1), names(1), names(1)]).primary, None);
}

#[test]
fn f11_a_replica_that_is_far_behind_or_cut_off_is_not_in_sync() {
    let cut = (member(2), Replication { linked: false, ..replica(2, 0, 2 << 20).1 });
    let view = View::of(&[primary(0, 2 << 20), replica(1, 0, 5), cut], &[names(0), names(0)]);
    assert!(view.in_sync.is_empty(), "{view:?}");
}

#[test]
fn f11_one_sentinel_alone_is_no_quorum() {
    let alone = Watcher { quorum: false, ..names(0) };
    assert!(!View::of(&[primary(0, 1)], &[names(0), alone]).quorum);
}

#[test]
fn f11_what_redis_says_of_a_replica_is_read() {
    let text = "# Replication\r\nrole:slave\r\nmaster_host:demo-redis-data-0.demo-redis-data\r\nmaster_port:6379\r\n\
        master_link_status:up\r\nslave_repl_offset:4711\r\nmaster_repl_offset:12\r\n";
    let expected = Replication { run: String::new(), ..replica(1, 0, 4711).1 };
    assert_eq!(Replication::parse(text), expected);
}

#[test]
fn f11_a_replica_that_the_sentinels_do_not_know_yet_could_not_take_over() {
    let stranger = Watcher { replicas: ["1".to_owned()].into(), ..names(0) };
    let servers = [primary(0, 100), replica(1, 0, 100), replica(2, 0, 100)];
    let view = View::of(&servers, &[names(0), stranger.clone(), stranger]);
    assert_eq!(view.in_sync, ["1".to_owned()].into());
}
