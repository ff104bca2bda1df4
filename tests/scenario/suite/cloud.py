#!/usr/bin/python3
"""cloud.py FOLDER ADDRESS - the cloud's control plane of a world.

As a program it serves FOLDER/answers.json, {path: [status, body]}, with TLS
on port 8443 of ADDRESS, and a metadata server on port 8081; the file counts
as it is when somebody asks.  As a module it writes that file.
"""
import base64
import collections
import http.server
import json
import pathlib
import ssl
import sys
import threading
import time

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from support import fake_gcp  # noqa: E402 pylint: disable=C0413

HERE = pathlib.Path(__file__).resolve().parent
API_PORT, METADATA_PORT = 8443, 8081
LOCATION = "europe-west1"
SECRET = "postgres-password"
ENVIRONMENTS = {"stg": "staging", "prd": "production"}
ASKED_LEAST = 100  # requests that are remembered


class Scripted(fake_gcp.FakeGcp):
    """Answers as the file says at the moment."""

    def __init__(self, folder):
        self.file = folder / "answers.json"
        super().__init__(folder)
        self.asked = collections.deque(maxlen=ASKED_LEAST)

    @property
    def answers(self):
        """{path: (status, body)}"""
        return json.loads(self.file.read_text())

    @answers.setter
    def answers(self, value):
        """The file stands before the server."""


class Server(http.server.ThreadingHTTPServer):
    """Each connection on a thread; a client that goes away is no news."""
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """The log is for what matters."""


def serve(folder, address):
    """Until it is killed."""
    fake = Scripted(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cloud.pem", folder / "cloud.key")
    api = Server((address, API_PORT), fake_gcp.Handler)
    api.socket = context.wrap_socket(
        api.socket, server_side=True, do_handshake_on_connect=False)
    metadata = Server((address, METADATA_PORT), fake_gcp.Handler)
    api.fake = metadata.fake = fake
    threading.Thread(target=metadata.serve_forever, daemon=True).start()
    api.serve_forever()


# --- what it answers ---------------------------------------------------------

def paths(environment):
    """{resource: path} of an environment ("staging")."""
    project = f"projects/shop-{environment}"
    secret = f"/v1/{project}/secrets/{SECRET}/versions/latest"
    return {
        f"sql/{environment}-db":
            f"/sql/v1beta4/{project}/instances/{environment}-db",
        f"vpcaccess/{environment}-connector":
            f"/v1/{project}/locations/{LOCATION}/connectors/"
            f"{environment}-connector",
        f"run/{environment}-backend":
            f"/v2/{project}/locations/{LOCATION}/services/"
            f"{environment}-backend",
        f"secret/{SECRET}": secret,
        f"secret/{SECRET}#access": secret + ":access",
        f"secret/{SECRET}#policy":
            f"/v1/{project}/secrets/{SECRET}:getIamPolicy",
    }


def bodies(environment, password):
    """{resource: body} while all is well."""
    project = f"projects/shop-{environment}"
    revision = (f"{project}/locations/{LOCATION}/services/"
                f"{environment}-backend/revisions/backend-00001")
    return {
        f"sql/{environment}-db": {
            "state": "RUNNABLE", "databaseVersion": "POSTGRES_15",
            "settings": {"activationPolicy": "ALWAYS",
                         "tier": "db-custom-2-7680",
                         "ipConfiguration": {"ipv4Enabled": False}}},
        f"vpcaccess/{environment}-connector": {
            "state": "READY", "network": "default",
            "ipCidrRange": "10.8.0.0/28", "machineType": "e2-micro"},
        f"run/{environment}-backend": {
            "latestReadyRevision": revision,
            "latestCreatedRevision": revision,
            "terminalCondition": {"state": "CONDITION_SUCCEEDED"}},
        f"secret/{SECRET}": {
            "name": f"{project}/secrets/{SECRET}/versions/3",
            "state": "ENABLED", "createTime": "2026-01-05T10:00:00Z"},
        f"secret/{SECRET}#access": {
            "name": f"{project}/secrets/{SECRET}/versions/3",
            "payload": {"data": base64.b64encode(password.encode()).decode(),
                        "dataCrc32c": "1"}},
        f"secret/{SECRET}#policy": {"etag": "BwXk1", "bindings": [
            {"role": "roles/secretmanager.secretAccessor"}]},
    }


class Cloud:
    """What the control plane answers.  Resources: sql/staging-db,
    vpcaccess/staging-connector, run/staging-backend,
    secret/postgres-password (versions.get),
    secret/postgres-password#access (versions:access) and #policy; for
    production the same with "production"."""

    def __init__(self, folder, passwords):
        """passwords: {environment: text}"""
        self.file = folder / "answers.json"
        self.passwords = passwords
        self.changes = 0
        self.reset()

    def reset(self):
        """As at the start."""
        answers = {}
        for environment, password in self.passwords.items():
            known = bodies(environment, password)
            for resource, path in paths(environment).items():
                answers[path] = (200, known[resource])
        self.write(answers)

    def write(self, answers):
        """Whole or not at all."""
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(answers))
        new.rename(self.file)

    def set(self, resource, answer, env="stg"):
        """A status code (or "hang"), or keys to be changed in the body such
        as {"state": "ERROR"} or {"settings.activationPolicy": "NEVER"}.  What
        changes #access also changes the policy's etag."""
        environment = ENVIRONMENTS.get(env, env)
        path = paths(environment)[resource]
        answers = json.loads(self.file.read_text())
        if not isinstance(answer, dict):
            answers[path] = (answer, None)
        else:
            body = answers[path][1] or bodies(
                environment, self.passwords[environment])[resource]
            for key, value in answer.items():
                *way, last = key.split(".")
                at = body
                for part in way:
                    at = at.setdefault(part, {})
                at[last] = value
            answers[path] = (200, body)
        if resource.endswith("#access"):
            policy = paths(environment)[f"secret/{SECRET}#policy"]
            self.changes += 1
            answers[policy][1]["etag"] = f"BwXk{self.changes + 1}"
        self.write(answers)

    def rotate(self, version, value, others, env="stg"):
        """The secret has a new latest version with another value; others:
        {number: state} of versions before it, asked for by number."""
        environment = ENVIRONMENTS.get(env, env)
        latest = paths(environment)[f"secret/{SECRET}"]
        base = latest.removesuffix("latest")
        answers = json.loads(self.file.read_text())
        before = answers[latest][1]
        name = f"{base.removeprefix('/v1/')}{version}"
        answers[latest] = (200, before | {
            "name": name, "state": "ENABLED",
            "createTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})
        answers[latest + ":access"] = (200, {
            "name": name, "payload": {"data": base64.b64encode(
                value.encode()).decode(), "dataCrc32c": "1"}})
        for number, state in others.items():
            answers[f"{base}{number}"] = (200, before | {
                "name": f"{base.removeprefix('/v1/')}{number}",
                "state": state})
        self.write(answers)


if __name__ == "__main__":
    serve(pathlib.Path(sys.argv[1]), sys.argv[2])
