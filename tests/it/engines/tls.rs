//! TLS to the database server, as docs/databases.md says how to ask for it.

use url::Url;

use crate::readme::text::{page, table_rows};
use crate::support::{Engine, PrivateServer, Ran, World};

/// The program talks to a private server by TCP.
struct Encrypted {
    server: PrivateServer,
    world: World,
}

impl Encrypted {
    fn new() -> Option<Self> {
        if Engine::of_this_run() == Engine::Sqlite {
            return None;
        }
        let server = PrivateServer::with_tls(Engine::of_this_run());
        let world = World::on(&server);
        Some(Self { server, world })
    }

    /// The URL of this user (`name`, or `name:password`) at this host.
    fn url(&self, user: &str, host: &str, parameters: &str) -> String {
        let (scheme, name) = (scheme(), self.world.database.name());
        format!("{scheme}://{user}@{host}:{}/{name}?{parameters}", self.server.port())
    }

    /// The documented parameters that verify the server, with this CA.
    fn verify(&self, ca: &str) -> String {
        let ca = self.server.certificate(ca).display().to_string();
        readme_parameters("Encrypt").trim_start_matches('?').replace("/etc/ssl/db-ca.pem", &ca)
    }

    /// The documented parameters of a client's certificate, to be appended.
    fn shown(&self, certificate: &str, key: &str) -> String {
        let [certificate, key] =
            [certificate, key].map(|file| self.server.certificate(file).display().to_string());
        readme_parameters("Client certificate")
            .replace("/…/client.pem", &certificate)
            .replace("/…/client.key", &key)
    }

    fn list(&self, url: &str) -> Ran {
        self.world.set("SOCIALSCHED_DATABASE_URL", url);
        self.world.run(&["list", "-vvv"])
    }

    /// It must be refused as a matter of set-up, and say this.
    #[track_caller]
    fn refuses(&self, url: &str, why: &str) {
        let ran = self.list(url).exits(5).complains(why);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("canary"), "{ran}");
    }
}

/// What the table of TLS in docs/databases.md has in this row for the engine of this run.
fn readme_parameters(row: &str) -> String {
    let rows = table_rows(page("docs/databases.md").section("TLS to the database"));
    let row = rows.iter().find(|cells| cells[0].starts_with(row)).unwrap();
    let column = if Engine::of_this_run() == Engine::MariaDb { 1 } else { 2 };
    row[column].trim_matches('`').to_owned()
}

fn scheme() -> &'static str {
    if Engine::of_this_run() == Engine::MariaDb { "mysql" } else { "postgres" }
}

/// A user who gets in with this password, and only by TLS. In the password is
/// everything that has a meaning in URLs.
fn with_password(encrypted: &Encrypted) -> String {
    let database = &encrypted.world.database;
    let user = database.user("canary @/#?&%:", "SELECT, INSERT, UPDATE, DELETE");
    let name = Url::parse(&user.url("x")).unwrap().username().to_owned();
    // Lives as long as its server.
    std::mem::forget(user);
    if database.engine() == Engine::MariaDb {
        database.execute(&format!("ALTER USER '{name}'@'localhost' REQUIRE SSL"));
    }
    format!("{name}:canary%20%40%2F%23%3F%26%25%3A")
}

/// **E12**: a server is verified by its certificate and its name.
#[test]
fn server_is_verified_by_certificate_and_name() {
    let Some(encrypted) = Encrypted::new() else { return };
    let user = with_password(&encrypted);
    let verified = encrypted.url(&user, "localhost", &encrypted.verify("ca.pem"));
    encrypted.list(&verified).ok();
    // A worker, whose heartbeat has connections of its own, works like that.
    let page = encrypted.world.account("facebook");
    let id = encrypted.world.schedule(&page, &["--caption", "Hello"]);
    encrypted.world.work(&[]);
    assert_eq!(encrypted.world.status(&id), "published");

    let other_name = encrypted.url(&user, "127.0.0.1", &encrypted.verify("ca.pem"));
    encrypted.refuses(&other_name, "not valid for name");
    let other_ca = encrypted.url(&user, "localhost", &encrypted.verify("stranger.pem"));
    encrypted.refuses(&other_ca, "UnknownIssuer");
    let no_file = encrypted.url(&user, "localhost", &encrypted.verify("missing.pem"));
    encrypted.refuses(&no_file, "missing.pem");
    let wrong_password = verified.replace(":canary", ":canary-wrong");
    encrypted.refuses(&wrong_password, "refuses");
    encrypted.world.assert_healthy();
}

/// **E12**: without parameters TLS is used when the server offers it, and
/// nothing is verified.
#[test]
fn default_tls_is_opportunistic_and_unverified() {
    let Some(encrypted) = Encrypted::new() else { return };
    let user = with_password(&encrypted);
    // The server accepts this user by TLS only, and has another name.
    encrypted.list(&encrypted.url(&user, "127.0.0.1", "")).ok();
    let off = if scheme() == "mysql" { "ssl-mode=DISABLED" } else { "sslmode=disable" };
    encrypted.refuses(&encrypted.url(&user, "127.0.0.1", off), "refuses");
}

/// **E12**: a client certificate is accepted.
#[test]
fn client_certificate_lets_in() {
    let Some(encrypted) = Encrypted::new() else { return };
    let rights = "SELECT, INSERT, UPDATE, DELETE";
    encrypted.world.database.execute(&match encrypted.server.engine() {
        Engine::MariaDb => format!(
            "CREATE USER ss_client@localhost REQUIRE X509;
             GRANT {rights} ON {}.* TO ss_client@localhost",
            encrypted.world.database.name()
        ),
        _ => format!(
            "CREATE ROLE ss_client LOGIN; GRANT {rights} ON ALL TABLES IN SCHEMA public TO ss_client"
        ),
    });
    let url = |shown: &str| {
        encrypted.url("ss_client", "localhost", &(encrypted.verify("ca.pem") + shown))
    };
    encrypted.list(&url(&encrypted.shown("client.pem", "client.key"))).ok();
    encrypted.refuses(&url(""), "refuses");
    // Signed by an authority that the server does not trust.
    encrypted.refuses(&url(&encrypted.shown("intruder.pem", "intruder.key")), "TLS");
    // Not a pair, no key at all, and only one of the two.
    encrypted.refuses(&url(&encrypted.shown("client.pem", "intruder.key")), "TLS");
    encrypted.refuses(&url(&encrypted.shown("client.pem", "client.pem")), "no keys found");
    let both = encrypted.shown("client.pem", "client.key");
    let only_certificate = &both[..both.rfind('&').unwrap()];
    encrypted.refuses(&url(only_certificate), "together");
}

/// **E12**: a server without TLS is refused where TLS is required.
#[test]
fn server_without_tls_is_refused_if_required() {
    let engine = Engine::of_this_run();
    if engine == Engine::Sqlite {
        return;
    }
    let server = PrivateServer::start(engine);
    let world = World::on(&server);
    let asked = if engine == Engine::MariaDb {
        ["ssl-mode=REQUIRED", "ssl-mode=VERIFY_IDENTITY"]
    } else {
        ["sslmode=require", "sslmode=verify-full"]
    };
    for parameters in asked {
        let url = Url::parse(&format!("{}&{parameters}", world.database.url())).unwrap();
        world.set("SOCIALSCHED_DATABASE_URL", url.as_str());
        for args in [&["list"][..], &["migrate"], &["run-worker", "--once"]] {
            world.run(args).exits(5).complains("server does not support TLS");
        }
    }
}
