//! Commands: serve, ask a running relay, check settings.

mod healthcheck;
mod serve;

use clap::{Parser, Subcommand};
use relay::config::{Boot, Settings, Source};

/// What `--help` says of the settings.
const SETTINGS: &str = "\
Settings, as environment variables or lines of CONFIG_FILE (those with * change while it runs):
  HOST, PORT                  where clients are served [127.0.0.1, 8080]
  LISTEN                      the same as a comma list of host:port or :port
  INSECURE                    true: anonymous clients are fine on an address others can reach
  AUTH                        none, jwt, or a list of push, tokens, dual such as jwt,push=none [none]
  JWT_SECRET_FILE, JWT_PUBLIC_KEY_FILE
                              secret, or public key in PEM, of who signs tokens
  JWT_JWKS                    comma list of issuers, each with a space and the address of its keys
  JWT_ISSUER, JWT_AUDIENCE    accepted iss (of the files' keys) and aud (comma list) [any, none]
  JWT_LEEWAY_SECONDS          difference of clocks that is let pass [30]
  TOKENS_COMPAT               true: chunks have their text in chunk, too, not in content alone
  JWT_COOKIE                  cookie that may hold a token, from listed CORS_ORIGINS only
  ADMIN_LISTEN                where the admin API is served [127.0.0.1:9090]
  ADMIN_TOKEN_FILE            file with the bearer token of the admin API
  PUBLISH_KEY_FILE            file with the bearer key of the publish API
  NODE_NAME                   name among peers [host name and a random end]
  REDIS_URL, REDIS_URL_FILE, REDIS_PASSWORD_FILE
                              the bus between relays [none: this process alone]
  REDIS_NAMESPACE             part of every name in Redis: whose relays hear each other [default]
  REDIS_MAX_RETRIES           tries in a row after which Redis is given up; 0 is never [0]
  DRAIN_RATE                  connections that end per second on SIGTERM [100]
  DRAIN_TIMEOUT_SECONDS       time after which the rest ends at once [30]
  LOG_FORMAT                  json, text, or a template such as %(levelname)s %(message)s [json]
  LOG_FILE                    file that log lines are added to, besides standard output
  LOG_LEVEL *                 DEBUG, INFO, WARNING, ERROR, CRITICAL [INFO]
  DEBUG *                     true, or parts to log in detail: socket.io:*, engine* [false]
  CORS_ORIGINS *              comma list of origins, or * [localhost, ports 3000 and 8080]
  WS_PING_INTERVAL *, WS_PING_TIMEOUT *
                              seconds [30, 10]
  MAX_MESSAGE_SIZE *          bytes of a message from a client [1048576]
  MAX_TOTAL_CONNECTIONS *     TCP connections [0: nine tenths of the limit of open files]
  MAX_CONNECTIONS_PER_PLAYER *
                              sockets and streams of one player [4]
  CONNECTION_TIMEOUT *        seconds without any byte until a player's connection ends [300]
  HEALTH_CHECK_INTERVAL *, CLEANUP_INTERVAL *
                              seconds between looks at their health, and for idle ones [30, 60]
  CONNECTION_POOL_SIZE        players that there is room for from the start [1000]
  CONNECTION_PRESET *         default, stable, tight: defaults of the five above [default]
  SESSION_STORE               memory, redis, or the address of a database: where the sessions of
                              players outlive the process [redis with REDIS_URL, else memory]
  DATABASE_URL, DATABASE_URL_FILE
                              the same as an address: sqlite:///./data/players/mythos.db or
                              postgresql://user:password@host:5432/name [none]
  SESSION_TTL                 seconds that it is kept there after the player has gone [604800]
  TCP_KEEPALIVE               seconds of silence until TCP asks for the peer [600]
  MAX_QUEUE_BYTES *, MAX_QUEUE_ITEMS *
                              what may wait for one slow connection [1048576, 1000]
  MAX_NODE_QUEUE_BYTES        what may wait for all of them [268435456]
  OVERFLOW *                  drop_oldest, drop_newest, latest_only, disconnect [disconnect]
  SOCKETIO_TRANSPORTS *       comma list of websocket, polling [both]
  SOCKETIO_PING_INTERVAL, SOCKETIO_PING_TIMEOUT
                              milliseconds [25000, 60000]
  SOCKETIO_UPGRADE_TIMEOUT *  milliseconds [30000]
  SOCKETIO_MAX_HTTP_BUFFER_SIZE *
                              bytes of a message from a Socket.IO client [100000000]
  SOCKETIO_ALLOW_EIO3 *       true: clients of Socket.IO 2 are served [true]
  SOCKETIO_LENIENT_HANDSHAKE *
                              true: an upgrade without EIO and transport is one of EIO=4 [true]
  SOCKETIO_CHAT_WORKER *      the user that chat:message goes to [chat-worker]
  WS_ANONYMOUS *              allow or deny sockets without user_id [allow]
  STREAM_RATE_LIMIT *         events of one anonymous socket per second; 0 is no limit [0]
  STREAM_BUFFER_SIZE, STREAM_OVERFLOW
                              events that may wait, and what happens beyond [10000, drop_oldest]
  STREAM_MIN_WORKERS, STREAM_MAX_WORKERS
                              tasks that process events [2, 16]
  STREAM_BATCH_SIZE, STREAM_BATCH_TIMEOUT_MS
                              events published together, and the wait for them [100, 100]
  DEBUG_ENDPOINTS             false: no /debug on the clients' port [true]
  METRICS_ALIASES *           stream, mythos: figures get their guides' names, too
  PUBLIC_ACCOUNTS *           comma list of accounts that take @mentions, added to the built-in ones";

/// A WebSocket and SSE server that fans messages out across nodes. Settings come from environment
/// variables, and from the file that CONFIG_FILE names.
#[derive(Debug, Parser)]
#[command(version, after_help = SETTINGS)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve (the default).
    Serve,
    /// Ask the relay on this machine for its health; the exit code tells.
    Healthcheck,
    /// Check the settings and exit.
    ValidateConfig,
}

/// Does what was asked for.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let source = Source::from_process()?;
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(source),
        Command::Healthcheck => healthcheck::check(&source),
        Command::ValidateConfig => {
            parse(source)?;
            println!("The settings are valid.");
            Ok(())
        }
    }
}

/// All settings, or all that is wrong with them.
fn parse(source: Source) -> anyhow::Result<(Boot, Settings)> {
    let boot = Boot::parse(&source);
    match (boot, Settings::new(source)) {
        (Ok(boot), Ok(settings)) => Ok((boot, settings)),
        (boot, settings) => {
            let invalid = [boot.err(), settings.err()].into_iter().flatten();
            let lines: String = invalid
                .flat_map(|invalid| invalid.0)
                .map(|problem| format!("\n  {}: {}", problem.setting, problem.what))
                .collect();
            anyhow::bail!("bad settings:{lines}")
        }
    }
}
