#!/usr/bin/env python3
"""Kills a serving node at random moments under load, and checks after each restart that nothing was lost or doubled.

    tests/kill.py --binary target/release/countersign                 50 kills on SQLite, 50 on PostgreSQL
    tests/kill.py --binary PATH --database sqlite --kills 5 --seed 7

PostgreSQL runs in a private cluster with fsync, made from the installed programs; `DATABASE_URL` names a server to
use instead. Only Python's standard library is needed, and `psql` beside PostgreSQL.

What is checked, against the rows of the database and not against the node's word alone:

* every acknowledged command: its key repeated gives the same answer as `replayed`, and the log holds it once;
* every effect in the warehouse (ledger rows, reservations) is there exactly when the log's events say so;
* every instance: its row is at the version of its log, and in the end all of them can be completed;
* at the end `doctor` and `replay --all` find nothing.

The last line is `kills, acknowledged, verified, lost, doubled, mismatches` with their numbers. Exits with 1 on any
violation, with 2 when the trial itself could not be run, with 3 when a database is missing.
"""

import argparse
import collections
import decimal
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
ACCOUNT = "kill.load"
ITEMS = ["STD-1", "CASE-1", "BAT-7", "SET-A"]
THREADS = 6
SHARDS = 3
READY_SECONDS_MAX = 60
# A dead process of this host is no reason to wait for the end of its lease, which is ten seconds.
RESTART_SECONDS_MAX = 8


class Unfit(Exception):
    """The trial itself cannot be run."""


class Missing(Exception):
    """A database is not installed."""


# ---------------------------------------------------------------------------------------------- databases


class Sqlite:
    name = "sqlite"

    def __init__(self, folder):
        self.path = folder / "kill.db"
        self.url = f"sqlite:{self.path}"

    def hexadecimal(self, column):
        return f"lower(hex({column}))"

    def snapshot(self, statements):
        """The rows of several queries, all as of one moment, every value a text."""
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, isolation_level=None)
        try:
            connection.execute("BEGIN")
            return [[tuple(map(str, row)) for row in connection.execute(text)] for text in statements]
        finally:
            connection.close()

    def close(self):
        pass


class Postgres:
    name = "postgres"

    def __init__(self, folder):
        self.cluster = None
        self.psql = program("psql")
        if self.psql is None:
            raise Missing("psql is not installed")
        given = os.environ.get("DATABASE_URL", "")
        base = self.elsewhere(given) if given.startswith("postgres") else self.private()
        database = f"kill_{os.getpid()}_{uuid.uuid4().hex[:8]}"
        self.admin = base("postgres")
        self.url = base(database)
        self.database = database
        self.run(self.admin, f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")

    @staticmethod
    def elsewhere(given):
        parts = urllib.parse.urlsplit(given)
        return lambda name: urllib.parse.urlunsplit((parts.scheme, parts.netloc, f"/{name}", parts.query, ""))

    def private(self):
        initdb, control = program("initdb"), program("pg_ctl")
        if initdb is None or control is None:
            raise Missing("PostgreSQL is not installed, and DATABASE_URL names no server")
        self.cluster = pathlib.Path(tempfile.mkdtemp(prefix="countersign-kill-pg-", dir="/tmp"))
        self.cluster.chmod(0o755)
        # PostgreSQL refuses to run as root.
        self.user = {"user": "postgres"} if os.geteuid() == 0 else {}
        if self.user:
            shutil.chown(self.cluster, "postgres")
        self.control = control
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": self.cluster, "check": True, **self.user}
        data = str(self.cluster / "data")
        subprocess.run([initdb, "-D", data, "-U", "countersign", "-A", "trust", "-E", "UTF8", "--locale=C"], **quiet)
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.cluster}' -c fsync=on -c full_page_writes=on"
        log = str(self.cluster / "server.log")
        subprocess.run([control, "-D", data, "-w", "-t", "60", "-l", log, "-o", options, "start"], **quiet)
        return lambda name: f"postgres://countersign@localhost/{name}?host={self.cluster}"

    def run(self, url, text):
        command = [self.psql, "-X", "-q", "-At", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", url]
        done = subprocess.run(command, input=text, capture_output=True, text=True)
        if done.returncode != 0:
            raise Unfit(f"psql failed: {done.stderr.strip()}")
        return done.stdout

    def hexadecimal(self, column):
        return f"encode({column}, 'hex')"

    def snapshot(self, statements):
        mark = "=== next ==="
        text = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n"
        text += f"\n\\echo {mark}\n".join(f"{statement};" for statement in statements)
        parts = self.run(self.url, text + "\nCOMMIT;").split(mark + "\n")
        return [[tuple(line.split("\x1f")) for line in part.splitlines() if line] for part in parts]

    def close(self):
        if self.cluster is None:
            self.run(self.admin, f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")
            return
        stop = [self.control, "-D", str(self.cluster / "data"), "-m", "immediate", "-w", "stop"]
        subprocess.run(stop, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **self.user)
        shutil.rmtree(self.cluster, ignore_errors=True)


def program(name):
    """An installed program of PostgreSQL: in the path, or of the newest version installed."""
    found = shutil.which(name)
    if found:
        return found
    versions = pathlib.Path("/usr/lib/postgresql").glob("*/bin/" + name)
    versions = sorted((path for path in versions if path.parent.parent.name.isdigit()), key=lambda path: int(path.parent.parent.name))
    return str(versions[-1]) if versions else None


# ---------------------------------------------------------------------------------------------- the node


class Node:
    """The server under trial: started, killed, started again."""

    def __init__(self, binary, url, folder):
        self.binary, self.url, self.folder = binary, url, folder
        self.process = None
        self.address = None

    def command(self, *arguments, stdin=None, check=True):
        """One command on the database itself, while nobody serves it."""
        done = subprocess.run([self.binary, *arguments, "--database", self.url], input=stdin, capture_output=True, text=True)
        if check and done.returncode != 0:
            raise Unfit(f"countersign {' '.join(arguments)}: {done.stderr.strip()} {done.stdout.strip()}")
        return done

    def spawn(self, more=()):
        log = open(self.folder / "serve.log", "ab")
        self.process = subprocess.Popen(
            [self.binary, "serve", "--database", self.url, "--listen", "127.0.0.1:0", "--policy", "open", *more],
            stdout=subprocess.PIPE, stderr=log)
        log.close()

    def start(self, more=()):
        """Starts it; gives the seconds until it said that it is ready."""
        began = time.monotonic()
        self.spawn(more)
        line = self.process.stdout.readline().decode()
        if "http://" not in line:
            self.process.wait()
            tail = (self.folder / "serve.log").read_text(errors="replace")[-2000:]
            raise Unfit(f"the server did not start: {line.strip()} {tail}")
        self.address = line.split("http://", 1)[1].strip()
        while time.monotonic() - began < READY_SECONDS_MAX:
            if Client(self, None).get("/readyz")[0] == 200:
                return time.monotonic() - began
        raise Unfit("the server did not become ready")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        self.process = None

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.kill()
            return
        self.process.stdout.close()
        self.process = None


class Client:
    """One connection; an answer that never came is status 0."""

    def __init__(self, node, token):
        self.node, self.token, self.connection = node, token, None

    def request(self, method, path, body=None, key=None):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if key:
            headers["Idempotency-Key"] = key
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.node.address, timeout=40)
            self.connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = self.connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text[:1] in (b"{", b"[") else {}
        except (OSError, http.client.HTTPException, ValueError):
            if self.connection is not None:
                self.connection.close()
                self.connection = None
            return 0, {}

    def get(self, path):
        return self.request("GET", path)

    def everything(self, path):
        items, cursor = [], None
        while True:
            joint = "&" if "?" in path else "?"
            status, page = self.get(path + (f"{joint}cursor={cursor}" if cursor else ""))
            if status != 200:
                raise Unfit(f"GET {path} gave {status} {page}")
            items += page["items"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return items


# ---------------------------------------------------------------------------------------------- load


class Command:
    """One command with its key; acknowledged once a 2xx answer has been read in full."""

    def __init__(self, kind, path, body, about, key=None):
        self.kind, self.path, self.body, self.about, self.key = kind, path, body, about, key
        self.answer = None
        self.refused = None

    def send(self, client):
        status, answer = client.request("POST", self.path, self.body, self.key)
        if 200 <= status < 300:
            self.answer = answer
        elif status >= 500 or status == 0:
            pass
        else:
            self.refused = (status, answer)
        return status


class Load:
    """Makes commands; knows what may be done next."""

    def __init__(self, orders, seed):
        self.lock = threading.Lock()
        self.random = random.Random(seed)
        self.orders = collections.deque(orders)
        self.commands = []
        self.started = 0
        self.tasks = collections.deque()
        self.waiting = collections.deque()

    def next(self):
        with self.lock:
            draw = self.random.random()
            if draw < 0.35 and self.tasks:
                task, ref = self.tasks.popleft()
                made = Command("complete", f"/api/v1/tasks/{task}/complete", {"answer": None}, ref, str(uuid.uuid4()))
            elif draw < 0.60 and self.waiting:
                ref = self.waiting.popleft()
                made = Command("message", "/api/v1/messages", {"name": "kill.go", "id": f"go-{ref}", "payload": {"ref": ref}}, ref)
            elif draw < 0.70 and self.orders:
                order = self.orders.popleft()
                review = {"order": order, "kind": "order", "site": "SZ", "salesperson": ACCOUNT}
                made = Command("review", "/api/v1/instances", {"process": "order_review", "input": review}, order, str(uuid.uuid4()))
            else:
                self.started += 1
                ref = f"k-{self.started:06}"
                first, second = self.random.sample(ITEMS, 2)
                quantity = 1_000_000_000 if self.random.random() < 0.2 else 1
                given = {"ref": ref, "first": first, "second": second, "quantity": quantity}
                made = Command("start", "/api/v1/instances", {"process": "kill_stock", "input": given}, ref, str(uuid.uuid4()))
            self.commands.append(made)
            return made

    def done(self, command):
        """What an acknowledged command makes possible. The engine numbers runs; the task is looked up."""
        if command.kind == "complete":
            with self.lock:
                self.waiting.append(command.about)

    def offer(self, task, ref):
        with self.lock:
            self.tasks.append((task, ref))


def drive(node, token, load, stop):
    client = Client(node, token)
    while not stop.is_set():
        command = load.next()
        status = command.send(client)
        if command.answer is None:
            if status == 0:
                return
            continue
        load.done(command)
        if command.kind == "start":
            instance = command.answer["instance"]
            status, history = client.get(f"/api/v1/instances/{instance}/history")
            events = [event for row in history.get("items", []) for event in row["events"]] if status == 200 else []
            for event in events:
                if event["type"] == "task_opened":
                    load.offer(f"{instance}.{event['run']}.0", command.about)


# ---------------------------------------------------------------------------------------------- checks


class Record:
    """What the log says, folded here from its rows, independently of the engine."""

    def __init__(self):
        self.positions = dict.fromkeys(range(SHARDS), 0)
        self.versions = {}
        self.input = {}
        self.started = collections.Counter()
        self.completed = collections.Counter()
        self.received = collections.Counter()
        self.steps = {}
        self.confirmed = collections.Counter()
        self.ledger = collections.Counter()
        self.active = collections.defaultdict(dict)
        self.ended = {}
        self.faults = []

    def take(self, shard, position, body):
        """One row of the log."""
        row = json.loads(bytes.fromhex(body))
        expected = self.positions[shard] + 1
        if position != expected:
            self.faults.append(f"shard {shard} goes on at {position}, not at {expected}")
        self.positions[shard] = position
        instance, content = row["instance"], row["content"]
        if row["version"] != self.versions.get(instance, 0) + 1:
            self.faults.append(f"{instance} goes on at version {row['version']}")
        self.versions[instance] = row["version"]
        if content["of"] != "instance":
            return
        action = content["command"]["action"]
        if action["type"] == "start":
            self.input[instance] = action["input"]
            self.started[self.about(instance)] += 1
        elif action["type"] == "complete":
            self.completed[self.about(instance)] += 1
        for event in content["events"]:
            self.event(instance, event)

    def about(self, instance):
        given = self.input[instance]
        return given.get("ref") or given.get("order")

    def event(self, instance, event):
        kind = event["type"]
        if kind == "message_received":
            self.received[self.about(instance)] += 1
        elif kind == "ended":
            self.ended[instance] = event["outcome"]
        elif kind == "step_entered":
            self.steps[(instance, event["run"])] = event["step"]
        elif kind == "step_completed" and event["outcome"] == "done":
            self.effect(instance, self.steps[(instance, event["run"])], event.get("output"))

    def effect(self, instance, step, output):
        """What a call that went well has done; one that was refused has another outcome, and has done nothing."""
        about = self.about(instance)
        if step == "receive":
            self.ledger[about] += 1
        elif step == "book":
            self.ledger[about + "-booked"] += 1
        elif step == "reserve":
            self.active[about] = {(one["number"], one["item"]): amount(one["quantity"]) for one in output["reservations"]}
        elif step == "give_back":
            self.active.pop(about, None)
        elif step == "confirm":
            self.confirmed[about] += 1


def amount(quantity):
    """A quantity of the log, in millionths, as the tables hold it."""
    text = quantity["$decimal"] if isinstance(quantity, dict) else quantity
    return int(decimal.Decimal(text) * 1_000_000)


class Trial:
    """One database under load and kills."""

    def __init__(self, database, binary, folder, kills, seed):
        self.database, self.folder, self.kills = database, folder, kills
        self.random = random.Random(f"{seed}/{database.name}")
        self.node = Node(binary, database.url, folder)
        self.load = None
        self.record = Record()
        self.lost, self.doubled, self.mismatches = [], [], []
        self.verified = 0
        self.checked = 0
        self.slowest = 0.0
        self.known = set()

    # -- preparation

    def prepare(self):
        processes = self.folder / "processes"
        for name in ["catalogue", "calendars", "order_review"]:
            shutil.copytree(ROOT / "processes" / name, processes / name)
        shutil.copytree(ROOT / "tests" / "kill" / "kill_stock", processes / "kill_stock")
        orders = self.plant(3000)
        node = self.node
        # The first to open a new database fixes its shards: several, so that messages and commands cross them.
        node.start(["--shards", str(SHARDS)])
        node.stop()
        node.command("user", "add", ACCOUNT, "--name", "Load", "--role", "operations", "--role", "messenger", "--role", "customer_service",
                     "--role", "auditor")
        self.token = node.command("user", "token", ACCOUNT).stdout.strip()
        node.command("deploy", str(processes))
        report = json.loads(node.command("import", "plant", str(self.folder / "plant"), "--json").stdout)
        if report["rejected"]:
            raise Unfit(f"the plant cannot be loaded: {report['rejected'][:3]}")
        self.load = Load(orders, self.random.random())

    def plant(self, count):
        """The sample plant with many small orders, which the rule accepts, and enough stock for them."""
        folder = self.folder / "plant"
        shutil.copytree(ROOT / "examples" / "plant", folder)
        orders = [f"KO-{number:05}" for number in range(1, count + 1)]
        with open(folder / "orders.csv", "w") as file:
            file.write("number,kind,customer,country,salesperson,ordered,requested,special_terms,new_product,private_label,penalty,shelf_life\n")
            file.writelines(f"{order},order,K999,CN,{ACCOUNT},today,today+14,,,,,\n" for order in orders)
        with open(folder / "order-lines.csv", "w") as file:
            file.write("order,line,item,quantity,unit_price,discount\n")
            file.writelines(f"{order},1,SET-A,1,5.6,0\n{order},2,STD-1,1,210,0\n" for order in orders)
        # A customer whose credit never ends, or the rule would hand the later orders to people.
        with open(folder / "customers.csv", "a") as file:
            file.write("K999,Everybody,CN,CNY,list,1000000000,30,0,active,\n")
        with open(folder / "stock.csv", "a") as file:
            file.writelines(f"{item},FG-01,,1000000,unrestricted,,\n" for item in ["STD-1", "CASE-1"])
        return orders

    # -- the trial

    def run(self):
        self.prepare()
        for kill in range(1, self.kills + 1):
            self.restart()
            if self.random.random() < 0.1 and kill > 1:
                # Once in a while it dies while it is starting, before anybody could ask it anything.
                self.node.kill()
                self.node.spawn()
                time.sleep(self.random.uniform(0, 0.3))
                self.node.kill()
                self.progress(kill)
                continue
            stop = threading.Event()
            threads = [threading.Thread(target=drive, args=(self.node, self.token, self.load, stop)) for _ in range(THREADS)]
            for thread in threads:
                thread.start()
            time.sleep(self.random.uniform(0.05, 2.5))
            self.node.kill()
            stop.set()
            for thread in threads:
                thread.join()
            self.progress(kill)
        self.restart()
        self.finish()

    def progress(self, kill):
        acknowledged = sum(command.answer is not None for command in self.load.commands)
        print(f"  {self.database.name}: kill {kill}, {acknowledged} acknowledged, {self.faults()} faults", file=sys.stderr, flush=True)

    def faults(self):
        return len(self.lost) + len(self.doubled) + len(self.mismatches)

    def restart(self):
        took = self.node.start()
        self.slowest = max(self.slowest, took)
        if took > RESTART_SECONDS_MAX:
            self.mismatches.append(f"the restart took {took:.1f} s")
        client = Client(self.node, self.token)
        self.settle_unknown(client)
        for command in self.load.commands[self.checked:]:
            self.repeat(client, command)
        self.checked = len(self.load.commands)
        self.compare()

    def settle_unknown(self, client):
        """What was in flight is sent again with its key: done before or done now, but once."""
        for command in self.load.commands[self.checked:]:
            tries = 0
            while command.answer is None and command.refused is None:
                command.send(client)
                tries += 1
                if tries > 50:
                    raise Unfit(f"{command.kind} {command.about} is never answered")
            if command.refused:
                self.lost.append(f"{command.kind} {command.about} was refused: {command.refused}")
                command.refused = None
                continue
            self.known.add(command.about)
            if command.kind == "complete" and command.about not in self.load.waiting:
                self.load.waiting.append(command.about)
        # A task whose start was answered after its thread had died is offered now.
        offered = {task for task, _ in self.load.tasks}
        told = {command.path.split("/")[4] for command in self.load.commands if command.kind == "complete"}
        gone = {command.about for command in self.load.commands if command.kind == "message"}
        self.load.waiting = collections.deque(dict.fromkeys(ref for ref in self.load.waiting if ref not in gone))
        for task in client.everything("/api/v1/tasks?list=claimable&process=kill_stock&limit=200"):
            if task["task"] not in offered and task["task"] not in told:
                self.load.offer(task["task"], self.ref_of(client, task["instance"]))

    def ref_of(self, client, instance):
        if not hasattr(self, "refs"):
            self.refs = {}
        for command in self.load.commands:
            if command.kind == "start" and command.answer:
                self.refs[command.answer["instance"]] = command.about
        return self.refs.get(instance, instance)

    def repeat(self, client, command):
        """An acknowledged command, sent once more: the same answer, and nothing is done."""
        if command.answer is None:
            return
        status, again = client.request("POST", command.path, command.body, command.key)
        same = all(again.get(name) == command.answer.get(name) for name in ("instance", "version", "position", "name", "id"))
        if not 200 <= status < 300 or not again.get("replayed"):
            self.lost.append(f"{command.kind} {command.about}: {status} {again}, was {command.answer}")
        elif not same:
            self.mismatches.append(f"{command.kind} {command.about}: answered {again}, was {command.answer}")
        else:
            self.verified += 1

    def compare(self):
        """The log against what was acknowledged, and the tables against the log, as of one moment."""
        hexadecimal = self.database.hexadecimal
        after = " OR ".join(f"(shard = {shard} AND position > {position})" for shard, position in self.record.positions.items())
        log, instances, ledger, reservations, orders, stock = self.database.snapshot([
            f"SELECT shard, position, {hexadecimal('body')} FROM transition WHERE {after} ORDER BY shard, position",
            f"SELECT {hexadecimal('instance')}, version, status FROM instance",
            "SELECT document, COUNT(*) FROM stock_ledger WHERE document LIKE 'k-%' GROUP BY document",
            "SELECT demand, number, item, quantity FROM reservation WHERE state = 'active'",
            "SELECT number, 1 FROM sales_order WHERE state = 'confirmed'",
            "SELECT item, reserved, (SELECT COALESCE(CAST(SUM(quantity) AS BIGINT), 0) FROM reservation r WHERE r.item = stock_item.item "
            "AND r.state = 'active' AND r.kind = 'hard') FROM stock_item",
        ])
        record = self.record
        for shard, position, body in log:
            record.take(int(shard), int(position), body)
        self.mismatches += record.faults
        record.faults = []
        self.judge_commands()
        for instance, version, _ in instances:
            name = str(uuid.UUID(hex=instance))
            if record.versions.get(name) != int(version):
                self.mismatches.append(f"the row of {name} is at {version}, its log at {record.versions.get(name)}")
        self.equal("ledger rows of", dict(record.ledger), {document: int(count) for document, count in ledger})
        held = collections.defaultdict(dict)
        for demand, number, item, quantity in reservations:
            held[demand][(int(number), item)] = int(quantity)
        self.equal("reservations of", {demand: rows for demand, rows in record.active.items() if rows}, dict(held))
        self.equal("confirmed orders", dict(record.confirmed), {order: int(count) for order, count in orders})
        for item, reserved, total in stock:
            if int(reserved) != int(total):
                self.mismatches.append(f"{item} says {reserved} reserved, its reservations {total}")

    def equal(self, what, expected, found):
        for name in expected.keys() | found.keys():
            if expected.get(name) != found.get(name):
                self.mismatches.append(f"{what} {name}: events say {expected.get(name)}, the table {found.get(name)}")

    def judge_commands(self):
        """Each acknowledged command stands in the log once, and nothing stands there that nobody sent."""
        record = self.record
        sent = collections.defaultdict(collections.Counter)
        for command in self.load.commands:
            if command.answer is not None:
                sent[command.kind][command.about] += 1
        starts = sent["start"] + sent["review"]
        for name, counts, log in [("start", starts, record.started), ("complete", sent["complete"], record.completed)]:
            for about in counts.keys() | log.keys():
                if log[about] < counts[about]:
                    self.lost.append(f"{name} {about} is not in the log")
                elif log[about] > counts[about]:
                    self.doubled.append(f"{name} {about} is in the log {log[about]} times, sent {counts[about]}")
        for about, times in record.received.items():
            if times > 1:
                self.doubled.append(f"the message to {about} was received {times} times")

    # -- the end

    def finish(self):
        """Every instance can be brought to its end; then all is verified again, and doctor and replay have their say."""
        client = Client(self.node, self.token)
        began = len(self.load.commands)
        while True:
            while self.load.tasks:
                task, ref = self.load.tasks.popleft()
                command = Command("complete", f"/api/v1/tasks/{task}/complete", {"answer": None}, ref, str(uuid.uuid4()))
                self.load.commands.append(command)
                command.send(client)
                self.load.waiting.append(ref)
            while self.load.waiting:
                ref = self.load.waiting.popleft()
                body = {"name": "kill.go", "id": f"go-{ref}", "payload": {"ref": ref}}
                command = Command("message", "/api/v1/messages", body, ref)
                self.load.commands.append(command)
                command.send(client)
            self.settle_unknown(client)
            if not self.load.tasks and not self.load.waiting:
                break
        for command in self.load.commands[began:]:
            self.repeat(client, command)
        self.checked = len(self.load.commands)
        deadline = time.monotonic() + 60
        running = ["?"]
        while running and time.monotonic() < deadline:
            running = client.everything("/api/v1/instances?status=running&limit=200&process=kill_stock")
            running += client.everything("/api/v1/instances?status=running&limit=200&process=order_review")
        self.mismatches += [f"{item['instance']} of {item['process']} does not go on" for item in running]
        self.verified = 0
        for command in self.load.commands:
            self.repeat(client, command)
        self.compare()
        for command in self.load.commands:
            if command.kind == "message" and self.record.received[command.about] != 1:
                self.lost.append(f"the message to {command.about} was received {self.record.received[command.about]} times")
        outcomes = collections.Counter(self.record.ended.values())
        strange = set(outcomes) - {"done", "accepted"}
        if strange or len(self.record.ended) != len(self.record.input):
            self.mismatches.append(f"instances ended with {dict(outcomes)}, {len(self.record.input)} were started")
        self.examine("replay", "mismatches", "replay", "--all", "--json")
        self.node.stop()
        self.examine("doctor", "findings", "doctor", "--json")

    def examine(self, name, list_name, *arguments):
        done = self.node.command(*arguments, check=False)
        try:
            found = json.loads(done.stdout)[list_name]
        except (ValueError, KeyError):
            raise Unfit(f"{name} gave {done.returncode}: {done.stdout[-500:]} {done.stderr[-500:]}") from None
        self.mismatches += [f"{name}: {one}" for one in found]
        if done.returncode != (1 if found else 0):
            self.mismatches.append(f"{name} exits with {done.returncode} and {len(found)} findings")

    def counts(self):
        kinds = collections.Counter(command.kind for command in self.load.commands if command.answer is not None)
        return {
            "kills": self.kills,
            "acknowledged": sum(kinds.values()),
            "verified": self.verified,
            "lost": len(self.lost),
            "doubled": len(self.doubled),
            "mismatches": len(self.mismatches),
            "instances": len(self.record.input),
            "transitions": sum(self.record.positions.values()),
            "ledger_rows": sum(self.record.ledger.values()),
            "by_kind": dict(kinds),
            "slowest_restart_s": round(self.slowest, 2),
        }


def try_one(kind, arguments):
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"countersign-kill-{kind.name}-"))
    database = kind(folder)
    trial = Trial(database, str(arguments.binary), folder, arguments.kills, arguments.seed)
    try:
        trial.run()
    finally:
        trial.node.stop()
        database.close()
    for title, list_of in [("lost", trial.lost), ("doubled", trial.doubled), ("mismatch", trial.mismatches)]:
        for line in list_of[:20]:
            print(f"  {title}: {line}", file=sys.stderr)
    counts = trial.counts()
    print(f"{database.name}: {json.dumps(counts)}", flush=True)
    sound = trial.faults() == 0 and counts["verified"] == counts["acknowledged"]
    if sound and not arguments.keep:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"  kept: {folder}", file=sys.stderr)
    return counts, sound


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "target" / "release" / "countersign")
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--kills", type=int, default=50, help="how often the server is killed on each database")
    parser.add_argument("--seed", type=int, help="draws the moments and the load; a number of its own each time unless given")
    parser.add_argument("--keep", action="store_true", help="keep the folder although all is sound")
    arguments = parser.parse_args()
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {arguments.seed}", flush=True)
    if not arguments.binary.exists():
        print(f"there is no {arguments.binary}; build it, or name another with --binary", file=sys.stderr)
        return 2
    kinds = {"sqlite": [Sqlite], "postgres": [Postgres], "both": [Sqlite, Postgres]}[arguments.database]
    total, all_sound = collections.Counter(), True
    try:
        for kind in kinds:
            counts, sound = try_one(kind, arguments)
            total.update({name: counts[name] for name in ("kills", "acknowledged", "verified", "lost", "doubled", "mismatches")})
            all_sound &= sound
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 3
    except Unfit as unfit:
        print(f"the trial could not be run: {unfit}", file=sys.stderr)
        return 2
    print(", ".join(f"{name} {total[name]}" for name in ("kills", "acknowledged", "verified", "lost", "doubled", "mismatches")))
    return 0 if all_sound else 1


if __name__ == "__main__":
    # Asked to stop, it still stops what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    sys.exit(main())
