//! What the store leaves on the disk.

use crate::app::App;
use crate::team::set_up;
use std::os::unix::fs::PermissionsExt;

#[tokio::test]
async fn nobody_else_on_the_machine_can_read_the_store() {
    let app = App::start().await;
    set_up(&app).await;
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        let mode = std::fs::metadata(app.file(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
