//! Why something about an account was refused or failed, in both languages, with stable codes.

use engine::id::UserId;
use store::StoreError;

use crate::account::{NAME_CHARS, PRINTED_NAME_CHARS_MAX};
use crate::password::PASSWORD_CHARS;
use crate::role::ROLE_CHARS_MAX;

/// A refusal, or the weather below.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error(
        "`{name}` is no account name; use a small letter, then small letters, digits, dots, underscores and hyphens, {least} to {most} in all",
        least = NAME_CHARS.start(), most = NAME_CHARS.end()
    )]
    InvalidName { name: String },
    #[error("the printed name must be one line of 1 to {PRINTED_NAME_CHARS_MAX} characters")]
    InvalidPrintedName,
    #[error("a role is 1 to {ROLE_CHARS_MAX} letters, digits, dots, underscores and hyphens")]
    InvalidRole,
    #[error("a scope has few entries of short texts")]
    InvalidScope,
    #[error("a password has {} to {} characters", PASSWORD_CHARS.start(), PASSWORD_CHARS.end())]
    InvalidPassword,
    #[error("a label is one line of at most {} characters", crate::token::LABEL_CHARS_MAX)]
    InvalidLabel,
    #[error("the account {0} exists already; names are never given twice")]
    AccountExists(UserId),
    #[error("there is no account {0}")]
    UnknownAccount(UserId),
    #[error("the account {0} is not active")]
    InactiveAccount(UserId),
    #[error("{account} does not hold {role} in this scope")]
    UnknownGrant { account: UserId, role: String },
    #[error("there is no such token")]
    UnknownToken,
    #[error("{0} is the last active administrator")]
    LastAdministrator(UserId),
    #[error("{0} cannot be its own manager, directly or through others")]
    ManagerLoop(UserId),
    #[error("a period ends after it begins, names another person, and few processes")]
    InvalidPeriod,
    #[error("{0} stands for its own substitute then, directly or through others")]
    SubstituteLoop(UserId),
    #[error("there is no such period of substitution, or it is over")]
    UnknownSubstitution,
    #[error("a program cannot sign")]
    NotAPerson,
    #[error("the token is not known, has expired or was revoked")]
    Unauthenticated,
    #[error("the password is not right")]
    WrongPassword,
    #[error("too many wrong passwords; wait {seconds} s")]
    TooManyAttempts { seconds: u32 },
    #[error("cannot hash a password")]
    Hash(#[source] argon2::password_hash::Error),
    #[error("the thread that hashes passwords failed")]
    Thread,
    #[error("cannot read or write accounts")]
    Store(#[from] StoreError),
}

impl IdentityError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            IdentityError::InvalidName { .. } => "invalid_name",
            IdentityError::InvalidPrintedName => "invalid_printed_name",
            IdentityError::InvalidRole => "invalid_role",
            IdentityError::InvalidScope => "invalid_scope",
            IdentityError::InvalidPassword => "invalid_password",
            IdentityError::InvalidLabel => "invalid_label",
            IdentityError::AccountExists(_) => "account_exists",
            IdentityError::UnknownAccount(_) => "unknown_account",
            IdentityError::InactiveAccount(_) => "inactive_account",
            IdentityError::UnknownGrant { .. } => "unknown_grant",
            IdentityError::UnknownToken => "unknown_token",
            IdentityError::LastAdministrator(_) => "last_administrator",
            IdentityError::ManagerLoop(_) => "manager_loop",
            IdentityError::InvalidPeriod => "invalid_period",
            IdentityError::SubstituteLoop(_) => "substitute_loop",
            IdentityError::UnknownSubstitution => "unknown_substitution",
            IdentityError::NotAPerson => "not_a_person",
            IdentityError::Unauthenticated => "unauthenticated",
            IdentityError::WrongPassword => "wrong_password",
            IdentityError::TooManyAttempts { .. } => "too_many_attempts",
            IdentityError::Hash(_) | IdentityError::Thread => "internal_error",
            IdentityError::Store(_) => "store_unavailable",
        }
    }

    /// The same in Chinese.
    #[must_use]
    pub fn message_zh(&self) -> String {
        match self {
            IdentityError::InvalidName { name } => format!(
                "`{name}` 不能作为账号名；须以小写字母开头，其后为小写字母、数字、点、下划线、连字符，共 {} 到 {} 个字符",
                NAME_CHARS.start(),
                NAME_CHARS.end()
            ),
            IdentityError::InvalidPrintedName => format!("签名显示名须为一行，1 到 {PRINTED_NAME_CHARS_MAX} 个字符"),
            IdentityError::InvalidRole => format!("角色名为 1 到 {ROLE_CHARS_MAX} 个字母、数字、点、下划线或连字符"),
            IdentityError::InvalidScope => "范围的条目过多或文本过长".into(),
            IdentityError::InvalidPassword => {
                format!("密码须为 {} 到 {} 个字符", PASSWORD_CHARS.start(), PASSWORD_CHARS.end())
            }
            IdentityError::InvalidLabel => format!("标签须为一行，至多 {} 个字符", crate::token::LABEL_CHARS_MAX),
            IdentityError::AccountExists(id) => format!("账号 {id} 已存在；账号名不会重复分配"),
            IdentityError::UnknownAccount(id) => format!("没有账号 {id}"),
            IdentityError::InactiveAccount(id) => format!("账号 {id} 未启用"),
            IdentityError::UnknownGrant { account, role } => format!("{account} 在此范围内没有角色 {role}"),
            IdentityError::UnknownToken => "没有这个令牌".into(),
            IdentityError::LastAdministrator(id) => format!("{id} 是最后一个启用的管理员"),
            IdentityError::ManagerLoop(id) => format!("{id} 不能直接或间接成为自己的上级"),
            IdentityError::InvalidPeriod => "代理期间须先始后终，指定他人，且流程数量有限".into(),
            IdentityError::SubstituteLoop(id) => format!("{id} 在该期间正代理其代理人，构成循环"),
            IdentityError::UnknownSubstitution => "没有这个代理期间，或已结束".into(),
            IdentityError::NotAPerson => "服务账号不能签名".into(),
            IdentityError::Unauthenticated => "令牌未知、已过期或已吊销".into(),
            IdentityError::WrongPassword => "密码不正确".into(),
            IdentityError::TooManyAttempts { seconds } => format!("密码错误次数过多，请等待 {seconds} 秒"),
            IdentityError::Hash(_) | IdentityError::Thread => "无法计算密码摘要".into(),
            IdentityError::Store(_) => "无法读写账号".into(),
        }
    }
}
