"""The endpoint oracle: random clusters, the real controllers, and what kubesvc predicts of them.

A plan (plan.py) comes from a seed (generate.py, shapes.py); a world (world.py) carries it out in namespaces
and with Nodes of its own; settle.py waits until the real slices agree with the prediction (compare.py), or
tells that they do not; shrink.py makes a plan that fails small; cases.py keeps settled clusters as files for
the fast tests. `python -m e2e.oracle` runs it all. The modules plan, subject, compare, cases and shrink touch
no cluster: the fast tests import them.
"""
