"""observers.py - agents, the collector, and what people say."""
import os
import signal

from suite.deeds.frame import Frame, Undone
from suite.world import Missing


class Observers(Frame):
    """What is done to who observes."""

    def the_agent(self, name):
        """By name."""
        if name not in self.world.agents:
            raise Undone(f"there is no {name}")
        return self.world.agents[name]

    def do_agent_stop(self, agent):
        """it is dead"""
        self.the_agent(agent).kill()

    def do_agent_start(self, agent):
        """it lives"""
        self.the_agent(agent).start()

    def do_agent_restart(self, agent):
        """it begins anew"""
        self.the_agent(agent).restart()

    def do_agent_pause(self, agent):
        """SIGSTOP"""
        self.the_agent(agent).pause()

    def do_agent_resume(self, agent):
        """SIGCONT"""
        self.the_agent(agent).resume()

    def do_agent_revoked(self, agent):
        """its certificate is accepted no more"""
        self.the_agent(agent)
        self.world.withdraw(agent)

    def do_collector_stop(self):
        """it is gone"""
        self.world.collector.kill()

    def do_collector_start(self):
        """it is back"""
        self.world.collector.start()

    def do_collector_restart(self):
        """it begins anew"""
        self.world.collector.stop()
        self.world.collector.start()

    def do_collector_pause(self):
        """SIGSTOP"""
        os.kill(self.world.collector.program.pid, signal.SIGSTOP)

    def do_collector_resume(self):
        """SIGCONT"""
        os.kill(self.world.collector.program.pid, signal.SIGCONT)

    def prepare_spool_off(self, _):
        """before anything is measured"""
        for agent in self.world.agents.values():
            agent.restart(spool=False)

    def do_spool_off(self):
        """prepared"""

    def do_workstation(self, env):
        """the developer's agent speaks for an environment"""
        if env != "stg":
            raise Missing(f"developer's machine labelled {env}")
        self.world.dev.start()

    def do_rotate_key(self, env):
        """another fingerprint key: of the fleet, or of an environment"""
        if env is None:
            self.world.rotate_keys()
        else:
            self.world.env(env).agent.rotate_key()

    def do_plugin(self, env, agent):
        """a check that hangs"""
        (self.the_agent(agent) if agent else
         self.world.env(env).agent).hang_plugin()

    def do_plugin_end(self, env, agent):
        """and does not any more"""
        (self.the_agent(agent) if agent else
         self.world.env(env).agent).hang_plugin(False)

    def do_identity(self, agent):
        """what proved where an agent stands is gone"""
        self.the_agent(agent).disprove()

    def do_identity_end(self, agent):
        """and there again"""
        self.the_agent(agent).disprove(False)

    def do_event(self, env, kind, subject, summary):
        """what somebody says"""
        if kind == "claim":
            self.world.mark(env, kind, claim=summary)
        else:
            self.world.mark(env, kind, subject, summary)
