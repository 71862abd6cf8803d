//! Who is who, and who is where: users, channels, members.

use super::{Cursor, Method, Slack, SlackError};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use wire::tools::channel::{AccountClass, ChannelPerson};

/// How many members one page holds.
const PAGE: &str = "200";

/// How many accounts or channels one page of a list of all holds: few pages, for a list may be asked for 20 times a minute.
const LARGE_PAGE: &str = "999";

/// How many accounts are asked for one by one in a round before the list of all is read (`users.info` may be asked 100 times a
/// minute).
const ONE_BY_ONE: usize = 60;

/// A Slack account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) class: AccountClass,
    /// The address that Slack has for it.
    pub(crate) email: Option<String>,
    /// A program, not a person.
    pub(crate) is_bot: bool,
    /// It can no longer be used.
    pub(crate) deleted: bool,
}

impl Account {
    /// The account as the server is told of it.
    pub(crate) fn person(&self) -> ChannelPerson {
        ChannelPerson { user: self.id.clone(), class: self.class, name: self.name.clone() }
    }

    /// Whether it counts as somebody in a channel.
    pub(crate) fn is_somebody(&self) -> bool {
        !self.is_bot && !self.deleted
    }
}

/// Accounts that were asked for in one round of looking at channels.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// `None` where Slack knows no such account.
    accounts: HashMap<String, Option<Account>>,
    /// How many were asked for one by one.
    asked: usize,
    /// The list of all has been read.
    is_listed: bool,
}

impl Known {
    /// Nobody yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct ChannelInfo {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) creator: String,
    #[serde(default)]
    pub(crate) is_archived: bool,
    /// Whether the Kraken is in it.
    #[serde(default)]
    pub(crate) is_member: bool,
}

#[derive(Deserialize)]
struct UserAnswer {
    user: RawUser,
}

/// An account as Slack shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RawUser {
    pub(crate) id: String,
    #[serde(default)]
    team_id: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    pub(crate) deleted: bool,
    #[serde(default)]
    is_bot: bool,
    #[serde(default)]
    is_restricted: bool,
    #[serde(default)]
    is_ultra_restricted: bool,
    #[serde(default)]
    is_stranger: bool,
    #[serde(default)]
    profile: RawProfile,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct RawProfile {
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    real_name: String,
    /// Read, and never written down.
    #[serde(default, skip_serializing)]
    email: Option<String>,
}

#[derive(Deserialize)]
struct ChannelAnswer {
    channel: ChannelInfo,
}

#[derive(Deserialize)]
struct ChannelsAnswer {
    channels: Vec<ChannelInfo>,
    #[serde(default)]
    response_metadata: Cursor,
}

#[derive(Deserialize)]
struct UsersAnswer {
    members: Vec<RawUser>,
    #[serde(default)]
    response_metadata: Cursor,
}

#[derive(Deserialize)]
struct MembersAnswer {
    members: Vec<String>,
    #[serde(default)]
    response_metadata: Cursor,
}

impl Slack {
    /// The account of this id.
    pub(crate) async fn account(&self, id: &str) -> Result<Account, SlackError> {
        let answer: UserAnswer = self.ask(Method::UsersInfo, &[("user", id.to_owned())]).await?;
        Ok(account(answer.user, &self.me.team_id))
    }

    /// The account that has this very address; `None` where nobody's is.
    pub(crate) async fn account_at(&self, address: &str) -> Result<Option<Account>, SlackError> {
        let asked = [("email", address.to_owned())];
        match self.ask::<UserAnswer>(Method::UsersLookupByEmail, &asked).await {
            Ok(answer) => {
                let found = account(answer.user, &self.me.team_id);
                Ok(Some(found).filter(|found| found.email.as_deref() == Some(address)))
            }
            Err(SlackError::Refused { code, .. }) if code == "users_not_found" => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether Slack lists an account among those who are in a channel now. Without the whole list nobody is said not to be in it.
    pub(crate) async fn is_in(&self, channel: &str, user: &str) -> Result<bool, SlackError> {
        let mut cursor = String::new();
        loop {
            let params = paged(vec![("channel", channel.to_owned())], PAGE, cursor);
            let page: MembersAnswer = self.ask(Method::ConversationsMembers, &params).await?;
            if page.members.iter().any(|member| member == user) {
                return Ok(true);
            }
            cursor = page.response_metadata.next_cursor;
            if cursor.is_empty() {
                return Ok(false);
            }
        }
    }

    /// The channel of this id.
    pub(crate) async fn channel(&self, id: &str) -> Result<ChannelInfo, SlackError> {
        let answer: ChannelAnswer =
            self.ask(Method::ConversationsInfo, &[("channel", id.to_owned())]).await?;
        Ok(answer.channel)
    }

    /// Every channel that the Kraken is in, by id.
    pub(crate) async fn own_channels(&self) -> Result<HashMap<String, ChannelInfo>, SlackError> {
        let mut all = HashMap::new();
        let mut cursor = String::new();
        loop {
            let types = ("types", "public_channel,private_channel".to_owned());
            let params = paged(vec![types], LARGE_PAGE, cursor);
            let page: ChannelsAnswer = self.ask(Method::UsersConversations, &params).await?;
            // It is in all that are listed, and Slack need not say so of each.
            let own = page.channels.into_iter().map(|channel| ChannelInfo { is_member: true, ..channel });
            all.extend(own.map(|channel| (channel.id.clone(), channel)));
            cursor = page.response_metadata.next_cursor;
            if cursor.is_empty() {
                return Ok(all);
            }
        }
    }

    /// Everybody who is in a channel that the Kraken is in, all of them or an error: half a list is never taken for a whole one, nor
    /// one that lacks the Kraken itself. Who is in `known` is not asked for again.
    pub(crate) async fn people(
        &self,
        channel: &str,
        known: &mut Known,
    ) -> Result<Vec<ChannelPerson>, SlackError> {
        let (mut people, mut lists_me) = (Vec::new(), false);
        let mut cursor = String::new();
        loop {
            let params = paged(vec![("channel", channel.to_owned())], PAGE, cursor);
            let answer: MembersAnswer = self.ask(Method::ConversationsMembers, &params).await?;
            for id in &answer.members {
                if *id == self.me.user_id {
                    lists_me = true;
                } else if let Some(account) = self.learn(id, known).await?
                    && account.is_somebody()
                {
                    people.push(account.person());
                }
            }
            cursor = answer.response_metadata.next_cursor;
            if cursor.is_empty() {
                return if lists_me { Ok(people) } else { Err(SlackError::lacks_me()) };
            }
        }
    }

    /// The account of this id, as it is known in this round; `None` where Slack knows none.
    async fn learn<'k>(&self, id: &str, known: &'k mut Known) -> Result<Option<&'k Account>, SlackError> {
        if !known.accounts.contains_key(id) && known.asked >= ONE_BY_ONE && !known.is_listed {
            self.learn_all(known).await?;
        }
        if !known.accounts.contains_key(id) {
            known.asked += 1;
            let account = match self.account(id).await {
                Ok(account) => Some(account),
                // Somebody whom Slack does not know cannot be asked for, and is nobody.
                Err(error) if error.code() == Some("user_not_found") => None,
                Err(error) => return Err(error),
            };
            known.accounts.insert(id.to_owned(), account);
        }
        Ok(known.accounts.get(id).and_then(Option::as_ref))
    }

    /// Reads the list of all accounts. Who is not in it, as people of other companies are not, is asked for one by one.
    async fn learn_all(&self, known: &mut Known) -> Result<(), SlackError> {
        let mut cursor = String::new();
        loop {
            let params = paged(Vec::new(), LARGE_PAGE, cursor);
            let page: UsersAnswer = self.ask(Method::UsersList, &params).await?;
            for raw in page.members {
                let account = account(raw, &self.me.team_id);
                known.accounts.insert(account.id.clone(), Some(account));
            }
            cursor = page.response_metadata.next_cursor;
            if cursor.is_empty() {
                known.is_listed = true;
                return Ok(());
            }
        }
    }
}

/// The parameters of a list's page.
fn paged(
    mut params: Vec<(&'static str, String)>,
    limit: &str,
    cursor: String,
) -> Vec<(&'static str, String)> {
    params.push(("limit", limit.to_owned()));
    if !cursor.is_empty() {
        params.push(("cursor", cursor));
    }
    params
}

/// What is shown of an account, for the workspace `own_team`.
pub(crate) fn account(raw: RawUser, own_team: &str) -> Account {
    let foreign = raw.is_stranger || raw.team_id.as_deref().is_some_and(|team| team != own_team);
    let class = match (foreign, raw.is_restricted || raw.is_ultra_restricted) {
        (true, _) => AccountClass::External,
        (false, true) => AccountClass::Guest,
        (false, false) => AccountClass::Full,
    };
    let names = [raw.profile.display_name, raw.profile.real_name, raw.name];
    let name = names.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| raw.id.clone());
    let email = raw.profile.email.filter(|email| !email.is_empty());
    Account { id: raw.id, name, class, email, is_bot: raw.is_bot, deleted: raw.deleted }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn class(user: serde_json::Value) -> AccountClass {
        account(serde_json::from_value(user).unwrap(), "T1").class
    }

    #[test]
    fn guests_and_people_of_other_companies_are_told_apart() {
        assert_eq!(class(json!({"id": "U1", "team_id": "T1"})), AccountClass::Full);
        assert_eq!(class(json!({"id": "U1", "team_id": "T1", "is_restricted": true})), AccountClass::Guest);
        assert_eq!(
            class(json!({"id": "U1", "team_id": "T1", "is_ultra_restricted": true})),
            AccountClass::Guest
        );
        assert_eq!(class(json!({"id": "U1", "team_id": "T2"})), AccountClass::External);
        assert_eq!(class(json!({"id": "U1", "is_stranger": true})), AccountClass::External);
    }

    #[test]
    fn the_name_is_the_one_that_people_see() {
        let user =
            json!({"id": "U1", "name": "ana1", "profile": {"display_name": "", "real_name": "Ana Ruiz"}});
        assert_eq!(account(serde_json::from_value(user).unwrap(), "T1").name, "Ana Ruiz");
    }
}
