"""files.py - files that an environment is given."""
import pathlib

from suite.deeds.frame import Frame, Undone

SHAPES = {
    "cr": "{}\r", "space": "{} ", "leading": " {}", "tab": "{}\t",
    "quotes": '"{}"', "newline": "{}\\n", "unexpanded": "${{%s}}",
    "placeholder": "changeme", "empty": ""}


def variables(path):
    """{name: value} of a file's NAME=value lines."""
    return dict(line.split("=", 1) for line in path.read_text(
        encoding="utf-8").splitlines() if "=" in line)


class Files(Frame):
    """Variables, settings, the hosts file."""

    def path(self, env, file):
        """Where a file of an environment is."""
        return pathlib.Path(self.world.env(env).folder) / file

    def keep(self, path):
        """Its content, for who takes the change back."""
        self.kept.setdefault(path, path.read_bytes())

    def do_files_back(self, env, file, **_):
        """A file as it was before the first change"""
        path = self.path(env, file)
        path.write_bytes(self.kept.pop(path))

    def given(self, env, name, value):
        """A value with what the text leaves to the environment in it."""
        place = self.world.env(env)
        if value.startswith("<value of "):
            other = self.world.env(value[len("<value of "):-1])
            return variables(other.env_file)[name]
        if value.startswith("<url of "):
            place = self.world.env(value[len("<url of "):-1])
            value = (f"postgres://app:{place.password}@db.{place.domain}:5432/"
                     f"{place.database_name}")
        if value.startswith("postgres"):
            value = value.replace(":...@", f":{place.password}@")
            value = value.replace("://...@", f"://app:{place.password}@")
            value = value.replace("<db>", place.database_name)
            value = value.replace("<password>", place.password)
            value = value.replace("<user>", "app")
        return value

    def value(self, env, name, value):
        """What a variable gets; None or <other>: one that is made up.  A
        reference that is no folder of the world is meant as it stands."""
        if value in (None, "<other>"):
            return self.made_up(name)
        value = self.given(env, name, value)
        if "$" not in value or "<" in value or "${STG}" in value or \
                "${PRD}" in value:
            value = self.filled(value)
        return value

    def do_edit(self, env, file, name, value):
        """NAME=VALUE in a file"""
        value = self.value(env, name, value)
        self.rewrite(self.path(env, file), name, lambda _: value, add=True)

    def do_edit_remove(self, env, file, name):
        """NAME out of a file"""
        self.rewrite(self.path(env, file), name, lambda _: None)

    def do_mangle(self, env, file, name, how):
        """the shape of a value, or of a whole file"""
        path = self.path(env, file)
        if how in ("line_ends", "bom"):
            self.keep(path)
            body = path.read_bytes().replace(b"\r\n", b"\n")
            path.write_bytes(b"\xef\xbb\xbf" + body if how == "bom"
                             else body.replace(b"\n", b"\r\n"))
            return
        change = {"upper": str.upper,
                  "half": lambda value: value[:len(value) // 2]}.get(how)
        if change is None:
            shape = SHAPES[how] % name if "%s" in SHAPES[how] else SHAPES[how]
            change = shape.format
        self.rewrite(path, name, change)

    def do_replace(self, env, file, old, new):
        """one text by another, wherever it stands in a file"""
        path = self.path(env, file)
        self.keep(path)
        before = path.read_bytes()
        after = before.replace(self.filled(old).encode(),
                               self.filled(new).encode())
        if after == before:
            raise Undone(f"{file}: there is no {old}")
        path.write_bytes(after)

    def do_swap(self, env, file, first, second):
        """two values change places"""
        path = self.path(env, file)
        values = variables(path)
        if first not in values or second not in values:
            raise Undone(f"{file}: {first} and {second} are not both there")
        self.rewrite(path, first, lambda _: values[second])
        self.rewrite(path, second, lambda _: values[first])

    def rewrite(self, path, name, change, add=False):
        """Changes the line NAME=... of a file in place."""
        with open(path, encoding="utf-8", newline="") as file:
            before = file.read()
        lines, found = [], False
        for line in before.splitlines(keepends=True):
            key, equals, value = line.partition("=")
            if key.strip() != name or not equals:
                lines.append(line)
                continue
            found = True
            changed = change(value.strip("\r\n"))
            if changed is not None:
                lines.append(f"{key}={changed}\n")
        if not found and add:
            lines.append(f"{name}={change('')}\n")
        if "".join(lines) == before:
            raise Undone(f"{path.name}: {name}: nothing to change")
        self.keep(path)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write("".join(lines))

    # --- the hosts file ------------------------------------------------------

    def do_hosts(self, place, env, address, name):
        """a line of the hosts file of a place"""
        del env
        if address is None:
            self.do_hosts_end(place)
        else:
            self.world.ns(place).hosts_add(address, name)

    def do_hosts_end(self, place, **_):
        """as it was"""
        self.world.ns(place).hosts_reset()
