//! The contract of accounts, word for word on both databases.

#![expect(clippy::unwrap_used, reason = "what a helper of a test cannot do fails the test")]

use std::collections::BTreeMap;

use countersign_identity as identity;

use countersign_identity::account::Kind;
use countersign_identity::command::{self, NewAccount, NewToken};
use countersign_identity::password::{Passwords, SALT_BYTES};
use countersign_identity::role::ADMINISTRATOR;
use countersign_identity::token::Secret;
use countersign_identity::{Directory, Identity, IdentityError};
use engine::event::Candidates;
use engine::facts::RoleFact;
use engine::id::UserId;
use engine::time::Timestamp;
use store::Database;
use store::testing::on_both;

const NOW: Timestamp = Timestamp::from_micros(1_772_413_200_000_000);
const DAY: i64 = 86_400_000_000;

fn person(id: &str, manager: Option<&str>) -> NewAccount {
    NewAccount {
        id: id.into(),
        kind: Kind::Person,
        printed_name: format!("Name of {id}").into(),
        manager: manager.map(UserId::from),
    }
}

fn role(name: &str, scope: &[(&str, &str)]) -> RoleFact {
    let scope = scope.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    RoleFact { role: name.into(), scope }
}

/// Runs one command in a transaction of its own and commits it, or rolls back and gives the code.
macro_rules! run {
    ($database:expr, |$tx:ident| $command:expr) => {{
        let mut transaction = $database.begin().await.unwrap();
        let answer = {
            let $tx = &mut transaction;
            $command.await
        };
        match answer {
            Ok(_) => {
                let rows = transaction.take_rows();
                transaction.commit().await.unwrap();
                Ok(rows)
            }
            Err(refused) => {
                transaction.rollback().await.unwrap();
                Err(refused.code())
            }
        }
    }};
}

fn holders_of(identity: &Identity, candidates: &Candidates) -> Vec<UserId> {
    identity.directory().snapshot().holders(candidates, 500)
}

async fn with_people(database: &Database) -> Identity {
    for (id, manager) in [("boss", None), ("li", Some("boss")), ("wang", Some("boss"))] {
        run!(database, |tx| command::create_account(tx, NOW, &person(id, manager))).unwrap();
    }
    let directory = Directory::open(database).await.unwrap();
    Identity::new(database.clone(), directory)
}

async fn token(database: &Database, secret: &Secret, account: &str, expires_at: Option<Timestamp>) {
    let new = NewToken {
        id: secret.id(),
        account: account.into(),
        digest: secret.digest(),
        label: "laptop".into(),
        last4: secret.last4().into(),
        expires_at,
    };
    run!(database, |tx| command::issue_token(tx, NOW, &new)).unwrap();
}

#[tokio::test]
async fn a_name_is_given_once() {
    on_both(|database| async move {
        with_people(&database).await;
        let again = run!(database, |tx| command::create_account(tx, NOW, &person("li", None)));
        assert_eq!(again.unwrap_err(), "account_exists");
        run!(database, |tx| command::deactivate(tx, NOW, &"li".into())).unwrap();
        let again = run!(database, |tx| command::create_account(tx, NOW, &person("li", None)));
        assert_eq!(again.unwrap_err(), "account_exists");
    })
    .await;
}

#[tokio::test]
async fn only_a_live_token_of_an_active_account_opens() {
    on_both(|database| async move {
        let identity = with_people(&database).await;
        let (mine, short) = (Secret::from_bytes([1; 32]), Secret::from_bytes([2; 32]));
        token(&database, &mine, "li", None).await;
        token(&database, &short, "li", Some(NOW.plus_micros(DAY))).await;
        identity.directory().refresh(&database).await.unwrap();

        assert_eq!(identity.authenticate(mine.reveal(), NOW).unwrap().id.as_ref(), "li");
        assert!(identity.authenticate(short.reveal(), NOW).is_ok());
        assert!(identity.authenticate(short.reveal(), NOW.plus_micros(DAY)).is_err(), "expired at its last moment");
        assert!(identity.authenticate(Secret::from_bytes([3; 32]).reveal(), NOW).is_err());

        run!(database, |tx| command::revoke_token(tx, NOW, &short.id())).unwrap();
        assert_eq!(run!(database, |tx| command::revoke_token(tx, NOW, &short.id())).unwrap_err(), "unknown_token");
        identity.directory().refresh(&database).await.unwrap();
        assert!(identity.authenticate(short.reveal(), NOW).is_err());

        run!(database, |tx| command::deactivate(tx, NOW, &"li".into())).unwrap();
        identity.directory().refresh(&database).await.unwrap();
        assert!(identity.authenticate(mine.reveal(), NOW).is_err());
    })
    .await;
}

#[tokio::test]
async fn a_password_proves_its_person_and_guessing_ends() {
    on_both(|database| async move {
        let identity = with_people(&database).await;
        let hash = Passwords::default().hash("correct horse", [5; SALT_BYTES]).await.unwrap();
        run!(database, |tx| command::set_password(tx, NOW, &"li".into(), &hash)).unwrap();

        let proof = identity.reauthenticate("li", "correct horse", NOW).await.unwrap();
        assert_eq!((proof.signer.as_ref(), proof.printed_name.as_ref()), ("li", "Name of li"));
        for unknown in ["wang", "nobody"] {
            let refused = identity.reauthenticate(unknown, "correct horse", NOW).await.unwrap_err();
            assert_eq!(refused.code(), "wrong_password");
        }
        let mut codes = vec![];
        for _ in 0..6 {
            codes.push(identity.reauthenticate("li", "battery staple", NOW).await.unwrap_err().code());
        }
        assert_eq!(codes, [&["wrong_password"; 5][..], &["too_many_attempts"]].concat());
        let even_right = identity.reauthenticate("li", "correct horse", NOW).await;
        assert!(matches!(even_right, Err(IdentityError::TooManyAttempts { .. })));
    })
    .await;
}

#[tokio::test]
async fn holders_are_active_people_within_the_scope() {
    on_both(|database| async move {
        let identity = with_people(&database).await;
        let robot = NewAccount { kind: Kind::Service, ..person("robot", None) };
        run!(database, |tx| command::create_account(tx, NOW, &robot)).unwrap();
        for (account, grant) in [
            ("li", role("qa", &[("site", "SZ")])),
            ("wang", role("qa", &[])),
            ("robot", role("qa", &[])),
            ("boss", role("qa", &[("site", "SH")])),
        ] {
            run!(database, |tx| command::grant_role(tx, NOW, &account.into(), &grant)).unwrap();
        }
        identity.directory().refresh(&database).await.unwrap();
        let holders = |site: &str| {
            let scope = BTreeMap::from([("site".into(), site.into())]);
            holders_of(&identity, &Candidates::Role { role: "qa".into(), scope })
        };
        assert_eq!(holders("SZ"), [UserId::from("li"), "wang".into()]);
        assert_eq!(holders("SH"), [UserId::from("boss"), "wang".into()]);
        assert_eq!(holders_of(&identity, &Candidates::ManagerOf { id: "li".into() }), [UserId::from("boss")]);
        assert!(holders_of(&identity, &Candidates::User { id: "robot".into() }).is_empty());

        run!(database, |tx| command::remove_role(tx, NOW, &"wang".into(), &role("qa", &[]))).unwrap();
        run!(database, |tx| command::deactivate(tx, NOW, &"li".into())).unwrap();
        identity.directory().refresh(&database).await.unwrap();
        assert!(
            holders_of(
                &identity,
                &Candidates::Role { role: "qa".into(), scope: BTreeMap::from([("site".into(), "SZ".into())]) }
            )
            .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn the_last_administrator_stays() {
    on_both(|database| async move {
        with_people(&database).await;
        let administrator = role(ADMINISTRATOR, &[]);
        run!(database, |tx| command::grant_role(tx, NOW, &"boss".into(), &administrator)).unwrap();
        let removed = run!(database, |tx| command::remove_role(tx, NOW, &"boss".into(), &administrator));
        assert_eq!(removed.unwrap_err(), "last_administrator");
        assert_eq!(
            run!(database, |tx| command::deactivate(tx, NOW, &"boss".into())).unwrap_err(),
            "last_administrator"
        );
        run!(database, |tx| command::grant_role(tx, NOW, &"li".into(), &administrator)).unwrap();
        run!(database, |tx| command::deactivate(tx, NOW, &"boss".into())).unwrap();
    })
    .await;
}

#[tokio::test]
async fn nobody_is_above_themselves() {
    on_both(|database| async move {
        with_people(&database).await;
        let looped = run!(database, |tx| command::set_manager(tx, &"boss".into(), Some(&"li".into())));
        assert_eq!(looped.unwrap_err(), "manager_loop");
        assert_eq!(
            run!(database, |tx| command::set_manager(tx, &"li".into(), Some(&"li".into()))).unwrap_err(),
            "manager_loop"
        );
        run!(database, |tx| command::set_manager(tx, &"li".into(), Some(&"wang".into()))).unwrap();
        run!(database, |tx| command::set_manager(tx, &"li".into(), None)).unwrap();
    })
    .await;
}

/// Law 3: what the log says of a row is what stands in its table.
#[tokio::test]
async fn every_write_leaves_the_digest_of_its_row() {
    on_both(|database| async move {
        let mut digests = BTreeMap::new();
        let mut note = |rows: Vec<engine::history::transition::RowDigest>| {
            digests.extend(rows.into_iter().map(|row| ((row.table, row.key), row.digest)));
        };
        let secret = Secret::from_bytes([4; 32]);
        let new = NewToken {
            id: secret.id(),
            account: "li".into(),
            digest: secret.digest(),
            label: "x".into(),
            last4: secret.last4().into(),
            expires_at: None,
        };
        for manager in ["boss", "li"] {
            note(run!(database, |tx| command::create_account(tx, NOW, &person(manager, None))).unwrap());
        }
        note(run!(database, |tx| command::set_manager(tx, &"li".into(), Some(&"boss".into()))).unwrap());
        note(run!(database, |tx| command::issue_token(tx, NOW, &new)).unwrap());
        note(run!(database, |tx| command::grant_role(tx, NOW, &"li".into(), &role("qa", &[("site", "SZ")]))).unwrap());
        note(run!(database, |tx| command::grant_role(tx, NOW, &"li".into(), &role("lab", &[]))).unwrap());
        note(run!(database, |tx| command::remove_role(tx, NOW, &"li".into(), &role("lab", &[]))).unwrap());
        note(run!(database, |tx| command::set_password(tx, NOW, &"li".into(), "$argon2id$…")).unwrap());
        note(run!(database, |tx| command::deactivate(tx, NOW, &"li".into())).unwrap());

        let mut tx = database.begin().await.unwrap();
        for (table, key, record) in identity::records(&mut database.read().await.unwrap()).await.unwrap() {
            tx.wrote(table, &key, Some(&record));
        }
        let stored: BTreeMap<_, _> = tx.take_rows().into_iter().map(|row| ((row.table, row.key), row.digest)).collect();
        tx.rollback().await.unwrap();
        digests.retain(|_, digest| digest.is_some());
        assert_eq!(digests, stored);
        assert_eq!(stored.len(), 4, "two accounts, one grant, one token");
    })
    .await;
}
