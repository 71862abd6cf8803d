//! The realms to import: `deploy/keycloak/realm.json` as operators have it, with what tests need besides
//! (`tests/keycloak/realm.json`), and one like it with another name.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

/// The name of the second realm, whose tokens must never be taken for the first one's.
const OTHER: &str = "other";

/// What is merged, the latter over the former.
pub(super) const PARTS: [&str; 2] = ["deploy/keycloak/realm.json", "tests/keycloak/realm.json"];

/// Writes both into `folder`, as the files that Keycloak's import expects.
pub(super) fn write(root: &Path, folder: &Path) -> Result<()> {
    let [realm, more] = PARTS.map(|part| read(&root.join(part)));
    let realm = merged(realm?, more?)?;
    let name = realm.get("realm").and_then(Value::as_str).context("the realm has no name")?;
    fs::write(folder.join(format!("{name}-realm.json")), realm.to_string())?;
    fs::write(folder.join(format!("{OTHER}-realm.json")), other(&realm)?.to_string())?;
    Ok(())
}

fn read(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))
}

/// The realm with what tests need besides: keys in place of keys, and clients by their names.
fn merged(mut realm: Value, more: Value) -> Result<Value> {
    let Value::Object(mut more) = more else { bail!("what tests need besides is no object") };
    let Some(Value::Array(clients)) = more.remove("clients") else { bail!("tests need no clients") };
    let own = realm.get_mut("clients").and_then(Value::as_array_mut).context("the realm has no clients")?;
    for client in clients {
        match own.iter_mut().find(|one| one.get("clientId") == client.get("clientId")) {
            Some(one) => put(one, &client)?,
            None => own.push(client),
        }
    }
    put(&mut realm, &Value::Object(more))?;
    Ok(realm)
}

fn put(into: &mut Value, more: &Value) -> Result<()> {
    let into = into.as_object_mut().context("no object")?;
    into.extend(more.as_object().context("no object")?.clone());
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

    fn realm() -> Value {
        let parts = [
            include_str!("../../../../deploy/keycloak/realm.json"),
            include_str!("../../../../tests/keycloak/realm.json"),
        ];
        let [realm, more] = parts.map(|part| serde_json::from_str(part).unwrap());
        merged(realm, more).unwrap()
    }

    #[test]
    fn operators_are_given_no_password_grant_no_secret_and_no_people() {
        let given: Value =
            serde_json::from_str(include_str!("../../../../deploy/keycloak/realm.json")).unwrap();
        for client in given["clients"].as_array().unwrap() {
            assert_eq!(
                (&client["directAccessGrantsEnabled"], &client["secret"]),
                (&json!(false), &Value::Null)
            );
            assert_eq!(
                (&client["fullScopeAllowed"], &client["implicitFlowEnabled"]),
                (&json!(false), &Value::Null)
            );
            let flow = client["standardFlowEnabled"] == true || client["publicClient"] == true;
            assert!(!flow || client["attributes"]["pkce.code.challenge.method"] == "S256", "{client}");
        }
        assert_eq!((&given["users"], &given["bruteForceProtected"]), (&Value::Null, &json!(true)));
        assert!(given["accessTokenLifespan"].as_u64().unwrap() <= 300);
        // Tests have the same, but for what is theirs.
        let tested = realm();
        let agents =
            tested["clients"].as_array().unwrap().iter().find(|one| one["clientId"] == "agents").unwrap();
        assert_eq!(
            (&agents["directAccessGrantsEnabled"], &agents["standardFlowEnabled"]),
            (&json!(true), &json!(true))
        );
        assert_eq!(tested["revokeRefreshToken"], true);
    }

    #[test]
    fn the_other_realm_has_the_same_clients_and_one_user_with_its_own_roles() {
        let realm = realm();
        let other = other(&realm).unwrap();
        assert_eq!(other["clients"], realm["clients"]);
        assert_eq!(other["realm"], "other");
        assert_eq!(other["users"].as_array().unwrap().len(), 1);
        assert_eq!(other["users"][0]["username"], "ana");
        assert!(!other.to_string().contains("default-roles-tentacular"));
    }
}
