//! The store behind the server: a SQLite file or a PostgreSQL database of its own, and a look into it.

use crate::app::until;
use sqlx::any::AnyRow;
use sqlx::{AnyPool, Column, Row};
use std::collections::BTreeMap;
use tempfile::TempDir;
use uuid::Uuid;

/// The variable that names an empty PostgreSQL server.
const POSTGRES: &str = "TENTACULAR_TEST_POSTGRES";

/// Tables that count what is asked, not what holds.
pub(crate) const BOOKKEEPING: [&str; 5] = ["generation", "trail", "request", "used_assertion", "identity"];

/// Every enclave was changed by the last change.
const COUNTED: &str = "UPDATE enclave SET changed = (SELECT number FROM generation)";

/// One store.
pub(crate) enum Database {
    Sqlite(String),
    Postgres { server: String, name: String },
}

impl Database {
    pub(crate) fn sqlite(dir: &TempDir) -> Self {
        Self::Sqlite(format!("sqlite:{}", dir.path().join("store.db").display()))
    }

    /// A new database on the server that the environment names.
    pub(crate) async fn postgres() -> Self {
        let hint = format!("`{POSTGRES}` names no PostgreSQL server: run `cargo xtask test`");
        let server = std::env::var(POSTGRES).unwrap_or_else(|_| panic!("{hint}"));
        let name = format!("test_{}", Uuid::now_v7().simple());
        run(&server, &format!("CREATE DATABASE {name}")).await;
        Self::Postgres { server, name }
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(url) => url.clone(),
            Self::Postgres { server, name } => {
                let mut url = url::Url::parse(server).unwrap();
                url.set_path(name);
                url.to_string()
            }
        }
    }

    pub(crate) async fn pool(&self) -> AnyPool {
        sqlx::any::install_default_drivers();
        AnyPool::connect(&self.url()).await.unwrap()
    }

    /// Loses all of it: no server may be running.
    pub(crate) async fn lose(&self) {
        match self {
            Self::Sqlite(url) => {
                let file = url.strip_prefix("sqlite:").unwrap();
                // Whoever closes it last removes the log that goes by this name, the next one's too.
                until("nobody has it open", async || !is_open(file)).await;
                for end in ["", "-wal", "-shm"] {
                    let _ = std::fs::remove_file(format!("{file}{end}"));
                }
            }
            Self::Postgres { server, name } => {
                run(server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
                run(server, &format!("CREATE DATABASE {name}")).await;
            }
        }
    }

    /// Runs one statement.
    pub(crate) async fn execute(&self, statement: &str) {
        run(&self.url(), statement).await;
    }

    /// Runs statements that change records of enclaves, as a change that every server sees: it is counted up, as a server's is.
    pub(crate) async fn change(&self, statements: impl IntoIterator<Item = String>) {
        let pool = self.pool().await;
        let mut change = pool.begin().await.unwrap();
        let count = ["UPDATE generation SET number = number + 1", COUNTED].map(str::to_owned);
        for statement in statements.into_iter().chain(count) {
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut *change).await.unwrap();
        }
        change.commit().await.unwrap();
        pool.close().await;
    }

    /// All rows of all tables, each as text, by table.
    pub(crate) async fn rows(&self) -> BTreeMap<String, Vec<String>> {
        let pool = self.pool().await;
        let mut tables = BTreeMap::new();
        for table in tables_of(self, &pool).await {
            let select = sqlx::AssertSqlSafe(format!("SELECT * FROM {table}"));
            let found = sqlx::query(select).fetch_all(&pool).await.unwrap();
            let mut rows: Vec<String> = found.iter().map(text).collect();
            rows.sort();
            tables.insert(table, rows);
        }
        pool.close().await;
        tables
    }

    /// The rows of everything that holds: not those that only count what was asked.
    pub(crate) async fn holds(&self) -> BTreeMap<String, Vec<String>> {
        let mut rows = self.rows().await;
        rows.retain(|table, _| !BOOKKEEPING.contains(&table.as_str()));
        rows
    }
}

/// A connection that stays open, to look at everything that holds again and again, and to put it back.
pub(crate) struct Watch {
    connection: sqlx::AnyConnection,
    tables: Vec<String>,
}

impl Watch {
    pub(crate) async fn over(database: &Database) -> Self {
        use sqlx::Connection;
        let tables = database.holds().await.into_keys().collect();
        let mut connection = sqlx::AnyConnection::connect(&database.url()).await.unwrap();
        sqlx::query("PRAGMA foreign_keys = OFF").execute(&mut connection).await.unwrap();
        Self { connection, tables }
    }

    async fn execute(&mut self, statement: String) {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut self.connection).await.unwrap();
    }

    /// Whether anything that holds is other than what it remembers.
    pub(crate) async fn has_changed(&mut self) -> bool {
        use sqlx::Executor;
        let differs = |table: &String| {
            format!(
                "EXISTS (SELECT * FROM main.{table} EXCEPT SELECT * FROM temp.kept_{table}) OR \
                 (SELECT COUNT(*) FROM main.{table}) <> (SELECT COUNT(*) FROM temp.kept_{table})"
            )
        };
        let any: Vec<String> = self.tables.iter().map(differs).collect();
        let select = format!("SELECT CASE WHEN {} THEN 1 ELSE 0 END AS changed", any.join(" OR "));
        let row = self.connection.fetch_one(sqlx::query(sqlx::AssertSqlSafe(select))).await.unwrap();
        row.get::<i32, _>("changed") == 1
    }

    /// Remembers all of it.
    pub(crate) async fn remember(&mut self) {
        for table in self.tables.clone() {
            self.execute(format!("DROP TABLE IF EXISTS temp.kept_{table}")).await;
            self.execute(format!("CREATE TEMP TABLE kept_{table} AS SELECT * FROM {table}")).await;
        }
    }

    /// Puts back what it remembers, as a change that every server sees.
    pub(crate) async fn restore(&mut self) {
        self.execute("BEGIN IMMEDIATE".to_owned()).await;
        for table in self.tables.clone() {
            self.execute(format!("DELETE FROM {table}")).await;
            self.execute(format!("INSERT INTO {table} SELECT * FROM kept_{table}")).await;
        }
        self.execute("UPDATE generation SET number = number + 1".to_owned()).await;
        for enclaves in ["main.enclave", "temp.kept_enclave"] {
            self.execute(format!("UPDATE {enclaves} SET changed = (SELECT number FROM generation)")).await;
        }
        self.execute("COMMIT".to_owned()).await;
    }
}

async fn run(url: &str, statement: &str) {
    sqlx::any::install_default_drivers();
    let pool = AnyPool::connect(url).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).execute(&pool).await.unwrap();
    pool.close().await;
}

async fn tables_of(database: &Database, pool: &AnyPool) -> Vec<String> {
    let select = match database {
        Database::Sqlite(_) => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%sqlx%'"
        }
        Database::Postgres { .. } => {
            "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '%sqlx%'"
        }
    };
    let rows = sqlx::query(select).fetch_all(pool).await.unwrap();
    rows.iter().map(|row| row.get("name")).collect()
}

fn text(row: &AnyRow) -> String {
    let value = |place: usize| {
        let number = row.try_get::<Option<i64>, _>(place).map(|value| value.map(|value| value.to_string()));
        number.or_else(|_| row.try_get::<Option<String>, _>(place)).unwrap().unwrap_or_else(|| "-".to_owned())
    };
    let named = (0..row.len()).map(|place| format!("{}={}", row.column(place).name(), value(place)));
    named.collect::<Vec<_>>().join(" ")
}

impl Drop for Database {
    fn drop(&mut self) {
        let Self::Postgres { server, name } = self else { return };
        let (server, drop) = (server.clone(), format!("DROP DATABASE {name} WITH (FORCE)"));
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(run(&server, &drop));
        });
        // A database that stays behind is no reason to fail: the server lives only as long as the run.
        let _ = dropping.join();
    }
}

/// Whether this process has a file open, or one beside it that SQLite made.
fn is_open(file: &str) -> bool {
    let open = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    open.filter_map(|fd| std::fs::read_link(fd.path()).ok()).any(|to| to.to_string_lossy().starts_with(file))
}
