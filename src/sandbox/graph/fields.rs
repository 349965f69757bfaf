//! The parts of Graph answers that a call selects: fields, pages, time windows.

use serde_json::{Map, Value, json};

use super::error;
use crate::sandbox::clock::graph_time;
use crate::sandbox::reply::Reply;
use crate::sandbox::request::Call;

/// Answers a node with the fields the call asks for.
pub(in crate::sandbox) fn node(call: &Call, node: &Value, absent: &[&str]) -> Reply {
    match select(call, node, absent) {
        Ok(value) => Reply::ok(value),
        Err(reply) => *reply,
    }
}

/// Answers a list of nodes with the fields the call asks for, in pages.
pub(in crate::sandbox) fn list(call: &Call, nodes: &[Value], absent: &[&str]) -> Reply {
    let nodes: Result<Vec<Value>, _> =
        nodes.iter().map(|node| select(call, node, absent)).collect();
    match nodes {
        Ok(nodes) => page(call, &nodes),
        Err(reply) => *reply,
    }
}

/// Answers one page of a list: `limit` nodes behind the cursor `after`.
pub(in crate::sandbox) fn page(call: &Call, nodes: &[Value]) -> Reply {
    let limit = call.text("limit").and_then(|n| n.parse::<usize>().ok()).unwrap_or(25);
    if !(1..=100).contains(&limit) {
        return error(100, 0, "(#100) The limit must be between 1 and 100");
    }
    let start = call
        .text("after")
        .and_then(|cursor| cursor.strip_prefix("c")?.parse::<usize>().ok())
        .unwrap_or(0);
    let data: Vec<&Value> = nodes.iter().skip(start).take(limit).collect();
    let end = start + data.len();
    let mut answer = json!({ "data": data });
    if end > start {
        answer["paging"] =
            json!({"cursors": {"before": format!("c{start}"), "after": format!("c{end}")}});
        if end < nodes.len() {
            answer["paging"]["next"] = json!(format!(
                "{}/{}{}?limit={limit}&after=c{end}",
                call.base_url, call.host, call.path
            ));
        }
    }
    Reply::ok(answer)
}

/// Keeps the items whose time (Unix ms) lies between `since` and `until` (Unix seconds).
pub(in crate::sandbox) fn within(call: &Call, ms: i64) -> bool {
    let bound = |name: &str| {
        let text = call.text(name)?;
        text.parse::<i64>()
            .ok()
            .or_else(|| chrono::DateTime::parse_from_rfc3339(&text).ok().map(|t| t.timestamp()))
    };
    bound("since").is_none_or(|since| ms / 1000 >= since)
        && bound("until").is_none_or(|until| ms / 1000 <= until)
}

pub(super) fn select(call: &Call, node: &Value, absent: &[&str]) -> Result<Value, Box<Reply>> {
    let Some(fields) = call.text("fields") else {
        return Ok(pick(
            node,
            &[("id", None), ("created_time", None), ("message", None), ("name", None)],
        ));
    };
    let wanted = parse_fields(&fields);
    if let Some((name, _)) =
        wanted.iter().find(|(name, _)| node.get(*name).is_none() && !absent.contains(name))
    {
        return Err(Box::new(error(
            100,
            0,
            &format!("(#100) Tried accessing nonexisting field ({name})"),
        )));
    }
    Ok(pick(node, &wanted))
}

/// Splits `a,b{c,d{e}}` at the commas of the top level.
fn parse_fields(text: &str) -> Vec<(&str, Option<&str>)> {
    let (mut depth, mut start, mut parts) = (0usize, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '{' | '(' => depth += 1,
            '}' | ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| match part.split_once('{') {
            Some((name, inner)) => (bare(name), Some(inner.strip_suffix('}').unwrap_or(inner))),
            None => (bare(part), None),
        })
        .collect()
}

/// The name without modifiers such as `.limit(5)`.
pub(super) fn bare(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// The wanted parts of a node; `id` always, nulls never.
fn pick(node: &Value, wanted: &[(&str, Option<&str>)]) -> Value {
    let mut kept = Map::new();
    for (name, inner) in wanted.iter().copied().chain([("id", None)]) {
        if let Some(value) = node.get(name).filter(|value| !value.is_null()) {
            let value = inner.map_or_else(|| value.clone(), |inner| pick_inner(value, inner));
            kept.insert(name.to_owned(), value);
        }
    }
    Value::Object(kept)
}

fn pick_inner(value: &Value, inner: &str) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| pick_inner(item, inner)).collect(),
        Value::Object(map) if map.contains_key("data") => {
            json!({"data": pick_inner(&map["data"], inner)})
        }
        other => pick(other, &parse_fields(inner)),
    }
}

/// A time for a node, or null.
pub(in crate::sandbox) fn time(ms: Option<i64>) -> Value {
    ms.map_or(Value::Null, |ms| json!(graph_time(ms)))
}
