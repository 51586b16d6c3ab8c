//! The people of the sample plant.

use engine::command::Actor;
use engine::facts::RoleFact;
use identity::Kind;
use identity::command::NewAccount;

use crate::wire::Plant;

/// Everybody's password in the demo: it is a demo.
pub(super) const PASSWORD: &str = "countersign demo 2026";

/// Accounts, printed names and roles.
pub(super) const PEOPLE: [(&str, &str, &[&str]); 14] = [
    ("li.wei", "李伟 Li Wei", &["sales"]),
    ("zhang.min", "张敏 Zhang Min", &["sales"]),
    ("cs.sun", "孙洁 Sun Jie", &["customer_service"]),
    ("sm.fan", "范丽 Fan Li", &["sales_manager"]),
    ("sd.zhou", "周强 Zhou Qiang", &["sales_director"]),
    ("eng.wu", "吴刚 Wu Gang", &["engineering"]),
    ("qa.he", "何静 He Jing", &["quality_regulatory"]),
    ("pl.gao", "高远 Gao Yuan", &["planner"]),
    ("ph.deng", "邓涛 Deng Tao", &["planning_head"]),
    ("fi.lin", "林芳 Lin Fang", &["finance"]),
    ("fm.qian", "钱进 Qian Jin", &["finance_manager"]),
    ("fd.jin", "金磊 Jin Lei", &["finance_director"]),
    ("gm.tao", "陶然 Tao Ran", &["general_manager"]),
    ("so.mei", "梅雪 Mei Xue", &["sales_operations", "auditor"]),
];

pub(super) async fn make(plant: &Plant) -> anyhow::Result<()> {
    for (account, name, roles) in PEOPLE {
        let new = NewAccount { id: account.into(), kind: Kind::Person, printed_name: name.into(), manager: None };
        plant.accounts.create_account(Actor::System, new).await?;
        for role in roles {
            let role = RoleFact { role: (*role).into(), scope: Default::default() };
            plant.accounts.grant_role(Actor::System, account.into(), role).await?;
        }
        plant.accounts.set_password(Actor::System, account.into(), PASSWORD).await?;
    }
    Ok(())
}

/// A fresh token for each: account, roles, token.
pub(super) async fn tokens(plant: &Plant) -> anyhow::Result<Vec<(String, String, String)>> {
    let mut tokens = Vec::new();
    for (account, _, roles) in PEOPLE {
        let secret = plant.accounts.issue_token(Actor::System, account.into(), "demo", None).await?;
        tokens.push((account.to_owned(), roles.join(", "), secret.0.reveal().to_owned()));
    }
    Ok(tokens)
}
