"""database.py - what is said of PostgreSQL: SQL, sessions, its files."""
import re

from suite.steps import STATEMENT, outside, quoted_spans
from suite.texts.words import ADDRESS

PG = (r"(?:PostgreSQL|Postgres|database(?: server)?|<postmaster[^>]*>|"
      r"postmaster|(?:stg|prd|staging|prod|production)[- ](?:db|database))")
ROLE = (r"(?:as|by|from|of|for) (?:the )?(?:role |user |tenant |login )?"
        r"(?P<role>(?!the\b|role\b|user\b|stg|prd|staging|prod|database|"
        r"postgres(?:ql)?\b|table|orders\b|items\b)[a-z]\w*)(?: role)?")
APPLICATION = (r"(?:with )?application_name ?=? ?['\"]?(?P<app>[\w.-]+)['\"]?"
               r"|application (?:name )?(?P<app2>[\w.-]+)")
HOLD = (r"(?:(?:[;,]|\band\b|\bthen\b)*\s*\b(?:hold|keep|leave|kept|left|stay)"
        r"(?:s)?(?: (?:it|open|them|idle|that|running|uncommitted|forever|"
        r"the (?:\w+ )?(?:transaction|session|lock)s?|in transaction))*\s*|"
        r"(?:[;,]|\band\b|\bthen\b)*\s*(?:never|do(?:es)? not|without|no) "
        r"commit\w*\s*)")
TAIL = (r"\s+(?:on|in|at|against|over) (?:the )?(?P<where>stg-db|prd-db|"
        r"staging(?: database)?|production(?: database)?|(?:stg|prd)|"
        r"(?:the )?(?:staging|production) db)$")


def role_of(clause, words=None):
    """Who says it: named in the clause, or before it."""
    found = words.take(ROLE) if words else None
    return found["role"] if found else clause.context.get("role")


def application_of(clause, found):
    """application_name, where it was said."""
    if found:
        return found["app"] or found["app2"]
    remark = re.search(APPLICATION, clause.remark)
    if remark:
        return (remark["app"] or remark["app2"]).rstrip(",;")
    return clause.context.get("application")


def is_sql(text, spoken):
    """Does each statement begin like one?"""
    if "$$" in text:
        return True
    spans = quoted_spans(text)
    ends = [m.start() for m in re.finditer(";", text)
            if outside(spans, m.start())]
    parts = [text[a:b].strip(" ;") for a, b in zip(
        [0, *ends], [*ends, len(text)])]
    return all(re.match(rf"(?:{STATEMENT}|COMMIT|ROLLBACK|END\b|BEGIN\b|SET|"
                        r"RESET|LOCK|ANALYZE|NOTIFY|LISTEN|DISCARD)", part,
                        re.I if spoken else 0)
               for part in parts if part)


def sql(clause):
    """A statement, as the superuser or a role; "hold" keeps it open."""
    text = clause.text.strip()
    psql = re.match(r"psql(?: -(?!c)\w+(?: \S+)?)* -c ?(?P<q>['\"])(?P<s>.*)"
                    r"(?P=q)(?P<tail> .*|)$", text, re.S)
    if psql and psql["tail"] and not re.fullmatch(TAIL, psql["tail"]):
        clause.refuse()  # what is said behind the statement is no SQL
    text = psql["s"] + psql["tail"] if psql else text
    if re.search(r" (?:in|from) \d+ \w+$|,? (?:and )?then \w+|, and \w+",
                 text):
        clause.refuse()
    text = re.sub(r"^(?:run|execute|issue|say)s? (?=[A-Z'\"])", "", text)
    if text[:1] in "\"'" and text[-1:] == text[:1]:
        text = text[1:-1]
    spoken = clause.context.get("place", "").endswith("-db") or \
        clause.context.get("role") or "psql" in clause.before + clause.text
    if not re.match(STATEMENT, text, 0 if not spoken else re.I) and \
            not re.match(rf"(?i:{STATEMENT})(?<!begin)", text):
        return None
    if re.match(r"(?:revoke|grant|set|reset|select|update|copy|analyze)\b",
                text) and not spoken:
        return None
    if re.search(r"\b(?:every|for|at|after) \+?\d+(?:\.\d+)? ?(?:ms|s|min|"
                 r"seconds?|minutes?)$", text):
        clause.refuse()  # its times are taken first
    where = re.search(TAIL, text)
    text = text[:where.start()] if where else text
    hold = re.search(rf"{HOLD}$", text)
    text = (text[:hold.start()] if hold else text).rstrip("; ")
    within = re.search(r" (?:in|inside|within) (?:an? |one )?(?:open |idle |"
                       r"uncommitted )?transaction$", text)
    if within:
        text = "BEGIN; " + text[:within.start()]
    holds = bool(hold) or re.match(r"LOCK TABLE\b", text, re.I) or (
        re.match(r"BEGIN\b", text, re.I) and
        not re.search(r"\b(COMMIT|END|ROLLBACK)\b", text, re.I))
    if re.match(r"LOCK TABLE\b", text, re.I):
        text = "BEGIN; " + text
    if not is_sql(text, spoken):
        clause.refuse()
    args = {"env": clause.env(where["where"] if where else None), "sql": text,
            "role": clause.context.get("role")}
    if not holds:
        return clause.step("sql", **args)
    return clause.step("session", count=1, application=application_of(
        clause, None) or "psql", **args)


# --- the same in words: (words, statements); {0} is the first group ----------

TABLE = r"(?:table )?(items|orders|users|schema_migrations)"
SAID = [
    (rf"renamed? (?:the )?column (\w+) (?:of|in|on) (?:the )?{TABLE}(?: table)?"
     rf" (?:to|into) (\w+)", "ALTER TABLE {1} RENAME COLUMN {0} TO {2}"),
    (rf"renamed? (?:the )?(?:column )?(items|orders|users)\.(\w+) to (\w+)",
     "ALTER TABLE {0} RENAME COLUMN {1} TO {2}"),
    (rf"renamed? (?:the )?{TABLE}(?: table)? (?:to|into) (\w+)",
     "ALTER TABLE {0} RENAME TO {1}"),
    (rf"drop(?:ped)? (?:the )?column (\w+) (?:of|from|in|on) (?:the )?{TABLE}"
     r"(?: table)?", "ALTER TABLE {1} DROP COLUMN {0} CASCADE"),
    (rf"drop(?:ped)? (?:the )?{TABLE}(?: table)?", "DROP TABLE {0} CASCADE"),
    (rf"(?:delete|remove)d? (?:all |every )?(?:the )?(?:rows?|contents?) "
     rf"(?:from|of|in) (?:the )?{TABLE}(?: table)?",
     "TRUNCATE {0} CASCADE"),
    (rf"(?:truncate|empty|wipe|clear)s? (?:the )?{TABLE}(?: table)?",
     "TRUNCATE {0} CASCADE"),
    (r"(?:revoke|take|withdraw|remove)(?:s|d|n)? (?:away )?(?:the )?(SELECT|"
     r"INSERT|UPDATE|DELETE|ALL)(?: privileges?| rights?| permissions?)? on "
     rf"(?:the )?{TABLE}(?: table)? (?:from|of) (?:the )?(?:role )?(\w+)",
     "REVOKE {0} ON {1} FROM {2}"),
    (r"(?:revoke|take|withdraw|remove)(?:s|d|n)? (?:away )?(?:the )?CONNECT"
     r"(?: privilege| right| permission)?(?: on| to)? (?:the )?database (\w+) "
     r"from (?:the )?(?:role )?(\w+)",
     "REVOKE CONNECT ON DATABASE {0} FROM {1}, PUBLIC"),
    (r"(?:change|rotate|reset|replace|set)[sd]? (?:the )?password of (?:the )?"
     r"(?:application |database )?(?:role |user )?(\w+)(?: role)?(?: to (?:an?"
     r"other|a new|a different|some other)(?: value| one)?)?",
     "ALTER ROLE {0} PASSWORD '<password of {0}>'"),
    (r"(?:change|rotate|reset)[sd]? (?:role |user )?(\w+)'s password",
     "ALTER ROLE {0} PASSWORD '<password of {0}>'"),
    (r"expired? (?:the )?(?:password|role|login) (?:of )?(?:the )?(?:role |"
     r"user )?(\w+)", "ALTER ROLE {0} VALID UNTIL '2020-01-01'"),
    (r"(?:the )?password of (?:the )?(?:role |user )?(\w+) expires?",
     "ALTER ROLE {0} VALID UNTIL '2020-01-01'"),
    (r"(?:lock|disable|block)(?:s|ed|d)? (?:out )?(?:the )?(?:login of )?"
     r"(?:role |user )(\w+)", "ALTER ROLE {0} NOLOGIN"),
    (r"(?:take (?:the )?)?LOGIN(?: attribute| right)? (?:away )?from (?:the )?"
     r"(?:role |user )?(\w+)", "ALTER ROLE {0} NOLOGIN"),
    (r"(?:unlock|enable|allow)s? (?:the )?(?:login of )?(?:role |user )(\w+)"
     r"(?: to log in)?", "ALTER ROLE {0} LOGIN"),
    (r"(?:set |put |lower |limit )?(?:a |the )?connection limit (?:of )?(\d+) "
     r"(?:on|for|of) (?:the )?(?:role |user )?(\w+)",
     "ALTER ROLE {1} CONNECTION LIMIT {0}"),
    (r"(?:limit|restrict)s? (?:the )?(?:role |user )(\w+) to (\d+) "
     r"connections?", "ALTER ROLE {0} CONNECTION LIMIT {1}"),
    (r"(?:terminate|kill|end|disconnect|drop)s? (?:all |every |the )*(?:open )?"
     r"(?:sessions?|connections?|backends?) of (?:the )?(?:role |user )?"
     r"(?!PostgreSQL)(\w+)", "SELECT pg_terminate_backend(pid) FROM "
     "pg_stat_activity WHERE usename = '{0}'"),
    (r"(?:terminate|kill|end|disconnect)s? (?:all |every |the )*(?:open )?"
     r"(app|batch)(?:'s)? (?:sessions?|connections?|backends?)",
     "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = "
     "'{0}'"),
    (r"(?:create|leave|make|add)s? (?:an? )?(?:abandoned |unused |orphaned |"
     r"physical |inactive )*(?:replication )?slot",
     "SELECT pg_create_physical_replication_slot('abandoned', true)"),
    (r"drop(?:ped)? (?:the )?index (\w+)", "DROP INDEX {0}"),
    (rf"insert (\d+) rows? into (?:the )?{TABLE}(?: table)?",
     "INSERT INTO {1} SELECT ... FROM generate_series(1, {0})"),
    (r"(?:bump|reset|set) (?:the )?sequence (?:of )?(?:the )?orders(?:_id_seq)?"
     r"(?: back)? to (\d+)", "SELECT setval('orders_id_seq', {0})"),
    (r"reset (?:the )?sequence (?:of )?(?:the )?orders(?:_id_seq)?(?: back)?",
     "SELECT setval('orders_id_seq', 1)"),
]


def said_sql(clause):
    """A statement in words"""
    for pattern, statement in SAID:
        words = clause.words()
        found = words.take(pattern)
        if not found:
            continue
        words.env()
        words.take_all(rf"{PG}|role|VALID UNTIL yesterday|cascade|table|"
                       r"yesterday|privilege")
        words.end()
        groups = [(group or "").lower() if group and group.isupper() is False
                  else group or "" for group in found.groups()]
        return clause.step("sql", env=clause.env(), role=None,
                           sql=statement.format(*groups))
    return None


# --- sessions that stay ------------------------------------------------------

MODES = (r"(?:in )?(?P<mode>ACCESS EXCLUSIVE|ACCESS SHARE|ROW SHARE|SHARE ROW "
         r"EXCLUSIVE|SHARE UPDATE EXCLUSIVE|ROW EXCLUSIVE|EXCLUSIVE|SHARE)"
         r"(?: mode)?")


def lock(clause):
    """a session that holds a lock on a table"""
    words = clause.words()
    if not words.take(r"locks?|locked"):
        return None
    mode = words.take(MODES)
    table = words.take(rf"(?:the )?{TABLE}(?: table)?")
    if not table:
        return None
    name = words.take(APPLICATION)
    role = role_of(clause, words)
    words.env()
    words.take_all(r"hold(?:s|ing)?|take[sn]?|keep(?:s|ing)?|acquires?|lock|"
                   r"an? (?:open |idle |manual |forgotten )*(?:psql )?session|"
                   r"a transaction|open|uncommitted|somebody|someone|psql|"
                   r"a dba|manual|exclusive|table|in transaction|mode|idle|"
                   r"left|leave")
    words.take_all(PG)
    words.end()
    return clause.step(
        "session", env=clause.env(), role=role, count=1,
        application=application_of(clause, name) or "psql",
        sql=f"BEGIN; LOCK TABLE {table[1].lower()} IN "
            f"{mode['mode'].upper() if mode else 'ACCESS EXCLUSIVE'} MODE")


def transaction(clause):
    """transactions or queries that stay open, in words"""
    words = clause.words()
    count = words.take(r"(?:in |from |with )?(?P<count>\d+|a|one|two|three) "
                       r"(?:idle |open |long |parallel |separate |psql |"
                       r"concurrent |more )*(?:idle[- ]in[- ]transaction )?"
                       r"(?P<what>transactions?|sessions?|queries|query|"
                       r"backends?)(?: idle[- ]in[- ]transaction)?")
    found = words.take(
        rf"(?:a )?(?:SELECT )?pg_sleep\((?P<s>\d+)\)|(?:that |which )?"
        rf"(?P<verb>update|delete|lock|touch)(?:s|es)? (?:every |all |the |"
        rf"each )*(?:rows? (?:of|in|from) )?(?:the )?(?:table )?"
        rf"(?P<table>items|orders|users)")
    idle = "idle in transaction" in clause.about().replace("-", " ")
    if not count or not (found or idle):
        return None
    name = words.take(APPLICATION)
    role = role_of(clause, words)
    words.env()
    words.take(r"open(?:s|ed)?|start(?:s|ed)?|begin(?:s)?|run(?:s)?|leave")
    words.take_all(r"leave|keep|left|open|idle|kept|uncommitted|commit(?:ted)?|"
                   r"never|psql|forever|transaction|sessions?|queries|table|"
                   rf"role|in transaction|idle-in-transaction|{PG}")
    words.end()
    number = {"a": 1, "one": 1, "two": 2, "three": 3}.get(
        count["count"].lower()) or int(count["count"])
    statement = "BEGIN; SELECT 1"
    if found and found["s"]:
        statement = f"SELECT pg_sleep({found['s']})"
    elif found:
        table = found["table"].lower()
        column = {"items": "price", "orders": "quantity",
                  "users": "salt"}[table]
        statement = {
            "update": f"BEGIN; UPDATE {table} SET {column} = {column}",
            "touch": f"BEGIN; UPDATE {table} SET {column} = {column}",
            "delete": f"BEGIN; DELETE FROM {table}",
            "lock": f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE",
        }[found["verb"].lower()]
    return clause.step("session", env=clause.env(), role=role, count=number,
                       application=application_of(clause, name) or "psql",
                       sql=statement)


def connections(clause):
    """connections of a role, some or until there are no more"""
    words = clause.words()
    if not words.take(r"(?:connection )?slots?(?: of the server)?|"
                      r"connections?|sessions?"):
        return None
    until = words.take(r"until (?:53300|(?:the server |PostgreSQL )?(?:refuses|"
                       r"there (?:are|is) no(?:ne| more)|too many \w+|"
                       r"nothing|no (?:slot|more|free)[\w ]*|it refuses|"
                       r"(?:the )?limit[\w ]*|max_connections[\w ]*))|"
                       r"exhaust(?:s|ed)?|use(?:s|d)? up|take[sn]?|eats? up|"
                       r"occup(?:y|ies|ied)|saturate[sd]?|up to "
                       r"max_connections|fill(?:s|ed)?(?: up)?|hog(?:s|ged)?|"
                       r"run(?:s)? out of|all|every")
    count = words.take(r"(?P<count>\d+)")
    opened = words.take(r"open(?:s|ed)?|hold(?:s|ing)?|establish(?:es)?|"
                        r"make[sd]?|create[sd]?|keep")
    if not (until or opened) or not (until or count):
        return None
    name = words.take(APPLICATION)
    role = role_of(clause, words)
    remark = re.search(r"\brole (\w+)", clause.remark)
    words.env()
    words.take_all(rf"free|idle|all|open|connections?|sessions?|hold(?:ing)?|"
                   rf"keep|leave|left|kept|max_connections|remaining|"
                   rf"every|more|available|hog|direct|psql|role|user|"
                   rf"long-lived|superuser|non-superuser|ordinary|slots?|"
                   rf"connection|{PG}")
    words.end()
    return clause.step(
        "connections", env=clause.env(),
        role=role or (remark[1] if remark else None),
        count=int(count["count"]) if count else None,
        application=application_of(clause, name) or "batch")


# --- its files, its settings, its schema -------------------------------------

SETTINGS = (r"(?P<name>max_connections|statement_timeout|lock_timeout|work_mem|"
            r"default_transaction_read_only|shared_buffers|listen_addresses|"
            r"idle_in_transaction_session_timeout|idle_session_timeout|"
            r"superuser_reserved_connections|port|ssl|autovacuum|fsync|"
            r"synchronous_commit|synchronous_standby_names|temp_file_limit|"
            r"max_wal_size|password_encryption|authentication_timeout|"
            r"tcp_keepalives_\w+|log_\w+|max_locks_per_transaction|"
            r"deadlock_timeout|row_security|search_path|timezone|"
            r"max_prepared_transactions|wal_level|max_worker_processes|"
            r"default_transaction_isolation|client_connection_check_interval)")


def pg_setting(clause):
    """postgresql.conf: NAME=VALUE, or in words"""
    words = clause.words()
    slots = words.take(r"(?:limit|restrict)s? <?(?:stg-db|prd-db|the server|"
                       r"(?:the )?database|PostgreSQL)>? to (?P<n>\d+) "
                       r"connections")
    if slots:
        words.end()
        return clause.step("pg_setting", env=clause.env(),
                           name="max_connections", value=slots["n"])
    file = words.take_raw(r"\S*postgresql\.(?:auto\.)?conf") or \
        "postgresql" in clause.context.get("file", "")
    found = words.take(
        rf"{SETTINGS} ?(?:=|:|->|→|to|from|of)? ?(?:(?:from )?[\w'.]+ ?"
        rf"(?:->|→|to) )?(?P<value>'[^']*'|\"[^\"]*\"|[\w.*/]+)", 0)
    read_only = not found and words.take(r"read[- ]only")
    if not found:
        remark = re.search(rf"{SETTINGS} ?(?:=|to) ?(?P<value>[\w'.]+)",
                           clause.remark)
        found = remark if read_only and remark else None
    if not found and not read_only:
        return None
    if found and found["name"] in ("port", "ssl", "timezone") and not (
            file or re.search(PG, clause.text + str(clause.context), re.I)):
        return None
    words.env()
    words.take(r"set|change[sd]?|lower(?:ed)?|raise[sd]?|make|switch(?:ed)?|"
               r"put|reduce[sd]?|turn|ALTER SYSTEM SET|turned|increase[sd]?|"
               r"becomes?|limit")
    words.take(r"(?:and )?restart(?:s|ed)?(?: it)?")
    words.take_all(rf"{PG}|mode|default|default_transaction_read_only|"
                   r"setting|read[- ]only|settings|configuration|becomes?")
    words.end()
    return clause.step(
        "pg_setting", env=clause.env(),
        name=found["name"] if found else "default_transaction_read_only",
        value=found["value"].strip("'\"") if found else "on")


def pg_hba(clause):
    """a line of pg_hba.conf that comes first, or that is taken out"""
    words = clause.words()
    in_context = "pg_hba" in clause.context.get("file", "")
    if not words.take_raw(r"(?:\$\{\w+\}/)?[\w./-]*\bpg_hba(?:\.conf)?") and \
            not in_context:
        return None
    line = words.take_raw(
        r"['\"]?(?P<line>(?:host|hostssl|hostnossl|local)\s+\S+\s+\S+\s+"
        rf"(?:(?:{ADDRESS}|<[^>]+>|all|samenet)(?:/\d+)?\s+)?(?:reject|md5|"
        r"scram-sha-256|trust|password|cert|peer))['\"]?")
    if line:
        line = re.sub(r"\s+", " ", line["line"])
    else:
        reject = words.take(r"rejects?|den(?:y|ies)|refuses?|no longer "
                            r"(?:allows|admits|lets)|locks? out|blocks?")
        who = words.take(r"(?:role |user |database user |host )(?P<who>app|"
                         r"batch|all)")
        where = words.take(rf"(?:from )?<?(?P<where>{ADDRESS}|stg-app|prd-app"
                           r"|ops)>?")
        if not reject or not (who or where):
            return None
        address = where["where"] if where else "all"
        address = address if re.match(r"\d|all", address) else f"<{address}>"
        address += "/32" if address != "all" and "/" not in address else ""
        line = f"host all {who['who'] if who else 'all'} {address} reject"
    words.env()
    words.take(r"put|insert(?:ed)?|prepend(?:ed)?|append(?:ed)?|add(?:ed|s)?|"
               r"edit(?:ed)?|gets?|write|place[sd]?|new")
    words.take_all(rf"first|top|lines?|(?:first )?entry|rule|beginning|{PG}|"
                   r"before|others?|above|connections?|new|logins?|at the")
    words.end()
    return clause.step("pg_hba", env=clause.env(), line=line)


def schema(clause):
    """migrations, up or down"""
    words = clause.words()
    if not words.take(r"migrations?|schema(?: version)?|migrated?"):
        return None
    version = words.take(r"(?:version |number )?(?P<version>0*[1-9]\d*)")
    if version is None:
        return None
    down = words.take(r"roll(?:s|ed)? back|revert(?:ed)?|undo(?:ne)?|"
                      r"down(?:graded?)?|rollback|taken back|un-?apply")
    back = down is None and words.take("roll(?:ed)?") and words.take("back")
    to = words.take(rf"to(?= ¦)|back") is not None or back
    if not (down or back) and not words.take(
            r"apply|applied|run|migrate|bring|up(?:grade)?|install|at(?= ¦)"):
        return None
    words.env()
    words.take_all(rf"{PG}|schema|migration|version|up|the|against|number")
    words.end()
    return clause.step("schema", env=clause.env(), version=version["version"],
                       down=bool(down or back) and not (
                           to and re.search(r"\bto (?:version )?0*\d",
                                            clause.text)))


READERS = [sql, said_sql, pg_hba, pg_setting, schema, transaction, lock,
           connections]
