//! How Keycloak is run: Java itself, not `kc.sh`, whose shell leaves Java behind when it is killed.

use std::path::Path;
use std::process::Command;

/// The archive of loaded classes, in Keycloak's folder.
const CLASSES: &str = "classes.jsa";

/// One start.
pub(super) struct Boot<'a> {
    /// Keycloak's folder.
    pub(super) home: &'a Path,
    /// The folder of its database.
    pub(super) data: &'a Path,
    /// Make the administrator and, at the end, the archive of classes, instead of using them.
    pub(super) learn: bool,
    /// A folder of realms to import.
    pub(super) import: Option<&'a Path>,
}

impl Boot<'_> {
    /// The command that serves on `port` of loopback and calls itself `url`.
    pub(super) fn command(&self, port: u16, url: &str) -> Command {
        let mut java = java(self.home);
        if self.learn {
            java.arg(format!("-XX:ArchiveClassesAtExit={CLASSES}"));
            java.env("KC_BOOTSTRAP_ADMIN_USERNAME", "admin").env("KC_BOOTSTRAP_ADMIN_PASSWORD", "admin");
        } else {
            java.arg(format!("-XX:SharedArchiveFile={CLASSES}"));
        }
        if let Some(folder) = self.import {
            java.args(["-Dkeycloak.migration.action=import", "-Dkeycloak.migration.provider=dir"]);
            java.arg(format!("-Dkeycloak.migration.dir={}", folder.display()));
            java.arg("-Dkeycloak.migration.strategy=IGNORE_EXISTING");
        }
        // Beside the database, so that two servers do not take up each other's unfinished transactions.
        let transactions = self.data.join("transactions");
        java.arg(format!("-Dquarkus.transaction-manager.object-store.directory={}", transactions.display()));
        main_class(&mut java);
        java.args(["start", "--optimized", "--cache=local", "--http-enabled=true", "--http-host=127.0.0.1"]);
        java.args([&format!("--http-port={port}"), &format!("--hostname={url}")]);
        let database = format!("jdbc:h2:file:{}/keycloakdb", self.data.display());
        java.arg(format!("--db-url={database};NON_KEYWORDS=VALUE;DB_CLOSE_ON_EXIT=FALSE"));
        java
    }
}

/// The command that fits the distribution to its database and caches.
pub(super) fn build(home: &Path) -> Command {
    let mut java = java(home);
    main_class(&mut java);
    java.args(["build", "--db=dev-file", "--cache=local"]);
    java
}

/// All paths are relative to Keycloak's folder, so that the archive of classes still fits when the folder moves.
fn java(home: &Path) -> Command {
    let mut java = Command::new("java");
    java.current_dir(home);
    java.args(["-Xms64m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]);
    java.args(["-Dkc.home.dir=.", "-Djboss.server.config.dir=./conf", "-Dpicocli.disable.closures=true"]);
    java.arg("-Djava.util.logging.manager=org.jboss.logmanager.LogManager");
    java.arg(concat!(
        "-Djava.util.concurrent.ForkJoinPool.common.threadFactory=",
        "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory"
    ));
    for package in ["java.util", "java.util.concurrent", "java.security", "java.lang"] {
        java.arg(format!("--add-opens=java.base/{package}=ALL-UNNAMED"));
    }
    java
}

fn main_class(java: &mut Command) {
    java.args(["-classpath", "lib/quarkus-run.jar", "io.quarkus.bootstrap.runner.QuarkusEntryPoint"]);
}
