"""application.py - builds, restarts, load, limits and clocks."""
from suite.deeds.files import Files
from suite.world import Missing

PRLIMIT_BYTES = 96 << 20  # of address space: too little for an interpreter


class Application(Files):
    """What is done to the application and to who asks it."""

    def do_restart(self, env, replica, build, overrides):
        """app_restart"""
        made = {name: value and self.value(env, name, value)
                for name, value in overrides.items()}
        self.world.env(env).app_restart(replica, build=build, overrides=made)

    def do_replica_variable(self, env, replica, name, value):
        """from its next start on; None takes it out"""
        if value is not None:
            value = self.value(env, name, value)
        self.world.env(env).replicas[replica].extra[name] = value

    def do_deploy(self, env, build, kind, marker):
        """deploy"""
        place = self.world.env(env)
        if marker and kind == "deploy":
            place.deploy(build)
            return
        if marker:
            self.world.mark(env, kind, f"build/{build}", f"back to {build}")
        for replica in ("a", "b"):
            place.app_restart(replica, build=build)

    def do_deploy_replica(self, env, replica, build):
        """deploy to one replica"""
        self.world.mark(env, "deploy", f"build/{build}",
                        f"released {build} to {replica}")
        self.world.env(env).app_restart(replica, build=build)

    # --- processes -----------------------------------------------------------

    def do_app_stop(self, env, replica):
        """for good"""
        self.world.env(env).app_stop(replica)

    def do_app_start(self, env, replica):
        """and back"""
        self.world.env(env).app_restart(replica)

    def do_app_kill(self, env, replica):
        """its service manager starts it again"""
        self.world.env(env).app_kill(replica)

    def do_app_pause(self, env, replica):
        """SIGSTOP"""
        self.world.env(env).app_pause(replica)

    def do_app_resume(self, env, replica):
        """SIGCONT"""
        self.world.env(env).app_resume(replica)

    # --- load ----------------------------------------------------------------

    def do_load(self, env, low, high, shape):
        """load"""
        if shape == "steady":
            self.world.env(env).load(low)
        else:
            word = {"wave": "sinusoidal"}.get(shape, shape)
            self.world.env(env).load(f"{word} {low:g}-{high:g}")

    def do_load_stop(self, env, **_):
        """stop load"""
        self.world.env(env).load_stop()

    # --- limits --------------------------------------------------------------

    def do_memory_limit(self, env, back, method, **args):
        """of the application's control group"""
        place = self.world.env(env)
        if args["bytes"] is not None:
            place.memory_limit(args["bytes"], method=method)
        elif back:
            place.memory_limit(None)
        elif method == "prlimit":
            place.memory_limit(PRLIMIT_BYTES, method=method)
        else:
            place.memory_squeeze()

    def do_cpu_limit(self, env, place, percent):
        """a share of one processor"""
        where = self.world.env(env)
        pids = where.app_pids() if place == "app" else \
            self.world.ns(f"{env}-{place}").pids()
        where.limit("cpu", place, pids, percent=percent)

    def do_process_limit(self, env, count, replicas):
        """how many processes and threads there may be"""
        place = self.world.env(env)
        place.limit("pids", "app", place.app_pids(replicas), count=count)

    def do_descriptor_limit(self, env, count, replicas):
        """how many files a replica may have open"""
        place = self.world.env(env)
        for name in replicas:
            place.replicas[name].confine = ["prlimit", f"--nofile={count}"]
            place.app_restart(name)

    def do_limit_end(self, env, method=None, **_):
        """as at the start"""
        place = self.world.env(env)
        place.unlimit()
        if method:
            place.memory_limit(None)

    # --- clocks --------------------------------------------------------------

    def do_trigger_date(self, envs):
        """the date of the defect, in a file that the application reads"""
        for env in envs:
            self.world.env(env).date_trigger()

    def do_clock(self, env, offset_s, agent, namespace=False):
        """a clock that is off"""
        if agent is None:
            if namespace:
                raise Missing("time namespace of the application")
            self.world.env(env).clock_ahead(offset_s)
        elif namespace:
            if offset_s < 0:
                raise Missing("time namespace that is behind")
            self.world.agents[agent].restart(ahead_s=offset_s)
        else:
            self.world.agents[agent].restart(faketime=f"{offset_s:+g}s")

    def do_clock_end(self, env, agent, **_):
        """it is right again"""
        if agent is None:
            self.world.env(env).clock_ahead(0)
        else:
            self.world.agents[agent].restart()
