//! The realms to import: `tests/keycloak/realm.json`, and one like it with another name.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// The name of the second realm, whose tokens must never be taken for the first one's.
const OTHER: &str = "other";

/// Writes both into `folder`, as the files that Keycloak's import expects.
pub(super) fn write(realm: &Path, folder: &Path) -> Result<()> {
    let text = fs::read_to_string(realm).with_context(|| format!("{} cannot be read", realm.display()))?;
    let realm: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is no JSON", realm.display()))?;
    let name = realm.get("realm").and_then(Value::as_str).context("the realm has no name")?;
    fs::write(folder.join(format!("{name}-realm.json")), realm.to_string())?;
    fs::write(folder.join(format!("{OTHER}-realm.json")), other(&realm)?.to_string())?;
    Ok(())
}

/// The same clients, another issuer, and of the users the first alone: same name, same e-mail, another person.
fn other(realm: &Value) -> Result<Value> {
    let mut other = realm.clone();
    let mut user = realm.pointer("/users/0").context("the realm has no user")?.clone();
    *user.get_mut("realmRoles").context("the user has no roles")? = json!([format!("default-roles-{OTHER}")]);
    *other.get_mut("realm").context("the realm has no name")? = json!(OTHER);
    *other.get_mut("users").context("the realm has no users")? = json!([user]);
    Ok(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_realm_has_the_same_clients_and_one_user_with_its_own_roles() {
        let realm = include_str!("../../../../tests/keycloak/realm.json");
        let realm: Value = serde_json::from_str(realm).unwrap();
        let other = other(&realm).unwrap();
        assert_eq!(other["clients"], realm["clients"]);
        assert_eq!(other["realm"], "other");
        assert_eq!(other["users"].as_array().unwrap().len(), 1);
        assert_eq!(other["users"][0]["username"], "ana");
        assert!(!other.to_string().contains("default-roles-tentacular"));
    }
}
