"""What injection texts say, one file for each part of a world.

A reader is a function of a Clause.  It takes the phrases it knows out of the
clause's words, wherever they stand, and returns Steps when only words without
a meaning are left.  What is left otherwise makes it raise NotUnderstood: no
word is dropped quietly.  None means that the clause is about something else.
"""
