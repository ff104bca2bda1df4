"""mail.py - real mail servers of a test's own, on the loopback: Dovecot for
IMAP, POP3 and submission, Exim for SMTP."""
import contextlib
import getpass
import grp
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading

from support.probing import closed_port, peer, until_listening

PATHS = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])

DOVECOT = """\
protocols = imap pop3 submission
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/dovecot.log
hostname = mail.test
submission_host = 127.0.0.1
ssl = {ssl}
ssl_cert = <{certificates}/{name}.chain
ssl_key = <{certificates}/{name}.key
{users}
passdb {{
  driver = static
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service submission-login {{
  inet_listener submission {{
    port = {smtp}
  }}
}}
"""
# Who is not root can neither be somebody else nor change its root.
SAME_USER = """\
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
""" + "".join(f"service {name} {{{{\n  chroot =\n}}}}\n" for name in (
    "anvil", "imap-login", "pop3-login", "submission-login"))

EXIM = """\
primary_hostname = mail.test
spool_directory = {folder}
log_file_path = {folder}/%slog
tls_advertise_hosts = {advertise}
tls_certificate = {folder}/{name}.chain
tls_privatekey = {folder}/{name}.key
keep_environment =
host_lookup =
rfc1413_query_timeout = 0s
"""


@contextlib.contextmanager
def folder_for_all():
    """A folder that servers may use that are not us."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="vedette-mail-"))
    folder.chmod(0o777)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def dovecot(chain, name, tls=True):
    """Dovecot with this certificate of a chain: {protocol: port}."""
    users = "" if os.geteuid() == 0 else SAME_USER.format(
        user=getpass.getuser(), group=grp.getgrgid(os.getegid()).gr_name)
    ports = {protocol: closed_port() for protocol in ("imap", "pop3", "smtp")}
    with folder_for_all() as folder:
        config = folder / "dovecot.conf"
        config.write_text(DOVECOT.format(
            folder=folder, certificates=chain.folder, name=name, users=users,
            ssl="yes" if tls else "no", **ports))
        with subprocess.Popen(
                [shutil.which("dovecot", path=PATHS), "-F", "-c", config],
                stdin=subprocess.DEVNULL) as server:
            try:
                for port in ports.values():
                    until_listening(port, server)
                yield ports
            finally:
                server.terminate()


def pass_on(source, sink):
    """All that comes, until one of the two leaves."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def exim(chain, name, tls=True):
    """Exim with this certificate of a chain, started for each connection as
    inetd does; its port."""
    program = shutil.which("exim4", path=PATHS)

    def attend(connection):
        # Exim speaks over our socket with root alone: hence one between.
        ours, theirs = socket.socketpair()
        with ours, subprocess.Popen(
                [program, "-C", config, "-bs"], stdin=theirs, stdout=theirs,
                stderr=subprocess.DEVNULL) as server:
            theirs.close()
            threading.Thread(target=pass_on, args=(connection, ours),
                             daemon=True).start()
            pass_on(ours, connection)
            server.terminate()

    with folder_for_all() as folder:
        for kind in ("chain", "key"):
            # It reads them as a user of its own.
            file = folder / f"{name}.{kind}"
            shutil.copy(chain.folder / file.name, file)
            file.chmod(0o644)
        config = folder / "exim.conf"
        config.write_text(EXIM.format(folder=folder, name=name,
                                      advertise="*" if tls else ""))
        with peer(attend) as port:
            yield port
