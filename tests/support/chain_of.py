"""chain_of.py - certificates good and bad, and a server that shows them."""
import contextlib
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


class Chain:
    """A root, an authority below it, and certificates by that."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vedette-"))
        self._openssl("req", "-x509", *KEY, "-days", "3650", "-subj",
                      "/CN=test root", "-keyout", "root.key", "-out",
                      "root.pem")
        self.issue("between", by="root", days=3650, extensions=(
            "basicConstraints=critical,CA:TRUE\n"
            "keyUsage=critical,keyCertSign\n"))

    def _openssl(self, *arguments, prefix=()):
        subprocess.run([*prefix, "openssl", *map(str, arguments)], check=True,
                       capture_output=True, cwd=self.folder)

    # pylint: disable-next=too-many-arguments
    def issue(self, name, alternative="", by="between", days=90, at=None,
              extensions=""):
        """NAME.pem, with what leads to its root, and NAME.key; issued at a
        date when there is one."""
        if alternative:
            extensions += f"subjectAltName={alternative}\n"
        (self.folder / f"{name}.ext").write_text(extensions)
        self._openssl("req", *KEY, "-subj", f"/CN={name}", "-keyout",
                      f"{name}.key", "-out", f"{name}.csr")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA",
                      f"{by}.pem", "-CAkey", f"{by}.key", "-CAcreateserial",
                      "-days", days, "-extfile", f"{name}.ext", "-out",
                      f"{name}.pem",
                      prefix=["faketime", at] if at is not None else ())
        chain = (self.folder / f"{name}.pem").read_text()
        if by != "root":
            chain += (self.folder / f"{by}.pem").read_text()
        (self.folder / f"{name}.chain").write_text(chain)
        return self

    def serve(self, name, chain=True, greet=None, **options):
        """A context in which a server shows NAME's certificate, after what
        greet(plain) says with the plain connection; its port."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(
            self.folder / f"{name}.{'chain' if chain else 'pem'}",
            self.folder / f"{name}.key")
        context.load_verify_locations(self.folder / "root.pem")
        for key, value in options.items():
            setattr(context, key, value)
        return tls_peer(context, greet)

    def remove(self):
        """Removes the files."""
        shutil.rmtree(self.folder)


@contextlib.contextmanager
def tls_peer(context, greet=None):
    """A listener that shakes hands and then only reads."""
    listener = socket.create_server(("127.0.0.1", 0))

    def attend(plain):
        if greet is not None:
            greet(plain)
        with contextlib.suppress(OSError), \
                context.wrap_socket(plain, server_side=True) as connection:
            while connection.recv(4096):
                pass

    def serve():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=attend, daemon=True,
                                 args=(listener.accept()[0],)).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
