use super::*;

fn parse(text: &str) -> Result<RedisUrl, UrlError> {
    text.parse()
}

fn shown(text: &str) -> String {
    parse(text).unwrap().to_string()
}

#[test]
fn a_url_is_shown_without_its_credentials() {
    let url = parse("redis://alice:s3cret@cache:7000/2").unwrap();
    assert_eq!(format!("{url} {url:?}"), "redis://cache:7000/2 redis://cache:7000/2");
    let sentinels = shown("redis+sentinel://alice:s3cret@a,b:7/1?master=m");
    assert_eq!(sentinels, "redis+sentinel://a:26379,b:7/1?master=m");
}

#[test]
fn port_and_database_have_the_defaults_of_redis() {
    assert_eq!(shown("rediss://cache"), "rediss://cache:6379/0");
    assert_eq!(shown("rediss+cluster://a,b:7000"), "rediss+cluster://a:6379,b:7000");
    assert_eq!(shown("redis+sentinel://a?master=m"), "redis+sentinel://a:26379/0?master=m");
}

#[test]
fn an_ipv6_address_keeps_its_brackets() {
    assert_eq!(shown("redis://[::1]:6380"), "redis://[::1]:6380/0");
    assert_eq!(
        shown("redis+sentinel://[::1],[::2]:7?master=m"),
        "redis+sentinel://[::1]:26379,[::2]:7/0?master=m"
    );
}

#[test]
fn a_password_in_a_url_is_decoded() {
    for text in
        ["redis://:p%40ss@cache", "redis+cluster://:p%40ss@a,b", "redis+sentinel://:p%40ss@a?master=m"]
    {
        assert_eq!(parse(text).unwrap().password, Some(Secret::new("p@ss")));
    }
}

#[test]
fn a_user_is_one_of_the_primary() {
    let url = parse("redis+cluster://alice:s3cret@a,b").unwrap();
    assert_eq!((url.username.as_deref(), url.servers.addresses().len()), (Some("alice"), 2));
}

#[test]
fn other_schemes_are_refused() {
    for text in
        ["http://cache", "unix:///tmp/redis.sock", "s3cret", "redis+x://cache", "http+cluster://cache"]
    {
        assert_eq!(parse(text), Err(UrlError::Scheme), "{text}");
    }
}

#[test]
fn a_bad_database_is_named_as_such() {
    assert_eq!(parse("redis://cache/-1"), Err(UrlError::Database));
    assert!(matches!(parse("redis://cache/x"), Err(UrlError::Part(text)) if text.contains("database")));
    assert_eq!(parse("redis+sentinel://a/-1?master=m"), Err(UrlError::Database));
    assert_eq!(parse("redis+cluster://a/1"), Err(UrlError::ClusterDatabase));
}

#[test]
fn a_bad_server_is_named_by_its_place() {
    for text in [
        "redis+cluster://a,b:x",
        "redis+cluster://a,",
        "redis+cluster://a,b:1:2",
        "redis+cluster://a,b:70000",
    ] {
        assert_eq!(parse(text), Err(UrlError::Server(2)), "{text}");
    }
    assert_eq!(parse(&format!("redis+cluster://{}", "a,".repeat(40))), Err(UrlError::TooMany));
}

#[test]
fn sentinels_need_the_name_of_the_primary() {
    for text in ["redis+sentinel://a", "redis+sentinel://a?master=", "redis+sentinel://a/0?master=a%20b"] {
        assert_eq!(parse(text), Err(UrlError::Master), "{text}");
    }
}

#[test]
fn parameters_that_mean_nothing_are_refused() {
    for text in ["redis+sentinel://a?name=m", "redis+cluster://a?master=m"] {
        assert_eq!(parse(text), Err(UrlError::Parameter), "{text}");
    }
}

#[test]
fn skipping_certificate_checks_is_refused() {
    assert_eq!(parse("rediss://cache#insecure"), Err(UrlError::Fragment));
    assert_eq!(parse("rediss+cluster://cache#insecure"), Err(UrlError::Fragment));
}
