"""front.py - what is said of the proxy, of payments and of certificates."""
import re

from suite.steps import SECONDS, seconds
from suite.texts.words import ADDRESS, PLACE

NGINX = (r"<nginx(?: master| worker)? pid>|(?:\$\{\w+\}/)?nginx(?:\.conf)?"
         r"(?:'s)?(?: (?:process|master|pid|"
         r"configuration|config))?|(?:reverse )?proxy|load ?balancer|lb")
PAY = (r"<?payments(?:\.test)?(?: (?:stub|service|API|provider|host))?(?:'s)?"
       r"(?: pid| process)?>?|svc")


def about_nginx(clause, words):
    """Is the proxy meant, here or by where we are?"""
    found = words.take_raw(rf"(?<![\w-])(?:{NGINX})(?![\w-])")
    return found or "nginx" in clause.context.get("file", "")


def nginx_reload(clause):
    """nginx reads its configuration again"""
    if re.fullmatch(r"(?:in [\w-]+:? )?nginx -s reload|reload (?:the )?nginx|"
                    r"(?:systemctl reload|kill -HUP) (?:the )?nginx|nginx "
                    r"reload(?:s|ed)?", clause.text, re.I):
        return clause.step("nginx_reload", env=clause.env())
    if re.fullmatch(r"reload(?: it)?|reloaded", clause.text, re.I) and \
            re.search("nginx", clause.before):
        return clause.step("nginx_reload", env=clause.env())
    return None


def nginx(clause):
    """stop, kill, pause or start nginx"""
    words = clause.words()
    if not about_nginx(clause, words):
        return None
    signal = words.take(r"-(?:SIG)?(?P<s>STOP|CONT|KILL|9|TERM|QUIT|15)|"
                        r"SIG(?P<s2>STOP|CONT|KILL|TERM|QUIT)", 0)
    verb = words.take(r"kill(?:s|ed)?|stop(?:s|ped)?|start(?:s|ed)?|restart"
                      r"(?:s|ed)?|pause[sd]?|freeze|hangs?|down|dies|crash"
                      r"(?:es|ed)?|shut down|quit|-s (?:stop|quit)|resume[sd]?"
                      r"|systemctl (?:stop|start|restart|kill)")
    if not (verb or signal):
        return None
    words.env()
    words.take_all(r"kill|stop|down|app|master|process|pid|goes")
    words.end()
    word = re.sub(r"^(?:systemctl|-s) ", "", verb[0].lower() if verb else "")
    name = (signal["s"] or signal["s2"]) if signal else ""
    if name == "CONT" or word.startswith("resume"):
        return clause.step("nginx_resume", env=clause.env())
    if name == "STOP" or re.match("pause|freeze|hang", word):
        return clause.step("nginx_pause", env=clause.env())
    if word.startswith("restart"):
        return clause.step("nginx_stop", env=clause.env()) + \
            clause.step("nginx_start", env=clause.env())
    return clause.step("nginx_start" if word.startswith("start")
                       else "nginx_stop", env=clause.env())


def upstream(clause):
    """nginx passes on to another place, another port, or one replica"""
    words = clause.words()
    if not words.take(r"upstreams?(?: block| servers?)?|proxy_pass|server "
                      r"lines?|backends?"):
        return None
    words.take_raw(rf"(?<![\w-])(?:{NGINX})(?![\w-])")
    words.take(r"sed -i")
    replica = words.take(r"replica (?P<r>[ab])|app-(?P<r2>[ab])")
    target = words.take(rf"(?:http://)?(?P<h>{ADDRESS}|localhost|"
                        rf"<?(?:{PLACE})>?|<stg-app>|<prd-app>)"
                        r"(?:(?: port |:)(?P<p>\d+))?")
    port = words.take(r"(?:port |:)(?P<p>\d{2,5})")
    gone = words.take(r"remove[sd]?|delete[sd]?|without|drop(?:s|ped)?|take[n]?"
                      r" out|comment(?:ed)? out")
    only = words.take(r"only")
    envs = words.env()
    words.take_all(r"point(?:s|ed|ing)?|set|change[sd]?|goes|to|->|both|port|"
                   r"server|lines?|block|now|passes|upstream|wrong|replicas?|"
                   r"nginx|nginx\.conf|reload|a,b|a and b|nobody|listens?|"
                   r"dead|configuration|proxy_pass|where|no|file|edit")
    words.take_raw(r"->|→|=")
    words.end()
    env = clause.envs(envs)[0]
    if replica and (gone or only):
        name = (replica["r"] or replica["r2"]).lower()
        left = name if only and not gone else {"a": "b", "b": "a"}[name]
        return clause.step("upstream", env=env, target=left)
    if not target and not port:
        return None
    host = "" if not target else target["h"].strip("<>")
    if not host or host == "localhost":
        host = f"{env}-app" if not host else "127.0.0.1"
    number = (target["p"] if target else None) or (port["p"] if port else None)
    return clause.step("upstream", env=env, target=f"{host}:{number}"
                       if number else f"{host}:8000")


DIRECTIVE = (r"(?P<n>proxy_\w+|client_\w+|return|keepalive_\w+|send_timeout|"
             r"limit_\w+|deny|allow|resolver_timeout|large_client_\w+)")


def directive(clause):
    """nginx: DIRECTIVE VALUE"""
    words = clause.words()
    about = about_nginx(clause, words)
    found = words.take(rf"{DIRECTIVE}(?:(?: |=| to )(?:[\w.]+ ?-> ?)?"
                       r"(?P<v>'[^']*'|[^\s;,¦]+))?")
    if not found or not found["v"]:
        return None
    if not about and not found["n"].startswith(("proxy_", "client_")):
        return None
    words.env()
    words.take_all(r"set|lower(?:s|ed)?|change[sd]?|add(?:s|ed)?|directive|"
                   r"reload|raise[sd]?|put|configuration|-s reload|"
                   r"location /")
    words.end()
    return clause.step("nginx_directive", env=clause.env(), name=found["n"],
                       value=found["v"].strip("'\";"))


def status(clause):
    """nginx answers a status by itself"""
    words = clause.words()
    if not about_nginx(clause, words):
        return None
    code = words.take(r"(?:HTTP |status )?(?P<c>[1-5]\d\d)")
    if not code or not words.take(r"answers?|returns?|responds?|serves?|"
                                  r"replies|gives"):
        return None
    words.take_raw(r"location =? ?(?P<p>/\S*)")
    words.env()
    words.take_all(r"maintenance page|page|every(?:thing)?|requests?|itself|"
                   r"reload|with|location|all|body|left on")
    words.end()
    return clause.step("nginx_status", env=clause.env(),
                       status=int(code["c"]))


# --- payments ----------------------------------------------------------------

SHARE = (r"(?:(?:to|for|on) )?(?:(?P<p>\d+) ?%(?: of)?(?: the)?(?: requests?|"
         r" calls| charges)?|(?P<w>half|a third|a quarter)(?: of)?(?: the| "
         r"all)?(?: requests?| calls| charges)?|every (?P<n>second|third|"
         r"fourth|other) (?:request|call|charge))")
PARTS = {"half": .5, "a third": 1 / 3, "a quarter": .25, "second": .5,
         "other": .5, "third": 1 / 3, "fourth": .25}
FOR_ALL = (r"(?:to|for|on) (?:every(?:thing|body|one)?|each|all)(?: charges?| "
           r"requests?| calls?)?|every(?:thing)?")
PAY_NOISE = (r"answers?|returns?|responds?|response|requests?|calls?|charges?|"
             r"status|gets?|says?|fails?|errors?|TLS|as before|Retry-After|"
             r"HTTP|code|with|body|set|make|now|switch(?:es|ed)?|service|"
             r"unavailable|too many requests|bad gateway|internal server "
             r"error|invalid api key|key|the key|rate limit(?:ed)?|"
             r"unauthorized|forbidden|POST|/charge|instead|of JSON|"
             r"connection|it")


def payments(clause):
    """the payments service answers something else, to all or to some"""
    words = clause.words()
    if not words.take_raw(rf"(?<![\w.-]){PAY}(?![\w-])"):
        return None
    retry = words.take(r"(?:with )?Retry-After:? ?(?P<s>\d+)(?: ?s)?")
    share = words.take(SHARE)
    code = words.take(r"(?:status |HTTP )?=?(?P<c>[1-5]\d\d)")
    late = words.take_raw(rf"\+?{SECONDS}(?! later)")
    reset = words.take(r"resets?|closes?|drops?|aborts?")
    body = words.take(r"(?:an? )?empty (?:body|response|answer)|(?:with )?"
                      r"(?P<g>(?:an? )?(?:HTML|garbage|invalid JSON|not JSON|"
                      r"malformed|broken JSON|truncated)(?: garbage| page| "
                      r"error page| JSON)?)(?: instead of JSON)?")
    if late and not words.take(r"delay(?:s|ed)?|after|sleeps?|latency|slow(?:"
                               r"ly)?|takes?|late|hangs?|waits?|before"):
        return None
    if not (code or late or reset or body):
        return None
    words.take(FOR_ALL)
    words.env()
    words.take_all(PAY_NOISE)
    words.take_all(r"delay|before|answering|responding|every|each|response|"
                   r"connections?|slow|late|handshake|answer|only|after")
    words.end()
    args = {"status": int(code["c"]) if code else 200, "share": 1.0}
    if share:
        args["share"] = int(share["p"]) / 100 if share["p"] else \
            PARTS[(share["w"] or share["n"]).lower()]
    if late:
        args["delay_s"] = seconds(late[1], late[2])
    if retry:
        args["retry_after_s"] = int(retry["s"])
    if body:
        args["body"] = "<html>error</html>" if body["g"] else ""
    if reset:
        args["how"] = "reset"
    return clause.step("payments", **args)


def payments_gone(clause):
    """the payments service is gone, hangs, or is back"""
    words = clause.words()
    if not words.take_raw(rf"(?<![\w.-]){PAY}(?![\w-])"):
        return None
    signal = words.take(r"-(?:SIG)?(?P<s>STOP|CONT|KILL|9|TERM)|"
                        r"SIG(?P<s2>STOP|CONT|KILL|TERM)", 0)
    back = words.take(r"(?:re)?start(?:s|ed)?|recover(?:s|ed)?|restored?|"
                      r"healthy|back to 200|well again|as before|is back|"
                      r"resume[sd]?")
    hang = words.take(r"hangs?(?: up)?|never (?:answers?|replies|responds?)|"
                      r"silent|accepts?(?: the)?(?: TCP)?(?: connections?)?|"
                      r"freez(?:es?)|frozen|paused?|does not answer")
    stop = words.take(r"refuses?(?: all| every)? connections?|kill(?:s|ed)?|"
                      r"stop(?:s|ped)?(?: listening)?|down|"
                      r"dies|dead|gone|shut down|unavailable|crash(?:es|ed)?|"
                      r"off")
    if not (signal or back or hang or stop):
        return None
    words.take_all(r"never|answers?|connections?|443|port|process|pid|listen"
                   r"ing|kill|stop|completely|hang|replies|response|does|"
                   r"but|any|not|goes|again|accepts?|200|TCP|TLS|requests?")
    words.env()
    words.end()
    name = (signal["s"] or signal["s2"]) if signal else ""
    if back or name == "CONT":
        return clause.step("payments_ok")
    return clause.step("payments_hang" if hang or name == "STOP"
                       else "payments_stop")


# --- certificates ------------------------------------------------------------

KINDS = [
    ("future", r"not yet valid|notBefore(?: lies)?(?: in the future)?|valid "
               r"(?:only )?(?:from )?tomorrow|of the future"),
    ("expires", r"reach(?:es)? (?:its )?notAfter|(?:expires?|runs out)(?: at "
                r"(?:the )?(?:onset|t ?= ?0)\w*)?|notAfter(?: is)? (?:at )?"
                r"(?:the )?onset"),
    ("expired", r"(?:has |already )?expired(?: (?:yesterday|certificate|one))?"
                r"|notAfter (?:in the past|yesterday)"),
    ("name", r"(?:for )?(?:an?)?(?:other|different|wrong) (?:host ?)?name|"
             r"(?:wrong|other|different) (?:SAN|CN|subject|name)|name "
             r"mismatch"),
    ("untrusted", r"self[- ]signed|untrusted|unknown (?:CA|authority|issuer)|"
                  r"(?:an?)?other (?:CA|authority)|private CA|"
                  r"(?:not|un)known to clients|unknown"),
    ("fresh", r"fresh|renew(?:s|ed)?|valid|good|new"),
]
WHERE = [("payments", rf"{PAY}"), ("database", r"PostgreSQL(?:'s)?|Postgres|"
          r"database|(?:stg|prd)-db|server\.crt"),
         ("nginx", NGINX + r"|front(?:end)?|app\.(?:staging|prod)\.test|TLS")]


def certificate(clause):
    """one that expires at the step's moment, a wrong one, or a good one"""
    words = clause.words()
    if not words.take(r"certificates?|certs?|chain"):
        return None
    if re.search(r"agent-\w+", clause.text):
        return None
    named = words.take(r"(?:for |issued (?:for|to) |CN=|SAN )?(?P<n>(?:[\w-]+"
                       r"\.)+(?:test|example|com|org|local))")
    where = None
    for name, pattern in WHERE:
        if words.take_raw(rf"(?<![\w-])(?:{pattern})(?![\w-])"):
            where = where or name
    if where is None and clause.context.get("place") == "svc":
        where = "payments"
    kind = next((name for name, pattern in KINDS if words.take(pattern)),
                "name" if named else None)
    if named and re.fullmatch(r"app\.(?:staging|prod)\.test|payments\.test",
                              named["n"]):
        where = where or ("payments" if "payments" in named["n"]
                          else "nginx")
        if kind in (None, "name") and where == "payments" and \
                not named["n"].startswith("payments"):
            kind = "name"
    if kind is None:
        return None
    if kind == "name" and not named:
        named = re.search(r"(?P<n>(?:[\w-]+\.)+(?:test|example|com|org))",
                          clause.remark)
    words.env()
    words.take_all(r"install(?:s|ed)?|present(?:s|ed)?|serve[sd]?|show(?:s|n)?|"
                   r"replace[sd]?|use[sd]?|issue[sd]?|sign(?:ed)?|authority|"
                   r"CA|put|front|reload|restart|server|swap(?:ped)?|new|"
                   r"switch|TLS|expired|host|listener|name|yesterday|short-"
                   r"lived|ago|one|days?|\d+|another|unrelated|leaf|pair|"
                   r"nginx|reaches|becomes|names?")
    words.end()
    return clause.step(
        "certificate", env=clause.env(), where=where or "nginx", kind=kind,
        name=named["n"] if named and kind == "name" else None)


READERS = [nginx_reload, certificate, upstream, directive, status, nginx,
           payments, payments_gone]
