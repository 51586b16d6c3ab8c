#!/usr/bin/env python3
"""A worker for remote jobs, in Python's standard library only.

    COUNTERSIGN_TOKEN=cs_… python3 examples/worker.py --server http://127.0.0.1:8080 --activity mail.send

It leases jobs, keeps each alive with heartbeats while it runs, and gives the result back, once. The account behind the
token needs the role `worker`, everywhere or with the scope `activity: mail.send`.

What a worker owes the platform:
  * A job may come twice (a lease ran out, an answer was lost). Pass `idempotency_key` to whatever you call, so that the
    effect happens once.
  * `stale_fence` (409) and `gone` (410) mean that the job is another's or nobody's: drop it, undo nothing.
  * On SIGTERM finish what you have, and take nothing new.
"""

import argparse
import json
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request

WAIT_MS = 15_000
RETRY_SECONDS = (1, 2, 4, 8, 15, 30)


class Refused(Exception):
    """The server said no, with a stable code."""

    def __init__(self, status, problem):
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.status = status
        self.code = problem.get("code")


class BusinessError(Exception):
    """An error that the catalogue declares for the activity: one more way out of the step."""

    def __init__(self, code, message, detail=None):
        super().__init__(message)
        self.code, self.detail = code, detail or {}


class Client:
    def __init__(self, server, token):
        self.server, self.token = server.rstrip("/"), token

    def post(self, path, body, key=None):
        """One request. Weather (no connection, 429, 503) is retried; with a key, an answer that was lost is given again."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        data = json.dumps(body).encode()
        for attempt, pause in enumerate(RETRY_SECONDS):
            request = urllib.request.Request(self.server + path, data=data, headers=headers, method="POST")
            try:
                with urllib.request.urlopen(request, timeout=WAIT_MS / 1000 + 15) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                with error:
                    try:
                        problem = json.load(error)
                    except ValueError:
                        problem = {}
                if error.code not in (429, 503) or attempt == len(RETRY_SECONDS) - 1:
                    raise Refused(error.code, problem) from None
                pause = min(int(error.headers.get("Retry-After") or pause), 60)
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                if attempt == len(RETRY_SECONDS) - 1:
                    raise
            time.sleep(pause)


class Heartbeat(threading.Thread):
    """Keeps a lease alive until it is told to stop; notices when the lease is lost."""

    def __init__(self, client, job, every):
        super().__init__(daemon=True)
        self.client, self.job, self.every = client, job, every
        self.over, self.lost = threading.Event(), threading.Event()

    def run(self):
        while not self.over.wait(self.every):
            try:
                self.client.post(f"/api/v1/jobs/{self.job['job']}/heartbeat", {"fence": self.job["fence"]})
            except Refused as refused:
                if refused.code == "stale_fence":
                    self.lost.set()
                    return
            except OSError:
                continue  # The next beat tries again; the lease outlives a few.


def mail_send(job, lost):
    """An activity. It looks at `lost` where it takes long, and passes the key on."""
    print(f"mail {job['input']} (key {job['idempotency_key']})", flush=True)
    return {}


# The activities of this worker. Each takes the job and an event that is set when the lease was lost; it returns the
# output, or raises BusinessError for a declared error. Any other exception is taken as transient and tried again.
ACTIVITIES = {"mail.send": mail_send}


def run(client, job, heartbeat_seconds):
    heartbeat = Heartbeat(client, job, heartbeat_seconds)
    heartbeat.start()
    result = {"attempt": job["attempt"]}
    try:
        result["output"] = ACTIVITIES[job["activity"]](job, heartbeat.lost)
    except BusinessError as error:
        result["failure"] = {"code": error.code, "message": str(error), "detail": error.detail, "transient": False}
    except Exception as error:  # Whatever it was, the platform decides whether to try again.
        result["failure"] = {"code": "worker.failed", "message": f"{type(error).__name__}: {error}", "transient": True}
    finally:
        heartbeat.over.set()
        heartbeat.join()
    if heartbeat.lost.is_set():
        print(f"dropped {job['job']}: the lease was lost", file=sys.stderr)
        return
    # The key makes a lost answer harmless: the same result sent again is the same finish.
    key = f"finish {job['job']} {job['attempt']}"
    try:
        client.post(f"/api/v1/jobs/{job['job']}/finish", result, key=key)
    except Refused as refused:
        if refused.code not in ("stale_fence", "gone"):
            raise
        print(f"dropped {job['job']}: {refused}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", default="http://127.0.0.1:8080", help="where countersign serves (%(default)s)")
    parser.add_argument("--activity", action="append", choices=sorted(ACTIVITIES), help="which activities; all if none is named")
    parser.add_argument("--worker", default=f"{socket.gethostname()}-{os.getpid()}"[:64], help="the name its leases are kept under")
    parser.add_argument("--heartbeat", type=float, default=10, metavar="SECONDS", help="well under the lease (%(default)s)")
    parser.add_argument("--drain", action="store_true", help="end when there is nothing to do")
    options = parser.parse_args()
    token = os.environ.get("COUNTERSIGN_TOKEN")
    if not token:
        parser.error("set COUNTERSIGN_TOKEN; `countersign user token` makes one")

    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())

    client = Client(options.server, token)
    lease = {
        "worker": options.worker,
        "activities": options.activity or sorted(ACTIVITIES),
        "max": 1,
        "wait_ms": 0 if options.drain else WAIT_MS,
    }
    while not stop.is_set():
        jobs = client.post("/api/v1/jobs/lease", lease)["jobs"]
        for job in jobs:
            run(client, job, options.heartbeat)
        if options.drain and not jobs:
            return
    print("stopped: nothing is left behind", file=sys.stderr)


if __name__ == "__main__":
    main()
