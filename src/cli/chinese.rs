//! What a failed command says in Chinese, beside the English of its error.

use serde_json::Value as Json;
use store::StoreError;

use crate::client::Refused;
use crate::import::error::ImportError;

/// The same in Chinese, where the error is one that people cause.
#[must_use]
pub fn chinese(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        if let Some(refused) = cause.downcast_ref::<Refused>() {
            return refused.body.get("detail_zh").and_then(Json::as_str).map(str::to_owned);
        }
        if let Some(import) = cause.downcast_ref::<ImportError>() {
            return Some(import.chinese());
        }
        cause.downcast_ref::<StoreError>().and_then(of_store)
    })
}

fn of_store(error: &StoreError) -> Option<String> {
    Some(match error {
        StoreError::Url { .. } => "数据库地址无法识别；请写 `sqlite:路径` 或 `postgres://用户@主机/数据库`".to_owned(),
        StoreError::Open { name, .. } => {
            format!("无法打开数据库 {name}；请检查路径或地址是否正确、文件夹是否存在、是否有权限")
        }
        StoreError::NotCreated => "此处没有 Countersign 数据库，请先创建".to_owned(),
        StoreError::NotMigrated { name } => format!("数据库缺少迁移 {name}；请先以有迁移权限的方式启动一次"),
        StoreError::Format { .. } | StoreError::MigrationUnknown { .. } | StoreError::Semantics { .. } => {
            "数据库由更新版本的程序写入；请使用更新版本".to_owned()
        }
        StoreError::Shards { found, wanted } => {
            format!("数据库有 {found} 个分片，要求的是 {wanted} 个；分片数在创建时固定")
        }
        _ => return None,
    })
}
