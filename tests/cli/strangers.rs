//! Requests of those who do not know us, or mean no good: each is refused with a stable code, and none is a fault of ours.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Place, Server};

const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Sends these very bytes; the answer's status, its kind of content, and its JSON.
fn ask(server: &Server, request: &[u8]) -> (u16, String, Value) {
    let mut stream = TcpStream::connect(&server.address).expect("the server listens");
    stream.set_read_timeout(Some(ANSWER_MAX)).expect("a timeout");
    // A server that has heard enough may close before it is told everything.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let kind = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or_default().to_owned();
    (status, kind, serde_json::from_str(body).unwrap_or_default())
}

/// A whole request: method and address, more headers, body.
fn request(line: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}");
    let mut bytes = head.into_bytes();
    if !body.is_empty() {
        bytes.extend(format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()).bytes());
    }
    bytes.extend(b"\r\n");
    bytes.extend(body);
    bytes
}

#[test]
fn what_cannot_be_done_has_a_code_and_is_never_our_fault() {
    let place = Place::new();
    let token = place.prepared();
    let server = place.serve();
    let mine = format!("Authorization: Bearer {token}\r\n");
    let with = |more: &str| format!("{mine}{more}\r\n");
    let started = request("POST /api/v1/instances", &mine, br#"{"process":"hello","input":{"who":"Bo"}}"#);
    let (status, _, started) = ask(&server, &started);
    assert_eq!(status, 201, "{started}");
    let task = format!("/api/v1/tasks/{}.3.0", started["instance"].as_str().expect("an id"));
    let (complete, start) = (format!("POST {task}/complete"), "POST /api/v1/instances");
    let large = vec![b' '; (1 << 20) + 1];
    let deep = format!(r#"{{"process":"hello","input":{}{}}}"#, "[".repeat(4_000), "]".repeat(4_000));
    let precise = br#"{"process":"hello","input":{"who":0.12345678901234567890123456789012345}}"#;
    let junk = format!("X-Junk: {}", "j".repeat(20_000));
    let long_key = format!("Idempotency-Key: {}", "k".repeat(200));
    let body = br#"{"process":"hello","input":{"who":"Bo"}}"#;
    let refused: Vec<(Vec<u8>, u16, &str)> = vec![
        (request("GET /api/v1/tasks", "", b""), 401, "unauthenticated"),
        (request("GET /api/v1/tasks", "Authorization: Bearer cs_wrong\r\n", b""), 401, "unauthenticated"),
        (request("GET /api/v1/tasks", "Authorization: Basic YTpi\r\n", b""), 401, "unauthenticated"),
        (request("GET /nothing/here", "", b""), 404, "not_found"),
        (request(start, &mine, br#"{"process":"#), 400, "invalid_json"),
        (request(start, &mine, br#"{"process":"hello"} and more"#), 400, "invalid_json"),
        (request(start, &mine, br#"{"process":"hello","inptu":{}}"#), 400, "invalid_json"),
        (request(start, &mine, b"{\"process\":\"hello\",\"input\":{\"who\":\"\xff\xfe\"}}"), 400, "invalid_json"),
        (request(start, &mine, br#"{"process":"hello","input":{"who":"\ud800"}}"#), 400, "invalid_json"),
        (request(start, &mine, deep.as_bytes()), 400, "invalid_json"),
        (request(start, &mine, &large), 413, "body_too_large"),
        (request(start, &with("Content-Length: 0"), b""), 415, "unsupported_media_type"),
        (request(start, &mine, br#"{"process":"hello","input":{"who":"Bo","more":1}}"#), 422, "invalid_input"),
        (request(start, &mine, br#"{"process":"hello","input":{"who":7}}"#), 422, "invalid_input"),
        (request(start, &mine, br#"{"process":"hello","input":{"who":"a\u0000b"}}"#), 422, "invalid_input"),
        (request(start, &mine, br#"{"process":"hello","input":{"who":{"$decimal":"x"}}}"#), 422, "invalid_input"),
        (request(start, &mine, precise), 422, "invalid_input"),
        (request(start, &mine, br#"{"process":"hello","input":{"who":1e99999999999}}"#), 422, "invalid_input"),
        (request(start, &mine, br#"{"process":"nothing","input":{}}"#), 404, "unknown_process"),
        (request(start, &with(&long_key), body), 400, "invalid_idempotency_key"),
        (request(start, &with(&junk), body), 431, "headers_too_large"),
        (request(&complete, &with("If-Match: \"99\""), b"{}"), 412, "revision_changed"),
        (request(&complete, &with("If-Match: 99"), b"{}"), 400, "invalid_precondition"),
        (request(&complete, &mine, br#"{"outcome":"nothing"}"#), 422, "unknown_outcome"),
        (request("GET /api/v1/tasks?cursor=AAAA", &mine, b""), 400, "invalid_cursor"),
        (request("GET /api/v1/tasks?limit=0", &mine, b""), 400, "invalid_request"),
        (request("GET /api/v1/tasks?lsit=mine", &mine, b""), 400, "invalid_request"),
        (request("GET /api/v1/instances?key=%ff%fe", &mine, b""), 400, "invalid_request"),
        (request("GET /api/v1/instances?key=a%00b", &mine, b""), 400, "invalid_request"),
        (request("DELETE /api/v1/instances", &mine, b""), 405, "method_not_allowed"),
        (request("FROB /api/v1/instances", &mine, b""), 405, "method_not_allowed"),
        (request("GET /api/v1/instances/%ff%fe", &mine, b""), 404, "not_found"),
        (request("GET /api/v1/instances/..%2f..%2fetc%2fpasswd", &mine, b""), 404, "not_found"),
        (request("GET /docs/..%2f..%2fCargo.toml", "", b""), 404, "not_found"),
        (request("GET /errors/..%2f..%2fREADME", "", b""), 404, "not_found"),
        (request("POST /api/v1/accounts/a%00b/roles", &mine, br#"{"role":"sales"}"#), 422, "invalid_input"),
        (request("POST /api/v1/accounts", &mine, br#"{"account":"x\u0000","printed_name":"X"}"#), 422, "invalid_input"),
        (
            request("GET /api/v1/tasks/01920000-0000-7000-8000-000000000003.99999999999999999999.0", &mine, b""),
            404,
            "not_found",
        ),
        (request("GET /api/v1/instances/01920000-0000-7000-8000-00000000ffff", &mine, b""), 404, "unknown_instance"),
        (request("POST /api/v1/releases", &mine, br#"{"files":{"../x":"y"}}"#), 422, "invalid_input"),
        (request("POST /api/v1/releases", &mine, br#"{"files":{}}"#), 422, "bundle_has_faults"),
    ];
    for (bytes, status, code) in &refused {
        let (got, kind, problem) = ask(&server, bytes);
        let said = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]);
        assert_eq!((got, problem["code"].as_str()), (*status, Some(*code)), "{said}\n{problem}");
        assert_eq!(kind, "application/problem+json", "{said}");
        assert_eq!((&problem["type"], &problem["status"]), (&format!("/errors/{code}").into(), &(*status).into()));
        assert!(problem["detail"].is_string() && problem["detail_zh"].is_string(), "{problem}");
    }
    let (status, _, _) = ask(&server, b"nonsense\r\n\r\n");
    assert_eq!(status, 400, "what is not HTTP is told so");
    let (status, _, ready) = ask(&server, &request("GET /readyz", "", b""));
    assert_eq!((status, &ready["status"]), (200, &"ok".into()), "the node lives");
}

#[test]
fn a_listener_hears_of_a_transition_as_it_happens() {
    let place = Place::new();
    let token = place.prepared();
    let server = place.serve();
    let mine = format!("Authorization: Bearer {token}\r\n");
    let start = request("POST /api/v1/instances", &mine, br#"{"process":"hello","input":{"who":"Bo"}}"#);
    let id = ask(&server, &start).2["instance"].as_str().expect("an id").to_owned();
    let mut stream = TcpStream::connect(&server.address).expect("the server listens");
    stream.set_read_timeout(Some(ANSWER_MAX)).expect("a timeout");
    let listen = request(&format!("GET /api/v1/instances/{id}/events"), &format!("{mine}Last-Event-ID: 0\r\n"), b"");
    stream.write_all(&listen).expect("the request goes out");
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "id: 1"), "what was missed is told first");
    let complete = request(&format!("POST /api/v1/tasks/{id}.3.0/complete"), &mine, b"{}");
    assert_eq!(ask(&server, &complete).0, 200);
    assert!(lines.any(|line| line == "id: 2"), "the completion is heard of");
    assert_eq!(server.stop(), Some(0), "a listener does not keep the server from stopping");
    assert!(lines.all(|line| !line.starts_with("id:")), "nothing more happens, and the stream ends");
}
