"""What is done to a world for the steps that were read from a text.

One method for each verb, in the room it belongs to.  What must be there from
the beginning (a certificate that is to expire, agents without a spool) is
prepared before the baseline by prepare_VERB.  A step that changed nothing is
a fault of the scenario's run, never passed over.
"""
from suite.deeds.application import Application
from suite.deeds.commands import Commands
from suite.deeds.data import Data
from suite.deeds.frame import Undone
from suite.deeds.names import Names
from suite.deeds.observers import Observers
from suite.deeds.paths import Paths
from suite.deeds.services import Services


class Performer(Application, Commands, Data, Names, Observers, Paths,
                Services):
    """Steps of one scenario in one world."""


__all__ = ["Performer", "Undone"]
